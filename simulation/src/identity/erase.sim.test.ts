import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JourneyChanged } from '@cairn/contracts/generated/journey.ts';
import { TOPICS } from '@cairn/contracts/topics.ts';
import type { HistoryTable } from '@cairn/history/history.ts';
import { startIdentityWorld, type IdentityWorld } from './identity-world.ts';

const DEFINITION = `
cairn: journey-definition/1
name: deals
unit: account
stages:
  - { name: awareness, stall: { after: 1 day } }
  - { name: evaluation, enter: { event: Demo Requested } }
`;
const W = 'w';

let world: IdentityWorld;
beforeEach(async () => {
  world = await startIdentityWorld();
  await world.define(W, DEFINITION);
});
afterEach(() => world.stop());

/** Everything that is kept anywhere but in topics that run out: state of the tasks, what compaction leaves of the compacted topics, the history. */
function everything(): string {
  const states = ['stitch', 'advance', 'control'].flatMap((task) =>
    Array.from({ length: 3 }, (_, partition) =>
      [...world.log.disk.task(task, partition).state.entries()].map(
        ([key, { value }]) => `${task} ${key} ${value ? Buffer.from(value).toString() : ''}`,
      ),
    ),
  );
  const compacted = Object.values(TOPICS)
    .filter(({ cleanup }) => cleanup === 'compact')
    .flatMap(({ name }) =>
      Array.from({ length: world.log.partitions(name) }, (_, partition) => world.log.disk.partition(name, partition))
        .flatMap(({ records }) => [...new Map(records.map((record) => [record.key, record])).values()])
        .filter(({ value }) => value !== null)
        .map(({ key, value }) => `${name} ${key} ${Buffer.from(value!).toString()}`),
    );
  const rows = TABLES.flatMap((table) => world.history.rows(table).map((row) => `${table} ${JSON.stringify(row)}`));
  return [...states.flat(), ...compacted, ...rows].join('\n');
}

/** All but the list of who was erased, by ids, and the sink's own. */
const TABLES = [
  'touchpoints',
  'journey_changes',
  'alert_facts',
  'delivery_attempts',
  'people',
  'identity_overrides',
  'subject_hand_overs',
  'dead_letters',
  'touchpoint_moves',
  'rederivations',
  'journey_visits',
  'journey_rebuilds',
  'touchpoint_values',
] as const satisfies readonly HistoryTable[];

/** Lines of `everything` that have the mark, short. */
const traces = (mark: RegExp): string[] =>
  everything()
    .split('\n')
    .filter((line) => mark.test(line))
    .map((line) => line.slice(0, 400));

const track = (ids: Record<string, string>, event = 'Page Read') =>
  world.send({ workspace: W, call: { type: 'track', event, ...ids } });

describe('who is erased', () => {
  it('is nowhere any more, with everyone absorbed, and comes back as somebody else', async () => {
    await track({ anonymousId: 'secret-device' });
    await world.send({
      workspace: W,
      call: { type: 'identify', userId: 'secret-user', anonymousId: 'secret-device', traits: { name: 'Secret Name' } },
    });
    await track({ userId: 'secret-user' });
    await world.clock.advance(2 * 86_400_000);
    const before = world.personOf(W, 'userId:secret-user');
    await world.send({ workspace: W, command: 'erase', params: { personId: before } });
    expect(world.answer(W)).toMatchObject({ ok: true });
    await world.clock.advance(2_000);
    expect(world.values('dead-letters')).toEqual([]);
    const left = everything();
    expect(left).not.toMatch(/secret/i);
    expect(world.subjects(W)).toEqual({});
    const last = Array.from({ length: 3 }, (_, partition) => world.log.disk.partition('journeys', partition).records)
      .flat()
      .filter(({ key }) => key.includes(before));
    expect(last.at(-1)!.value).toBeNull();

    await track({ userId: 'secret-user' });
    await world.clock.advance(2_000);
    const after = world.personOf(W, 'userId:secret-user');
    expect(after).not.toBe(before);
    expect(after).not.toBe('nobody');
    expect(Object.keys(world.subjects(W))).toEqual([`${W}/${after}`]);
    expect(world.history.rows('touchpoints').map(({ person_id }) => person_id)).toEqual([after]);
  });

  it('leaves nothing, wherever something of a person can be: over limits, refused, demoted, blocked, shared, quarantined, absorbed, split, at accounts', async () => {
    const call = (given: object) => world.send({ workspace: W, call: given as never });
    const email = (n: number) => `secret-${n}@company.example`;
    // Absorbed: three devices, and an id of another system.
    for (const device of ['secret-a1', 'secret-a2']) await call({ type: 'page', anonymousId: device });
    await call({
      type: 'identify',
      userId: 'Secret-User',
      anonymousId: 'secret-a1',
      traits: {
        name: 'Secret Name',
        email: ' Secret-1@Company.example ',
        phone: '+44 7700 900777',
        note: 'secret note',
      },
      context: {
        device: { id: 'secret-device' },
        externalIds: [{ type: 'crmId', id: 'secret-crm' }],
        traits: { nick: 'secret nick' },
      },
    });
    await call({ type: 'identify', userId: 'Secret-User', anonymousId: 'secret-a2' });
    // Over the limits of e-mail addresses and of devices in a week.
    for (let n = 2; n <= 8; n++) await call({ type: 'identify', userId: 'Secret-User', traits: { email: email(n) } });
    for (let n = 3; n <= 9; n++) await call({ type: 'identify', userId: 'Secret-User', anonymousId: `secret-a${n}` });
    // Refused: two values of what is unique. Blocked: too long. Demoted: somebody else's address, and this one's used by somebody else.
    await call({ type: 'alias', userId: 'Secret-User', previousId: 'secret-previous' });
    await call({ type: 'track', event: 'Page Read', userId: 'Secret-User', anonymousId: `secret${'x'.repeat(2_000)}` });
    await call({ type: 'identify', userId: 'other', anonymousId: 'other-a', traits: { email: 'other@acme.example' } });
    await call({ type: 'identify', userId: 'Secret-User', traits: { email: 'other@acme.example' } });
    // A device that both use; and the other's address reaches the erased one.
    await call({ type: 'identify', userId: 'other', anonymousId: 'secret-a1' });
    await call({ type: 'page', anonymousId: 'secret-a1' });
    for (let n = 0; n < 25; n++)
      await call({ type: 'identify', userId: `crowd-${n}`, traits: { email: 'desk@crowd.example' } });
    await call({ type: 'identify', userId: 'Secret-User', traits: { email: 'desk@crowd.example' } });
    // At two accounts, visiting a third; alone in between.
    await call({ type: 'group', userId: 'Secret-User', groupId: 'acme', traits: { name: 'Acme' } });
    await call({ type: 'group', userId: 'other', groupId: 'acme', traits: { name: 'Acme' } });
    await track({ userId: 'Secret-User' }, 'Demo Requested');
    await track({ userId: 'Secret-User', groupId: 'visited' });
    await track({ userId: 'other' });
    // Split off and merged again: a story of its own in the facts.
    const secret = () => world.personOf(W, 'userId:Secret-User');
    const cut = [{ namespace: 'anonymousId', value: 'secret-a2' }];
    await world.send({ workspace: W, command: 'split', params: { personId: secret(), cut } });
    await world.clock.advance(60_000);
    await world.send({
      workspace: W,
      command: 'merge',
      params: { from: world.personOf(W, 'anonymousId:secret-a2'), into: secret() },
    });
    await world.clock.advance(3 * 86_400_000);
    expect(traces(/secret/i).length).toBeGreaterThan(50);

    const before = secret();
    await world.send({ workspace: W, command: 'erase', params: { personId: before } });
    expect(world.answer(W)).toMatchObject({ ok: true });
    await world.clock.advance(120_000);
    // The device that both used goes on as the other's companion; what was told of it names nobody.
    expect(traces(/secret(?!-a1\b)/i)).toEqual([]);
    expect(
      traces(new RegExp(before)).filter(
        (line) => !/^(stitch w\/w\/person|identities .*erased|control .*erasure|advance @erased)/.test(line),
      ),
    ).toEqual([]);
    expect(world.personOf(W, 'userId:other')).not.toBe('nobody');
  });

  it('is named by no account, however many it named and belonged to', async () => {
    const send = (given: object) => world.send({ workspace: W, call: given as never });
    for (let n = 0; n < 120; n++) await send({ type: 'track', event: 'Page Read', userId: 'secret', groupId: `v${n}` });
    for (let n = 0; n < 210; n++) await send({ type: 'group', userId: 'secret', groupId: `g${n}` });
    await world.clock.advance(60_000);
    const before = world.personOf(W, 'userId:secret');
    expect(Object.keys(world.subjects(W)).length).toBeGreaterThan(320);
    await world.send({ workspace: W, command: 'erase', params: { personId: before } });
    await world.clock.advance(60_000);
    expect(traces(/secret/)).toEqual([]);
    expect(
      traces(new RegExp(before)).filter(
        (line) => !/^(stitch w\/w\/person|identities .*erased|control .*erasure|advance @erased)/.test(line),
      ),
    ).toEqual([]);
  });

  it('is not in what was told of somebody it was once merged with', async () => {
    await track({ userId: 'other' });
    await track({ anonymousId: 'secret-device' });
    await world.send({
      workspace: W,
      command: 'merge',
      params: { from: world.personOf(W, 'anonymousId:secret-device'), into: world.personOf(W, 'userId:other') },
    });
    await track({ anonymousId: 'secret-device' }, 'Demo Requested');
    const cut = [{ namespace: 'anonymousId', value: 'secret-device' }];
    await world.send({ workspace: W, command: 'split', params: { personId: world.personOf(W, 'userId:other'), cut } });
    await world.clock.advance(60_000);
    await world.send({
      workspace: W,
      command: 'erase',
      params: { personId: world.personOf(W, 'anonymousId:secret-device') },
    });
    await world.clock.advance(60_000);
    expect(traces(/secret/i)).toEqual([]);
    expect(Object.keys(world.subjects(W))).toEqual([`${W}/${world.personOf(W, 'userId:other')}`]);
  });

  it('leaves an account’s journey as it is, without the person and its touchpoints', async () => {
    for (const userId of ['secret-user', 'other'])
      await world.send({ workspace: W, call: { type: 'group', userId, groupId: 'acme', traits: { name: 'Acme' } } });
    await track({ userId: 'secret-user' }, 'Demo Requested');
    await track({ userId: 'other' });
    await world.send({ workspace: W, command: 'erase', params: { personId: world.personOf(W, 'userId:secret-user') } });
    await world.clock.advance(2_000);
    expect(everything()).not.toMatch(/secret/i);
    const { journey } = world.values<JourneyChanged>('journeys').at(-1)!;
    expect(journey).toMatchObject({ stage: 'evaluation', touchpoints: 2, people: [{ touchpoints: 2 }] });
    expect(journey.people).toHaveLength(1);
  });

  it('is listed by a dry run, which changes nothing', async () => {
    await track({ userId: 'u' });
    await track({ userId: 'u' });
    const personId = world.personOf(W, 'userId:u');
    await world.send({ workspace: W, command: 'erase', params: { personId, dryRun: true } });
    await world.clock.advance(2_000);
    expect(world.answer(W).facts).toEqual([{ type: 'erase.counted', touchpoints: 2 }]);
    expect(world.personOf(W, 'userId:u')).toBe(personId);
  });
});
