import { describe, expect, it } from 'vitest';
import type { StitchedTouchpoint } from '@cairn/contracts/generated/stitched.ts';
import { createMetrics } from '@cairn/service-kit/metrics.ts';
import { runTask } from '@cairn/task/run-task.ts';
import { createMemoryWorld, type MemoryWorld } from '@cairn/testkit/memory-world.ts';
import { touchpointOf, type Call } from '../testkit/touchpoint-of.ts';
import { createStitchMetrics } from './stitch-metrics.ts';
import { createStitchTask, STITCH_TASK } from './stitch-task.ts';

const TOPICS = ['touchpoints', 'journey-inbox', 'identities', 'dead-letters'];
const HOUR = 3_600_000;

async function start(): Promise<
  MemoryWorld & { say(workspace: string, ...calls: Call[]): Promise<void>; metrics(): Promise<string> }
> {
  const world = createMemoryWorld({ topics: TOPICS, inbox: 'touchpoints', startMs: Date.UTC(2026, 0, 5) });
  const metrics = createMetrics();
  const definition = createStitchTask({
    partitions: (topic) => world.log.partitions(topic),
    metrics: createStitchMetrics(metrics),
  });
  await runTask(world.log, world.clock, definition);
  await world.clock.advance(0);
  let sent = 0;
  return {
    ...world,
    metrics: () => metrics.expose(),
    async say(workspace, ...calls) {
      const now = world.clock.now();
      await world.send(
        ...calls.map((call) => ({ key: workspace, value: touchpointOf(call, ++sent, workspace, now, now) })),
      );
      await world.clock.advance(0);
    },
  };
}

const stitched = (world: MemoryWorld): StitchedTouchpoint[] =>
  (world.values('journey-inbox') as StitchedTouchpoint[]).filter(({ type }) => type === 'touchpoint.stitched');

describe('the stitch task', () => {
  it('writes each touchpoint to the inbox of its subject, with the person as of now', async () => {
    const world = await start();
    await world.say(
      'w1',
      { type: 'page', anonymousId: 'a1' },
      { type: 'identify', userId: 'u1', anonymousId: 'a1', traits: { name: 'Jane' } },
    );
    const [first, second] = stitched(world);
    expect(first!.person).toMatchObject({ userId: null, anonymous: true });
    expect(second!.person).toMatchObject({ id: first!.person!.id, userId: 'u1', name: 'Jane', anonymous: false });
    expect(world.records('journey-inbox').map(({ key }) => key)).toEqual([
      `w1/${first!.person!.id}`,
      `w1/${first!.person!.id}`,
    ]);
  });

  it('tells hand-overs before the touchpoint that caused them', async () => {
    const world = await start();
    await world.say('w1', { type: 'page', anonymousId: 'a1' }, { type: 'group', anonymousId: 'a1', groupId: 'g1' });
    expect((world.values('journey-inbox') as { type: string }[]).map(({ type }) => type)).toEqual([
      'touchpoint.stitched',
      'subject.handed-over',
      'touchpoint.stitched',
    ]);
  });

  it('keeps workspaces apart: the same identifiers are other people', async () => {
    const world = await start();
    await world.say('w1', { type: 'track', userId: 'u1' });
    await world.say('w2', { type: 'track', userId: 'u1' });
    const [one, other] = stitched(world);
    expect(one!.person!.id).not.toBe(other!.person!.id);
  });

  it('keeps the newest fact of every kind on a compacted topic: no two kinds share a key', async () => {
    const world = await start();
    await world.say(
      'w1',
      { type: 'page', anonymousId: 'a1' },
      { type: 'track', userId: 'u1' },
      { type: 'identify', userId: 'u1', anonymousId: 'a1', traits: { email: 'j@acme.com' } },
      { type: 'identify', userId: 'u2', traits: { email: 'j@acme.com' } },
    );
    const kinds = new Map<string, string>();
    for (const { key, value } of world.records('identities')) {
      const { type } = JSON.parse(Buffer.from(value!).toString()) as { type: string };
      expect(kinds.get(key) ?? type).toBe(type);
      kinds.set(key, type);
    }
    expect(new Set(kinds.values())).toEqual(
      new Set(['person.changed', 'person.merged', 'account.changed', 'identity.decision']),
    );
  });

  it('parks what it does not know and goes on', async () => {
    const world = await start();
    await world.send({ key: 'w1', value: { type: 'nonsense' } });
    await world.say('w1', { type: 'track', userId: 'u1' });
    expect(world.values('dead-letters')).toMatchObject([{ reason: 'handler-failed', service: STITCH_TASK }]);
    expect(stitched(world)).toHaveLength(1);
  });

  it('forgets messageIds after a day, and stops sweeping when nothing is left', async () => {
    const world = await start();
    await world.say('w1', ...Array.from({ length: 200 }, (): Call => ({ type: 'track', userId: 'u1' })));
    const keys = (): string[] =>
      Object.keys(world.state(STITCH_TASK)).filter((key) => key.includes('/seen/') || key.includes('/sweep'));
    expect(keys().length).toBeGreaterThan(150);
    await world.clock.advance(23 * HOUR);
    expect(keys().length).toBeGreaterThan(150);
    await world.clock.advance(73 * HOUR);
    expect(keys()).toEqual([]);
    await world.say('w1', { type: 'track', userId: 'u1' });
    expect(keys()).toHaveLength(2);
  });

  it('counts what it does', async () => {
    const world = await start();
    const twice: Call = { type: 'identify', userId: 'u1', anonymousId: 'a1', messageId: 'same' };
    await world.say('w1', { type: 'page', anonymousId: 'a1' }, { type: 'track', userId: 'u1' }, twice, twice);
    const text = await world.metrics();
    for (const line of [
      'cairn_touchpoints_stitched_total 3',
      'cairn_touchpoints_duplicate_total 1',
      'cairn_identity_merges_total 1',
      'cairn_identity_hand_overs_total 1',
    ])
      expect(text).toContain(line);
  });
});
