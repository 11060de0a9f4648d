import { afterEach, describe, expect, it } from 'vitest';
import type { AlertFact } from '@cairn/contracts/generated/alert.ts';
import type { DeliveryRequested } from '@cairn/contracts/generated/delivery.ts';
import type { JourneyChanged } from '@cairn/contracts/generated/journey.ts';
import type { Call } from '@cairn/stitcher/testkit/touchpoint-of.ts';
import { startIdentityWorld, type IdentityWorld } from './identity-world.ts';
import { journeysInWords } from './same-journeys.ts';

const DEFINITION = `
cairn: journey-definition/1
name: deals
unit: account
stages:
  - name: awareness
  - name: consideration
    enter: { event: Webinar Attended }
    stall: { after: 2 days }
  - name: evaluation
    enter: { event: Demo Requested }
    stall: { after: 1 day }
outcomes: { won: { enter: { event: Deal Won } } }
score:
  engagement: { halfLife: 7 days, points: [ { name: touch, when: { direction: inbound }, add: 10, atMost: 25 } ] }
  fit: { points: [ { name: boss, when: { where: { person.traits.title: { eq: boss } } }, add: 5 } ] }
  thresholds: { mql: 20, sql: 40 }
`;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

let world: IdentityWorld;
let messages = 0;
const messageIds: string[] = [];
afterEach(async () => {
  await world.stop();
  messageIds.length = 0;
});

const numbered = (call: Call): Call => {
  const messageId = call.messageId ?? `m${messages++}`;
  messageIds.push(messageId);
  return { ...call, messageId };
};

/** The same call in the workspace where the mistake happens and in the one where it does not. */
async function both(...calls: Call[]): Promise<void> {
  await world.send(
    ...calls.map(numbered).flatMap((call) => ['wrong', 'control'].map((workspace) => ({ workspace, call }))),
  );
}

async function begin(definition = DEFINITION): Promise<void> {
  world = await startIdentityWorld();
  for (const workspace of ['wrong', 'control']) await world.define(workspace, definition);
}

const order = (command: 'merge' | 'split' | 'link' | 'unlink', params: Record<string, unknown>): Promise<void> =>
  world.send({ workspace: 'wrong', command, params });
const cut = (...keys: string[]) =>
  keys.map((key) => ({ namespace: key.slice(0, key.indexOf(':')), value: key.slice(key.indexOf(':') + 1) }));

function expectSame(): void {
  const [wrong, control] = ['wrong', 'control'].map((workspace) => journeysInWords(world, workspace, messageIds));
  expect(wrong).toEqual(control);
}

function expectSeqs(): void {
  const last = new Map<string, number>();
  for (const { journey } of world.values<JourneyChanged>('journeys')) {
    expect(journey.seq, journey.id).toBe((last.get(journey.id) ?? 0) + 1);
    last.set(journey.id, journey.seq);
  }
}

describe('a wrong merge that is undone', () => {
  it('leaves two journeys as if it had never been, after it drove one of them to a stall alert', async () => {
    await begin();
    await both({ type: 'track', userId: 'p', event: 'Webinar Attended' });
    await both({ type: 'identify', userId: 'p', traits: { title: 'boss', name: 'Pia' } });
    await world.clock.advance(HOUR);
    await both({ type: 'track', anonymousId: 'device-q', event: 'Page Read' });
    await world.clock.advance(HOUR);
    await order('merge', {
      from: world.personOf('wrong', 'anonymousId:device-q'),
      into: world.personOf('wrong', 'userId:p'),
    });
    expect(world.answer('wrong')).toMatchObject({ ok: true });
    await world.clock.advance(HOUR);
    await both({ type: 'track', anonymousId: 'device-q', event: 'Demo Requested' });
    await world.clock.advance(1.5 * DAY);
    const opened = world.values<AlertFact>('alerts').filter(({ workspace }) => workspace === 'wrong');
    expect(opened.map(({ type, alert }) => [type, alert.stage])).toEqual([['alert.opened', 'evaluation']]);

    await order('split', { personId: world.personOf('wrong', 'userId:p'), cut: cut('anonymousId:device-q') });
    expect(world.answer('wrong')).toMatchObject({ ok: true });
    await world.clock.advance(5_000);
    expectSame();
    expectSeqs();

    await both(
      { type: 'track', userId: 'p', event: 'Deal Won' },
      { type: 'track', anonymousId: 'device-q', event: 'Page Read' },
    );
    await world.clock.advance(3 * DAY);
    expectSame();
    expectSeqs();
  });

  it('asks the account that took over one that was visited, and does not bring that one back', async () => {
    await begin();
    const personOf = (key: string): string => world.personOf('wrong', key);
    const mergedAndSplit = async (...keys: [string, ...string[]]): Promise<void> => {
      await order('merge', { from: personOf(keys[0]), into: personOf('anonymousId:device-p') });
      expect(world.answer('wrong')).toMatchObject({ ok: true });
      await world.clock.advance(HOUR);
      await order('split', { personId: personOf('anonymousId:device-p'), cut: cut(...keys) });
      expect(world.answer('wrong')).toMatchObject({ ok: true });
      await world.clock.advance(HOUR);
    };
    await both({ type: 'track', anonymousId: 'device-p', event: 'Page Read' });
    await both({ type: 'identify', anonymousId: 'device-q', traits: { email: 'q@globex.example' } });
    await both({ type: 'track', anonymousId: 'device-r', event: 'Page Read' });
    // Its membership left with the split; that it was there stays known.
    await mergedAndSplit('anonymousId:device-q', 'email:q@globex.example');
    await both({ type: 'identify', userId: 'u', traits: { email: 'u@globex.example' } });
    await both({ type: 'group', userId: 'u', groupId: 'globex-inc' });
    await world.clock.advance(HOUR);
    await mergedAndSplit('anonymousId:device-r');
    expectSame();
    expectSeqs();
    const journeys = new Map(world.values<JourneyChanged>('journeys').map(({ journey }) => [journey.id, journey]));
    const living = [...journeys.values()].filter(
      ({ workspace, absorbedInto }) => workspace === 'wrong' && !absorbedInto,
    );
    expect(living.map(({ touchpoints }) => touchpoints).sort()).toEqual([1, 1, 3]);
  });

  it('loses and doubles no touchpoint that comes while the past is being told', async () => {
    await begin();
    await both(
      { type: 'track', userId: 'p', event: 'Webinar Attended' },
      { type: 'track', anonymousId: 'q', event: 'Page Read' },
    );
    await order('merge', { from: world.personOf('wrong', 'anonymousId:q'), into: world.personOf('wrong', 'userId:p') });
    await both({ type: 'track', anonymousId: 'q', event: 'Page Read' });
    const personId = world.personOf('wrong', 'userId:p');
    const late = [1, 2, 3].flatMap(() => [
      numbered({ type: 'track', userId: 'p', event: 'Page Read' }),
      numbered({ type: 'track', anonymousId: 'q', event: 'Demo Requested' }),
    ]);
    await world.send(
      { workspace: 'wrong', command: 'split', params: { personId, cut: cut('anonymousId:q') } },
      ...late.flatMap((call) => ['wrong', 'control'].map((workspace) => ({ workspace, call }))),
    );
    for (let i = 0; i < 20; i++) {
      await both(
        { type: 'track', userId: 'p', event: 'Page Read' },
        { type: 'track', anonymousId: 'q', event: 'Page Read' },
      );
      await world.clock.advance(20);
    }
    await world.clock.advance(5_000);
    expectSame();
    expectSeqs();
  });

  it('sends nothing twice, and says aloud only that the alert never was one', async () => {
    await begin();
    const endpoint = { id: 'ep_1', workspace: 'wrong' };
    await world.log.append([
      {
        topic: 'control',
        partition: 0,
        key: 'wrong/endpoint/ep_1',
        value: new TextEncoder().encode(
          JSON.stringify({
            type: 'endpoint.put',
            workspace: 'wrong',
            endpoint: {
              ...endpoint,
              url: 'https://example.com/hook',
              types: ['*'],
              secrets: [],
              preset: null,
              fifo: false,
              rateLimit: null,
              schedule: [],
              state: 'enabled',
              disabledReason: null,
              headers: {},
              createdAt: 0,
              version: 1,
            },
            at: 0,
          }),
        ),
      },
    ]);
    await world.clock.advance(10);
    await both(
      { type: 'track', userId: 'p', event: 'Webinar Attended' },
      { type: 'track', anonymousId: 'q', event: 'Page Read' },
    );
    await order('merge', { from: world.personOf('wrong', 'anonymousId:q'), into: world.personOf('wrong', 'userId:p') });
    await both({ type: 'track', anonymousId: 'q', event: 'Demo Requested' });
    await world.clock.advance(1.5 * DAY);
    const sent = (): string[] =>
      world.values<DeliveryRequested>('delivery-inbox').flatMap((one) => (one.factType ? [one.factType] : []));
    const before = sent();
    expect(before).toContain('alert.opened');
    await order('split', { personId: world.personOf('wrong', 'userId:p'), cut: cut('anonymousId:q') });
    await world.clock.advance(5_000);
    expect(sent().slice(before.length).sort()).toEqual(['alert.resolved', 'identity.split']);
  });

  it('gives an account back the clock that somebody else’s touchpoints had moved, and each touchpoint its account', async () => {
    await begin();
    await both({ type: 'identify', userId: 'p', traits: { email: 'p@acme.example' } });
    await both({ type: 'group', userId: 'p', groupId: 'acme', traits: { name: 'Acme' } });
    await both({ type: 'group', userId: 'r', groupId: 'acme', traits: { name: 'Acme' } });
    await both(
      { type: 'track', userId: 'p', event: 'Webinar Attended' },
      { type: 'track', userId: 'r', event: 'Page Read' },
    );
    await both({ type: 'track', anonymousId: 'q', event: 'Demo Requested' });
    await world.clock.advance(HOUR);
    await order('merge', { from: world.personOf('wrong', 'anonymousId:q'), into: world.personOf('wrong', 'userId:p') });
    await world.clock.advance(HOUR);
    await both({ type: 'track', anonymousId: 'q', event: 'Page Read' });
    await both({ type: 'track', userId: 'r', event: 'Page Read' });
    await world.clock.advance(HOUR);
    await order('split', { personId: world.personOf('wrong', 'userId:p'), cut: cut('anonymousId:q') });
    await world.clock.advance(5_000);
    expectSame();
    expectSeqs();
  });

  it('gives everybody under an account their own journey back, where each person has one', async () => {
    await begin(DEFINITION.replace('unit: account', 'unit: person'));
    await both(
      { type: 'group', userId: 'p', groupId: 'acme' },
      { type: 'track', userId: 'p', event: 'Webinar Attended' },
    );
    await both({ type: 'track', anonymousId: 'q', event: 'Demo Requested' });
    await order('merge', { from: world.personOf('wrong', 'anonymousId:q'), into: world.personOf('wrong', 'userId:p') });
    await both({ type: 'track', anonymousId: 'q', event: 'Page Read' });
    await world.clock.advance(HOUR);
    await order('split', { personId: world.personOf('wrong', 'userId:p'), cut: cut('anonymousId:q') });
    await world.clock.advance(5_000);
    expectSame();
    expectSeqs();
  });

  it('done twice over leaves what one undoing would', async () => {
    await begin();
    await both(
      { type: 'track', userId: 'p', event: 'Webinar Attended' },
      { type: 'track', anonymousId: 'q', event: 'Page Read' },
    );
    for (let round = 0; round < 3; round++) {
      await order('merge', {
        from: world.personOf('wrong', 'anonymousId:q'),
        into: world.personOf('wrong', 'userId:p'),
      });
      await both({ type: 'track', anonymousId: 'q', event: 'Demo Requested' });
      await order('split', { personId: world.personOf('wrong', 'userId:p'), cut: cut('anonymousId:q') });
      if (round === 1) await world.clock.advance(HOUR);
    }
    await world.clock.advance(5_000);
    expectSame();
    expectSeqs();
  });
});

describe('a wrong link that is undone', () => {
  it('takes from the account what the person did, but for what named the account itself', async () => {
    await begin();
    await both({ type: 'group', userId: 'r', groupId: 'acme', traits: { name: 'Acme' } });
    await both({ type: 'track', userId: 'p', event: 'Demo Requested' });
    const account = Object.keys(world.subjects('wrong')).find((key) => key.includes('acc_'))!;
    const accountId = account.slice(account.indexOf('acc_'));
    const personId = world.personOf('wrong', 'userId:p');
    await order('link', { personId, accountId });
    await both({ type: 'track', userId: 'p', event: 'Webinar Attended' });
    await both({ type: 'track', userId: 'p', event: 'Page Read', context: { groupId: 'acme' } });
    await world.clock.advance(HOUR);
    await order('unlink', { personId, accountId });
    await world.clock.advance(5_000);
    expectSame();
    expectSeqs();
  });
});
