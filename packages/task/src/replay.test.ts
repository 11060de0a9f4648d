import { describe, expect, it } from 'vitest';
import { seededRandom } from '@cairn/clock/clock.virtual.ts';
import type { LogRecord } from '@cairn/log/log.ts';
import { createMemoryWorld } from '@cairn/testkit/memory-world.ts';
import type { MemoryWorld } from '@cairn/testkit/memory-world.ts';
import { scriptedTask } from '@cairn/testkit/scripted-task.ts';
import { runTask } from './run-task.ts';
import type { RunTaskOptions } from './running-task.ts';

const TOPICS = ['inbox', 'out', 'dead-letters'];

/** Random scripts over a few keys: sums, timers near and far, moved, past and disarmed, deadlines, effects, removals, poison. */
async function liveRun(seed: number): Promise<MemoryWorld> {
  const random = seededRandom(seed);
  const pick = (count: number): number => Math.floor(random() * count);
  const world = createMemoryWorld({ topics: TOPICS, seed });
  const definition = {
    ...scriptedTask,
    effects: { do: async () => (await world.clock.sleep(pick(200)), { n: pick(9) }) },
  };
  const task = await runTask(world.log, world.clock, definition, {
    limits: { maxRecords: 1 + pick(8), maxTimers: 1 + pick(5) },
  });
  for (let step = 0; step < 120; step++) {
    const now = world.clock.now();
    const dueAt = now + pick(600) - 50;
    const key = `k${pick(6)}`;
    const choices: unknown[] = [
      { add: pick(100) },
      { add: 1, arm: { dueAt } },
      { arm: { purpose: `chain${pick(4)}`, dueAt } },
      { deadline: dueAt, arm: { purpose: 'stall', dueAt } },
      { deadline: dueAt },
      { disarm: 'alarm' },
      { effect: { id: `e${step}`, payload: { step } } },
      { remove: true },
      { add: 5, fail: 'broken' },
      { unserialisable: true },
      { arm: { purpose: 'poison', dueAt } },
      new TextEncoder().encode('{no json'),
    ];
    await world.send({ key, value: choices[pick(choices.length)] });
    if (random() < 0.5) await world.clock.advance(pick(150));
  }
  await world.clock.advance(3_000);
  await task.stop();
  return world;
}

async function replay(inbox: readonly LogRecord[], options: RunTaskOptions): Promise<MemoryWorld> {
  const world = createMemoryWorld({ topics: TOPICS });
  const { records } = world.log.disk.partition('inbox', 0);
  records.push(...inbox);
  world.log.disk.partition('inbox', 0).next = inbox.length;
  // Effects of a replay do nothing: what came of them is in the inbox.
  const definition = { ...scriptedTask, effects: { do: () => new Promise(() => {}) } };
  await runTask(world.log, world.clock, definition, options);
  await world.clock.advance(0);
  return world;
}

const bytes = (world: MemoryWorld) => ({
  state: world.stateBytes('scripted'),
  outputs: world.values('out').map((value) => JSON.stringify(value)),
  deadLetters: world.values('dead-letters').map((value) => JSON.stringify(value)),
});

describe('replaying an inbox', () => {
  it('gives the same state, timers, outputs and dead letters, byte for byte, whatever the size of the cycles', async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const live = await liveRun(seed);
      const inbox = live.records('inbox');
      const expected = bytes(live);
      expect(expected.outputs.length).toBeGreaterThan(40);
      for (const options of [
        {},
        { limits: { maxRecords: 1 } },
        { limits: { maxRecords: 7, maxTimers: 2 } },
        { cacheBytes: 0 },
        { cacheBytes: 2_000, limits: { maxRecords: 3 } },
      ])
        expect(bytes(await replay(inbox, options))).toEqual(expected);
    }
  });

  it('needs no clock: the ticks in the inbox fire the timers', async () => {
    const live = createMemoryWorld({ topics: TOPICS });
    const task = await runTask(live.log, live.clock, scriptedTask);
    await live.send({ key: 'a', value: { arm: { dueAt: live.clock.now() + 100 } } });
    await live.clock.advance(1_000);
    await task.stop();
    const again = await replay(live.records('inbox'), {});
    expect(again.values('out')).toEqual(live.values('out'));
    expect(again.values('out')).toHaveLength(1);
  });
});
