import { describe, expect, it } from 'vitest';
import { validatorOf } from '@cairn/contracts/validate.ts';
import type { Touchpoint } from '@cairn/contracts/generated/touchpoint.ts';
import { admitTouchpoint, ID_BYTES_MAX, type AdmitAt } from './admit-touchpoint.ts';
import type { Refusal } from './refusals.ts';

const POLICY = { workspace: 'w1', source: 'http', imported: false };
const AT: AdmitAt = { receivedAt: Date.UTC(2026, 0, 31, 12), kind: null, messageId: 'made' };
const admit = (raw: unknown, at: Partial<AdmitAt> = {}): ReturnType<typeof admitTouchpoint> =>
  admitTouchpoint(POLICY, raw, { ...AT, ...at });

function admitted(raw: unknown, at: Partial<AdmitAt> = {}): Touchpoint {
  const admission = admit(raw, at);
  if (admission.type === 'refused') throw new Error(`refused: ${admission.reason} ${admission.field}`);
  return admission.touchpoint;
}

const track = (fields: object = {}): object => ({ type: 'track', event: 'Demo Requested', userId: 'u1', ...fields });

describe('what is refused, and why', () => {
  const deep: Record<string, unknown> = {};
  let at = deep;
  for (let i = 0; i < 40; i++) at = at.next = {} as Record<string, unknown>;
  it.each<[Refusal, unknown]>([
    ['not-an-object', 5],
    ['not-an-object', null],
    ['not-an-object', 'track'],
    ['not-an-object', [track()]],
    ['missing-type', { event: 'x', userId: 'u1' }],
    ['missing-type', { type: '', userId: 'u1' }],
    ['unknown-type', { type: 'Track', event: 'x', userId: 'u1' }],
    ['unknown-type', { type: 7, userId: 'u1' }],
    ['unknown-type', { type: 'constructor', userId: 'u1' }],
    ['missing-identity', { type: 'track', event: 'x' }],
    ['missing-identity', { type: 'track', event: 'x', userId: '', anonymousId: 'null' }],
    ['missing-identity', { type: 'track', event: 'x', userId: null }],
    ['missing-identity', { type: 'alias', userId: 'u1' }],
    ['missing-identity', { type: 'alias', previousId: 'a1', anonymousId: 'a2' }],
    ['missing-identity', { type: 'group', groupId: 'g1', traits: { email: 'a@b.example' } }],
    ['missing-event', { type: 'track', userId: 'u1' }],
    ['missing-event', { type: 'track', userId: 'u1', event: ' ' }],
    ['missing-group', { type: 'group', userId: 'u1' }],
    ['missing-group', { type: 'group', userId: 'u1', groupId: '' }],
    ['invalid-timestamp', track({ timestamp: 'yesterday' })],
    ['invalid-timestamp', track({ timestamp: {} })],
    ['schema-violation', track({ event: 5 })],
    ['schema-violation', track({ event: 'x'.repeat(2_000) })],
    ['schema-violation', track({ properties: 'x' })],
    ['schema-violation', track({ properties: [1] })],
    ['schema-violation', track({ context: true })],
    ['schema-violation', track({ traits: 9 })],
    ['schema-violation', track({ userId: {} })],
    ['schema-violation', track({ userId: JSON.parse('1e400') as unknown })],
    ['schema-violation', track({ anonymousId: [] })],
    ['schema-violation', track({ messageId: {} })],
    ['schema-violation', track({ userId: 'x'.repeat(ID_BYTES_MAX + 1) })],
    ['schema-violation', track({ userId: 'ż'.repeat(ID_BYTES_MAX / 2 + 1) })],
    ['schema-violation', track({ properties: deep })],
    ['schema-violation', { type: 'alias', userId: 'u1', previousId: true }],
    ['schema-violation', { type: 'group', userId: 'u1', groupId: {} }],
  ])('%s: %j', (reason, raw) => expect(admit(raw)).toMatchObject({ type: 'refused', reason }));

  it('names the field at fault and the messageId', () => {
    expect(admit(track({ messageId: 'm1', context: 3 }))).toEqual({
      type: 'refused',
      reason: 'schema-violation',
      messageId: 'm1',
      field: 'context',
    });
  });
});

describe('what is admitted', () => {
  it('is as the schema says, for every kind', () => {
    const valid = validatorOf('touchpoint');
    for (const raw of [
      track(),
      { type: 'identify', userId: 5, traits: { email: 'A@B.example' } },
      { type: 'page', anonymousId: 'a1', name: 'Pricing', context: { page: { url: 'https://a.example/' } } },
      { type: 'screen', anonymousId: 'a1', name: 'Home' },
      { type: 'group', userId: 'u1', groupId: 9, traits: { name: 'Acme' } },
      { type: 'alias', userId: 'u1', previousId: 'a1' },
    ]) {
      const touchpoint = admitted(raw);
      expect(valid(touchpoint), JSON.stringify(valid.errors)).toBe(true);
    }
  });
  it('does not change its input', () => {
    const raw = JSON.stringify(track({ properties: { a: null, b: { c: '' } }, context: { traits: { email: 'A@B' } } }));
    const item = JSON.parse(raw) as object;
    admit(item);
    expect(JSON.stringify(item)).toBe(raw);
  });
  it('gives the same touchpoint for the same input', () => expect(admit(track())).toEqual(admit(track())));
  it('takes the kind that the path says', () => {
    expect(admitted({ userId: 'u1', event: 'x', type: 'page' }, { kind: 'track' }).kind).toBe('track');
  });
  it('calls a page view and a screen view by their event', () => {
    expect(admitted({ type: 'page', userId: 'u1', event: 'x' })).toMatchObject({ event: 'Page Viewed', name: null });
    expect(admitted({ type: 'screen', userId: 'u1', properties: { name: 'Home' } })).toMatchObject({
      event: 'Screen Viewed',
      name: 'Home',
    });
  });
  it('turns numbers as ids into text', () => {
    expect(admitted(track({ userId: 42, anonymousId: 0, messageId: 7 }))).toMatchObject({
      userId: '42',
      anonymousId: '0',
      messageId: '7',
    });
    expect(admitted(track({ userId: 1e21 })).userId).toBe('1000000000000000000000');
    expect(admitted(track({ userId: -1.5 })).userId).toBe('-1.5');
  });
  it('keeps a messageId whole and makes one where there is none', () => {
    expect(admitted(track({ messageId: ' node-next-1 ' })).messageId).toBe(' node-next-1 ');
    expect(admitted(track({ messageId: '' })).messageId).toBe('made');
  });
  it('has an id that only workspace and messageId decide', () => {
    expect(admitted(track({ messageId: 'm1' })).id).toBe(admitted({ type: 'page', userId: 'u2', messageId: 'm1' }).id);
    expect(admitted(track({ messageId: 'm1' })).id).not.toBe(admitted(track({ messageId: 'm2' })).id);
  });
  it('reads the group of other calls from the context', () => {
    expect(admitted(track({ context: { groupId: 12 } })).groupId).toBe('12');
    expect(admitted(track({ groupId: 'g1' })).groupId).toBeNull();
    expect(admitted({ type: 'group', userId: 'u1', groupId: 'g1', context: { groupId: 'g2' } }).groupId).toBe('g1');
  });
  it('normalises e-mail in traits and context traits, but not a company’s', () => {
    expect(admitted({ type: 'identify', userId: 'u1', traits: { email: ' A@B.Example' } }).traits).toEqual({
      email: 'a@b.example',
    });
    expect(admitted(track({ context: { traits: { email: 'A@B.example' } } })).context).toEqual({
      traits: { email: 'a@b.example' },
    });
    expect(admitted({ type: 'group', userId: 'u1', groupId: 'g', traits: { email: 'A@B' } }).traits).toEqual({
      email: 'A@B',
    });
  });
  it('knows a person by e-mail or external id alone', () => {
    expect(admit({ type: 'track', event: 'x', context: { traits: { email: 'a@b.example' } } }).type).toBe('admitted');
    expect(admit({ type: 'identify', traits: { email: 'a@b.example' } }).type).toBe('admitted');
    expect(admit({ type: 'track', event: 'x', context: { externalIds: [{ type: 'crm', id: 5 }] } }).type).toBe(
      'admitted',
    );
    expect(admit({ type: 'track', event: 'x', context: { externalIds: [{ type: 'crm' }, null] } })).toMatchObject({
      reason: 'missing-identity',
    });
  });
  it.each<[object, Touchpoint['direction']]>([
    [track(), null],
    [track({ properties: { direction: 'outbound' } }), 'outbound'],
    [track({ properties: { direction: 'Inbound' } }), 'inbound'],
    [track({ properties: { direction: 'sideways' } }), null],
    [{ type: 'identify', userId: 'u1', properties: { direction: 'inbound' } }, 'none'],
    [{ type: 'group', userId: 'u1', groupId: 'g' }, 'none'],
    [{ type: 'alias', userId: 'u1', previousId: 'a' }, 'none'],
  ])('%j has the direction %s', (raw, direction) => expect(admitted(raw).direction).toBe(direction));
  it('carries consent as it came', () => {
    const consent = { categoryPreferences: { Marketing: false, Analytics: true } };
    expect(admitted(track({ context: { consent } })).context.consent).toEqual(consent);
  });
  it('tells bots', () => {
    expect(admitted(track({ context: { userAgent: 'Googlebot/2.1' } })).bot).toBe(true);
  });
  it('corrects clock skew by the batch’s sentAt, or the item’s own', () => {
    const sent = '2026-01-31T13:00:00Z';
    const sentAt = Date.parse(sent);
    expect(admitted(track({ timestamp: '2026-01-31T12:59:00Z' }), { sentAt }).timestamp).toBe(AT.receivedAt - 60_000);
    expect(admitted(track({ timestamp: '2026-01-31T12:59:00Z', sentAt: sent }), { sentAt: 5 }).timestamp).toBe(
      AT.receivedAt - 60_000,
    );
    expect(admitted(track({ originalTimestamp: '2026-01-30' }))).toMatchObject({
      originalTimestamp: '2026-01-30',
      timestamp: Date.UTC(2026, 0, 30),
    });
  });
  it('leaves a sentAt that cannot be read out of account', () => {
    const item = track({ timestamp: '2026-01-31T11:00:00Z', sentAt: 'never' });
    expect(admitted(item, { sentAt: 5 }).timestamp).toBe(Date.UTC(2026, 0, 31, 11));
  });
  it('says where it came from', () => {
    const imported = { workspace: 'w2', source: 'crm', imported: true };
    const old = { ...track(), timestamp: '2012-01-09T10:00:00.000Z', sentAt: '2012-01-09T10:00:01.000Z' };
    // What was sent years ago is not skewed by years.
    expect(admitTouchpoint(imported, old, AT)).toMatchObject({ touchpoint: { timestamp: Date.UTC(2012, 0, 9, 10) } });
    const admission = admitTouchpoint(imported, track(), AT);
    expect(admission).toMatchObject({ touchpoint: { workspace: 'w2', source: 'crm', imported: true } });
  });
  it('is not impressed by __proto__', () => {
    const raw = JSON.parse(
      '{"type":"track","event":"x","userId":"u","__proto__":{"userId":"evil"},"context":{"__proto__":{"channel":"evil"},"x":""}}',
    ) as unknown;
    expect(admitted(raw)).toMatchObject({ userId: 'u', channel: null });
  });
});
