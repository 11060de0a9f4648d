import { describe, expect, it } from 'vitest';
import { seededRandom } from '@cairn/clock/clock.virtual.ts';
import { createMemoryWorld } from '@cairn/testkit/memory-world.ts';
import type { MemoryWorld } from '@cairn/testkit/memory-world.ts';
import { scriptedTask } from '@cairn/testkit/scripted-task.ts';
import { runTask } from './run-task.ts';
import type { RunTaskOptions } from './running-task.ts';
import { compareTimers, createTimerQueue } from './timers.ts';

const TOPICS = ['inbox', 'out', 'dead-letters'];
const HOUR = 3_600_000;

interface Fired {
  fired: string;
  key: string;
  dueAt: number;
  now: number;
}
const fired = (world: MemoryWorld): Fired[] =>
  (world.values('out') as Fired[]).filter((value) => value.fired !== undefined);

async function start(world: MemoryWorld, options: RunTaskOptions = {}) {
  const task = await runTask(world.log, world.clock, scriptedTask, options);
  await world.clock.advance(0);
  return task;
}

describe('the timer queue', () => {
  it('gives timers in the order of due time, key, purpose', () => {
    const random = seededRandom(7);
    const pick = (count: number): number => Math.floor(random() * count);
    const timers = Array.from({ length: 500 }, () => ({ dueAt: pick(20), key: `k${pick(5)}`, purpose: `p${pick(3)}` }));
    const queue = createTimerQueue();
    for (const timer of timers) queue.push(timer);
    const popped = Array.from({ length: 500 }, () => queue.pop()!);
    expect(popped).toEqual([...timers].sort(compareTimers));
    expect(queue.pop()).toBeUndefined();
  });
});

describe('a timer', () => {
  it('never fires early, and fires by the wall clock when nothing is left to read', async () => {
    const world = createMemoryWorld({ topics: TOPICS });
    await start(world);
    const dueAt = world.clock.now() + 5_000;
    await world.send({ key: 'a', value: { arm: { dueAt } } });
    await world.clock.advance(4_999);
    expect(fired(world)).toEqual([]);
    await world.clock.advance(1);
    expect(fired(world)).toEqual([{ fired: 'alarm', key: 'a', dueAt, now: dueAt }]);
    expect(world.state('scripted').a?.timers).toEqual({});
    await world.clock.advance(HOUR);
    expect(fired(world)).toHaveLength(1);
  });

  it('fires before a record with a later log time is handled, after one with an earlier', async () => {
    const world = createMemoryWorld({ topics: TOPICS });
    await start(world);
    const t0 = world.clock.now();
    await world.send({ key: 'a', value: { arm: { dueAt: t0 + 1_000 } } });
    const silent = createMemoryWorld({ topics: TOPICS });
    // Nobody runs while these are written: the log's time alone must put them in order.
    for (const record of world.records('inbox')) await silent.send({ key: record.key, value: record.value });
    await silent.clock.advance(999);
    await silent.send({ key: 'a', value: { add: 1 } });
    await silent.clock.advance(2);
    await silent.send({ key: 'a', value: { add: 1 } });
    await start(silent);
    expect(silent.values('out')).toMatchObject([{ sum: 1 }, { fired: 'alarm', now: t0 + 1_000 }, { sum: 2 }]);
  });

  it('fires before a record whose log time is its due time', async () => {
    const world = createMemoryWorld({ topics: TOPICS });
    const t0 = world.clock.now();
    await world.send({ key: 'a', value: { arm: { dueAt: t0 + 10 } } });
    await world.clock.advance(10);
    await world.send({ key: 'b', value: { add: 1 } });
    await start(world);
    expect(world.values('out')).toMatchObject([{ fired: 'alarm' }, { sum: 1 }]);
  });

  it('is not fired by a backlog: activity that waits in the inbox moves the deadline before the clock is asked', async () => {
    const world = createMemoryWorld({ topics: TOPICS });
    const task = await start(world);
    const stallsAfter = 10_000;
    const touch = (): Promise<void> => {
      const deadline = world.clock.now() + stallsAfter;
      return world.send({ key: 'a', value: { deadline, arm: { purpose: 'stall', dueAt: deadline } } });
    };
    await touch();
    await task.stop();
    for (let i = 0; i < 6; i++) {
      await world.clock.advance(5_000);
      await touch();
    }
    await runTask(world.anotherProcess(), world.clock, scriptedTask);
    await world.clock.advance(0);
    expect(fired(world)).toEqual([]);
    const last = world.clock.now();
    await world.clock.advance(stallsAfter);
    expect(fired(world)).toMatchObject([{ fired: 'stall', dueAt: last + stallsAfter }]);
  });

  it('fires at the place in the log where a silence of the outage was over', async () => {
    const world = createMemoryWorld({ topics: TOPICS });
    const t0 = world.clock.now();
    await world.send({ key: 'a', value: { arm: { dueAt: t0 + 2_000 } } });
    await world.clock.advance(HOUR);
    await world.send({ key: 'a', value: { add: 1 } });
    await start(world);
    expect(world.values('out')).toMatchObject([{ fired: 'alarm', now: t0 + 2_000 }, { sum: 1 }]);
  });

  it('is re-armed lazily: its handler sees that activity moved the deadline', async () => {
    const world = createMemoryWorld({ topics: TOPICS });
    await start(world);
    const t0 = world.clock.now();
    await world.send({ key: 'a', value: { deadline: t0 + 1_000, arm: { dueAt: t0 + 1_000 } } });
    await world.clock.advance(500);
    await world.send({ key: 'a', value: { deadline: t0 + 1_500 } });
    await world.clock.advance(600);
    expect(fired(world)).toEqual([]);
    expect(world.state('scripted').a?.timers).toEqual({ alarm: t0 + 1_500 });
    await world.clock.advance(400);
    expect(fired(world)).toMatchObject([{ dueAt: t0 + 1_500 }]);
  });

  it('that was moved later is not fired at its old time, one moved earlier is fired at its new one', async () => {
    const world = createMemoryWorld({ topics: TOPICS });
    await start(world);
    const t0 = world.clock.now();
    await world.send({ key: 'later', value: { arm: { dueAt: t0 + 100 } } });
    await world.send({ key: 'later', value: { arm: { dueAt: t0 + 900 } } });
    await world.send({ key: 'earlier', value: { arm: { dueAt: t0 + 900 } } });
    await world.send({ key: 'earlier', value: { arm: { dueAt: t0 + 100 } } });
    await world.clock.advance(HOUR);
    expect(fired(world)).toMatchObject([
      { key: 'earlier', dueAt: t0 + 100 },
      { key: 'later', dueAt: t0 + 900 },
    ]);
  });

  it('that was disarmed, or whose key was removed, does not fire', async () => {
    const world = createMemoryWorld({ topics: TOPICS });
    await start(world);
    const dueAt = world.clock.now() + 100;
    await world.send({ key: 'a', value: { arm: { dueAt } } }, { key: 'b', value: { arm: { dueAt } } });
    await world.send({ key: 'a', value: { disarm: 'alarm' } }, { key: 'b', value: { remove: true } });
    await world.clock.advance(HOUR);
    expect(fired(world)).toEqual([]);
    expect(world.state('scripted')).toEqual({ a: { value: { sum: 0 }, timers: {} } });
  });

  it('armed in the past fires before the next record, or at once by a tick', async () => {
    const world = createMemoryWorld({ topics: TOPICS });
    const past = world.clock.now() - 5_000;
    await world.send({ key: 'a', value: { arm: { dueAt: past } } }, { key: 'b', value: { add: 1 } });
    await world.send({ key: 'c', value: { arm: { dueAt: past } } });
    await start(world);
    expect(world.values('out')).toMatchObject([
      { fired: 'alarm', key: 'a', dueAt: past, now: past },
      { sum: 1 },
      { fired: 'alarm', key: 'c', dueAt: past },
    ]);
  });

  it('may arm another that is due too: both fire before the record, in order', async () => {
    const world = createMemoryWorld({ topics: TOPICS });
    const t0 = world.clock.now();
    await world.send({ key: 'a', value: { arm: { purpose: 'chain3', dueAt: t0 + 10 } } });
    await world.send({ key: 'b', value: { arm: { dueAt: t0 + 12 } } });
    await world.clock.advance(1_000);
    await world.send({ key: 'c', value: { add: 1 } });
    await start(world);
    const seen = world.values('out') as { fired?: string; key: string; dueAt: number }[];
    expect(seen.map((value) => (value.fired ? `${value.fired} ${value.key} ${value.dueAt - t0}` : 'record'))).toEqual([
      'chain3 a 10',
      'chain2 a 11',
      'chain1 a 12',
      'alarm b 12',
      'chain0 a 13',
      'record',
    ]);
  });

  it('fires in its order where more are due than one cycle may hold', async () => {
    const run = async (maxTimers: number): Promise<Fired[]> => {
      const world = createMemoryWorld({ topics: TOPICS });
      const t0 = world.clock.now();
      const random = seededRandom(3);
      await world.send(
        ...Array.from({ length: 60 }, (_, i) => ({
          key: `k${i % 20}`,
          value: { arm: { purpose: `chain${i % 3}`, dueAt: t0 + Math.floor(random() * 40) } },
        })),
      );
      await world.clock.advance(1_000);
      await world.send({ key: 'z', value: { add: 1 } });
      await start(world, { limits: { maxTimers } });
      expect(world.values('out').at(-1)).toMatchObject({ sum: 1 });
      return fired(world);
    };
    const all = await run(1_000);
    expect(all.length).toBeGreaterThan(60);
    for (const maxTimers of [1, 2, 7]) expect(await run(maxTimers)).toEqual(all);
  });

  it('survives a crash, and one that came due while the process was down fires once', async () => {
    const world = createMemoryWorld({ topics: TOPICS });
    await start(world);
    const t0 = world.clock.now();
    await world.send(
      { key: 'a', value: { arm: { dueAt: t0 + 1_000 } } },
      { key: 'b', value: { arm: { dueAt: t0 + HOUR } } },
    );
    world.log.crash();
    await world.clock.advance(5_000);
    await runTask(world.anotherProcess(), world.clock, scriptedTask);
    await world.clock.advance(0);
    expect(fired(world)).toMatchObject([{ key: 'a', now: t0 + 1_000 }]);
    await world.clock.advance(HOUR);
    expect(fired(world)).toMatchObject([{ key: 'a' }, { key: 'b', now: t0 + HOUR }]);
  });

  it('waits without a hot loop while the log’s clock lags ours', async () => {
    const world = createMemoryWorld({ topics: TOPICS });
    const lag = 2_000;
    const ahead = { ...world.clock, now: () => world.clock.now() + lag };
    await runTask(world.log, ahead, scriptedTask);
    const dueAt = world.clock.now() + 5_000;
    await world.send({ key: 'a', value: { arm: { dueAt } } });
    await world.clock.advance(4_999);
    expect(fired(world)).toEqual([]);
    await world.clock.advance(lag);
    expect(fired(world)).toMatchObject([{ dueAt, now: dueAt }]);
    const ticks = world.records('inbox').filter((record) => record.headers['cairn-tick']);
    expect(ticks.length).toBeLessThanOrEqual(3);
  });
});
