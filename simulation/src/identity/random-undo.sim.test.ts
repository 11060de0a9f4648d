import { expect, it } from 'vitest';
import { seededRandom } from '@cairn/clock/clock.virtual.ts';
import { decodeJson } from '@cairn/contracts/json.ts';
import type { JourneyChanged } from '@cairn/contracts/generated/journey.ts';
import { memorySubjects } from '@cairn/history/identities/subject-history.memory.ts';
import { startIdentityWorld, type IdentityWorld } from './identity-world.ts';
import { journeysInWords } from './same-journeys.ts';

const SEEDS = 15;
const HOUR = 3_600_000;
const DEFINITION = `
cairn: journey-definition/1
name: deals
unit: account
stages:
  - name: awareness
  - { name: consideration, enter: { event: Webinar Attended }, stall: { after: 6 hours } }
  - { name: evaluation, enter: { event: Demo Requested }, stall: { after: 3 hours } }
outcomes: { won: { enter: { event: Deal Won } } }
score: { engagement: { halfLife: 2 days, points: [ { name: touch, when: { direction: inbound }, add: 10 } ] } }
`;
const EVENTS = ['Page Read', 'Page Read', 'Page Read', 'Webinar Attended', 'Demo Requested', 'Deal Won'];

it(`over ${SEEDS} seeds, random wrong merges and links that are all undone leave what a control workspace has, and the history agrees with the stitcher at every moment`, async () => {
  const broken: string[] = [];
  for (let seed = 1; seed <= SEEDS; seed++) {
    const world = await startIdentityWorld(seed);
    try {
      await run(world, seed);
    } catch (error) {
      broken.push(`seed ${seed}: ${(error as Error).message.slice(0, 1_500)}`);
    }
    await world.stop();
  }
  expect(broken).toEqual([]);
});

async function run(world: IdentityWorld, seed: number): Promise<void> {
  const random = seededRandom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const chance = (share: number): boolean => random() < share;
  const messageIds: string[] = [];
  for (const workspace of ['wrong', 'control']) await world.define(workspace, DEFINITION);
  // Known and anonymous people, some in a company; each by one identifier.
  const people = ['a', 'b', 'c', 'd'].map((name, index) => ({
    name,
    ids: index < 2 ? { userId: name } : { anonymousId: name },
    key: index < 2 ? `userId:${name}` : `anonymousId:${name}`,
    group: chance(0.4) ? 'acme' : null,
  }));
  const both = (call: object): Promise<void> => {
    const messageId = `m${messageIds.length}`;
    messageIds.push(messageId);
    return world.send(
      ...['wrong', 'control'].map((workspace) => ({ workspace, call: { messageId, ...call } as never })),
    );
  };
  for (const person of people) {
    await both({ type: 'track', event: 'Page Read', ...person.ids });
    if (person.group)
      await both({ type: 'group', groupId: person.group, traits: { name: person.group }, ...person.ids });
  }
  /** Who was put to whom; undone the other way round. */
  const joined: { left: string; into: string }[] = [];
  const undo = async (): Promise<void> => {
    const { left } = joined.pop()!;
    const [namespace, value] = left.split(':');
    const personId = world.personOf('wrong', left);
    // It left with somebody whom it hung on.
    if (world.people('wrong').find(({ id }) => id === personId)!.ids.length === 1) return;
    await world.send({ workspace: 'wrong', command: 'split', params: { personId, cut: [{ namespace, value }] } });
    expect(world.answer('wrong'), left).toMatchObject({ ok: true });
  };
  for (let step = 0; step < 25; step++) {
    if (chance(0.25)) await world.clock.advance(Math.floor(random() * 5 * HOUR));
    const free = people.filter(({ key }) => key.startsWith('anonymousId') && !joined.some(({ left }) => left === key));
    if (chance(0.2) && free.length > 0) {
      const { key: left } = pick(free);
      const into = pick(people.filter(({ key }) => key !== left)).key;
      const [from, to] = [world.personOf('wrong', left), world.personOf('wrong', into)];
      if (from !== to) {
        await world.send({ workspace: 'wrong', command: 'merge', params: { from, into: to } });
        expect(world.answer('wrong')).toMatchObject({ ok: true });
        joined.push({ left, into });
      }
    } else if (chance(0.15) && joined.length > 0) await undo();
    else await both({ type: 'track', event: pick(EVENTS), ...pick(people).ids });
    if (chance(0.1)) await agree(world);
  }
  while (joined.length) await undo();
  await world.clock.advance(10_000);
  await agree(world);
  const [wrong, control] = ['wrong', 'control'].map((workspace) => journeysInWords(world, workspace, messageIds));
  expect(differences(wrong, control).join('\n')).toBe('');
  expect(world.values('dead-letters')).toEqual([]);
  const seqs = new Map<string, number>();
  for (const { journey } of world.values<JourneyChanged>('journeys')) {
    expect(journey.seq).toBe((seqs.get(journey.id) ?? 0) + 1);
    seqs.set(journey.id, journey.seq);
  }
}

/** Where two values differ, as paths. */
function differences(one: unknown, other: unknown, path = ''): string[] {
  if (typeof one !== 'object' || one === null || typeof other !== 'object' || other === null)
    return one === other ? [] : [`${path}: ${JSON.stringify(one)} is not ${JSON.stringify(other)}`];
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].flatMap((name) =>
    differences((one as Record<string, unknown>)[name], (other as Record<string, unknown>)[name], `${path}/${name}`),
  );
}

/** Every touchpoint of the history belongs to who holds its strongest identifier in the stitcher's state. */
async function agree(world: IdentityWorld): Promise<void> {
  await world.clock.advance(2_000);
  const nodes = new Map<string, string>();
  for (let partition = 0; partition < world.log.partitions('touchpoints'); partition++)
    for (const [key, { value }] of world.log.disk.task('stitch', partition).state.entries())
      if (key.startsWith('w/wrong/id/') && value)
        nodes.set(key.slice('w/wrong/id/'.length), decodeJson(value) as string);
  const subjects = memorySubjects(world.history);
  const keys = new Map(
    world.history
      .rows('touchpoints')
      .map((row) => [`${String(row.workspace)} ${String(row.id)}`, String(row.stitch_key)]),
  );
  const places = new Set(
    world.history.rows('touchpoints').flatMap((row) => (row.workspace === 'wrong' ? [String(row.subject_id)] : [])),
  );
  for (const person of nodes.values()) places.add(person);
  const seen: string[] = [];
  for (const place of places)
    for (const one of (
      await subjects.page('wrong', place, { fence: { partition: 99, offset: '0' }, after: null, limit: 1_000 })
    ).touchpoints) {
      seen.push(one.touchpoint.id);
      expect(one.personId).toBe(nodes.get(keys.get(`wrong ${one.touchpoint.id}`)!));
    }
  expect(new Set(seen).size).toBe(seen.length);
  expect(seen.length).toBe(world.history.rows('touchpoints').filter((row) => row.workspace === 'wrong').length);
}
