import { describe, expect, it } from 'vitest';
import type { FaultPoint } from '@cairn/log/log-faults.ts';
import { createMemoryWorld } from '@cairn/testkit/memory-world.ts';
import type { MemoryWorld } from '@cairn/testkit/memory-world.ts';
import { scriptedTask } from '@cairn/testkit/scripted-task.ts';
import type { CommitReport, RunTaskOptions } from './running-task.ts';
import { runTask } from './run-task.ts';
import type { TaskDefinition, TaskOutput } from './task.ts';

const TOPICS = ['inbox', 'out', 'dead-letters'];

async function start(world: MemoryWorld, options: RunTaskOptions = {}, definition: TaskDefinition = scriptedTask) {
  const task = await runTask(world.log, world.clock, definition, options);
  await world.clock.advance(0);
  return task;
}

describe('a commit cycle', () => {
  it('handles the records of an inbox in their order, each on the state that the one before left', async () => {
    const world = createMemoryWorld({ topics: TOPICS });
    await start(world);
    for (const add of [1, 2, 3]) await world.send({ key: 'a', value: { add } });
    await world.clock.advance(0);
    expect(world.values('out')).toMatchObject([{ sum: 1 }, { sum: 3 }, { sum: 6 }]);
    expect(world.state('scripted')).toEqual({ a: { value: { sum: 6 }, timers: {} } });
  });

  it('commits at once when nothing more is waiting', async () => {
    const world = createMemoryWorld({ topics: TOPICS });
    await start(world);
    const before = world.clock.now();
    await world.send({ key: 'a', value: { add: 1 } });
    expect(world.values('out')).toHaveLength(1);
    expect(world.clock.now()).toBe(before);
  });

  it('takes what waits as one commit, up to its bound of records', async () => {
    const world = createMemoryWorld({ topics: TOPICS });
    const commits: CommitReport[] = [];
    await world.send(...Array.from({ length: 25 }, () => ({ key: 'a', value: { add: 1 } })));
    await start(world, { limits: { maxRecords: 10 }, onCommit: (commit) => commits.push(commit) });
    expect(commits.map((commit) => commit.records)).toEqual([10, 10, 5]);
    expect(commits.map((commit) => commit.outputs)).toEqual([10, 10, 5]);
  });

  it('is bounded in bytes', async () => {
    const world = createMemoryWorld({ topics: TOPICS });
    const commits: CommitReport[] = [];
    const padding = 'x'.repeat(1_000);
    await world.send(...Array.from({ length: 4 }, () => ({ key: 'a', value: { add: 1, padding } })));
    await start(world, { limits: { maxBytes: 2_000 }, onCommit: (commit) => commits.push(commit) });
    expect(commits.map((commit) => commit.records)).toEqual([2, 2]);
  });

  it('is bounded in time: a slow, hot key holds the others of its partition for one cycle at most', async () => {
    const world = createMemoryWorld({ topics: TOPICS });
    const commits: CommitReport[] = [];
    let spent = 0;
    const slow: TaskDefinition = {
      ...scriptedTask,
      handle(state, input, now) {
        if (input.type === 'record' && input.record.key === 'hot') spent += 10;
        return scriptedTask.handle(state, input, now);
      },
    };
    const clock = { ...world.clock, monotonic: () => spent };
    await world.send(...Array.from({ length: 9 }, () => ({ key: 'hot', value: { add: 1 } })), {
      key: 'cold',
      value: { add: 1 },
    });
    await runTask(world.log, clock, slow, { limits: { maxMs: 30 }, onCommit: (commit) => commits.push(commit) });
    await world.clock.advance(0);
    expect(commits.map((commit) => commit.records)).toEqual([3, 3, 3, 1]);
  });

  it('serialises the state of a key once, however many records of the cycle touched it', async () => {
    const world = createMemoryWorld({ topics: TOPICS });
    await world.send(...Array.from({ length: 50 }, () => ({ key: 'hot', value: { add: 1 } })));
    let serialised = 0;
    const counting: TaskDefinition = {
      ...scriptedTask,
      handle: (state, input) => {
        const before = input.type === 'record' ? state.get<{ n: number }>(input.record.key) : undefined;
        const n = (before?.n ?? 0) + 1;
        return { state: [{ key: 'hot', value: { n, toJSON: () => (serialised++, { n }) } }] };
      },
    };
    await start(world, {}, counting);
    expect(world.state('scripted').hot?.value).toEqual({ n: 50 });
    expect(serialised).toBe(1);
  });

  it('lets outputs inherit the trace of the record that they come from, unless they set their own', async () => {
    const world = createMemoryWorld({ topics: TOPICS });
    await start(
      world,
      {},
      {
        ...scriptedTask,
        handle: (_, input) => ({
          outputs: [
            { topic: 'out', partition: 0, key: 'a', value: 1 },
            { topic: 'out', partition: 0, key: 'b', value: 2, headers: { traceparent: 'own', other: 'kept' } },
            { topic: 'out', partition: 0, key: 'c', value: 3, headers: { other: 'kept' } },
          ]
            .map((output) => output as TaskOutput)
            .slice(input.type === 'record' && input.record.headers.traceparent ? 0 : 2),
        }),
      },
    );
    await world.send({ key: 'a', value: {}, headers: { traceparent: 'theirs' } }, { key: 'a', value: {} });
    expect(world.records('out').map((record) => record.headers)).toEqual([
      { traceparent: 'theirs' },
      { traceparent: 'own', other: 'kept' },
      { traceparent: 'theirs', other: 'kept' },
      { other: 'kept' },
    ]);
  });
});

describe('atomicity', () => {
  it('commits outputs, state, timers and offset together or not at all, and a fault loses and doubles nothing', async () => {
    for (const phase of ['before', 'after'] as const) {
      let broken = 3;
      const faults = {
        at(point: FaultPoint) {
          if (point.operation === 'commit' && point.phase === phase && broken-- > 0) throw new Error('broken');
        },
      };
      const world = createMemoryWorld({ topics: TOPICS, faults });
      const seen: unknown[] = [];
      await start(world, { limits: { maxRecords: 2 }, onFault: (fault) => seen.push(fault.error) });
      await world.send(...[1, 2, 3, 4, 5].map((add) => ({ key: 'a', value: { add, arm: { dueAt: 9_000_000 } } })));
      await world.clock.advance(2_000);
      expect(seen).toHaveLength(3);
      expect(world.values('out').map((value) => (value as { sum: number }).sum)).toEqual([1, 3, 6, 10, 15]);
      expect(world.state('scripted')).toEqual({ a: { value: { sum: 15 }, timers: { alarm: 9_000_000 } } });
    }
  });

  it('keeps nothing in memory of a cycle that failed', async () => {
    let broken = 1;
    const faults = {
      at(point: FaultPoint) {
        if (point.operation === 'commit' && point.phase === 'before' && broken-- > 0) throw new Error('broken');
      },
    };
    const world = createMemoryWorld({ topics: TOPICS, faults });
    const met: unknown[] = [];
    await start(
      world,
      {},
      {
        ...scriptedTask,
        handle(state, input, now) {
          if (input.type === 'record') met.push(state.get(input.record.key));
          return scriptedTask.handle(state, input, now);
        },
      },
    );
    await world.send({ key: 'a', value: { add: 1 } });
    await world.clock.advance(1_000);
    expect(met).toEqual([undefined, undefined]);
  });

  it('stops when a newer owner took its partition, without writing anything', async () => {
    const world = createMemoryWorld({ topics: TOPICS });
    const faults: unknown[] = [];
    await start(world, { onFault: (fault) => faults.push(fault.error) });
    world.log.isolate();
    const second = world.anotherProcess();
    await runTask(second, world.clock, scriptedTask);
    await world.clock.advance(0);
    await world.send({ key: 'a', value: { add: 1 } });
    await world.clock.advance(5_000);
    expect(world.values('out')).toMatchObject([{ sum: 1 }]);
    expect(faults.map((error) => (error as Error).name)).toContain('Fenced');
  });
});

describe('stop', () => {
  it('finishes the cycle under way and gives the partition back', async () => {
    let release = (): void => {};
    const faults = {
      at: (point: FaultPoint) =>
        point.operation === 'commit' && point.phase === 'before'
          ? new Promise<void>((resolve) => (release = resolve))
          : undefined,
    };
    const world = createMemoryWorld({ topics: TOPICS, faults });
    const task = await start(world);
    await world.send({ key: 'a', value: { add: 1 } });
    let stopped = false;
    const stopping = task.stop().then(() => (stopped = true));
    await world.clock.advance(0);
    expect([stopped, task.isReady()]).toEqual([false, false]);
    release();
    await stopping;
    expect(world.values('out')).toHaveLength(1);
    await world.send({ key: 'a', value: { add: 1 } });
    await world.clock.advance(60_000);
    expect(world.values('out')).toHaveLength(1);
  });

  it('leaves what it read and did not handle to the next owner', async () => {
    const world = createMemoryWorld({ topics: TOPICS });
    await world.send(...Array.from({ length: 30 }, () => ({ key: 'a', value: { add: 1 } })));
    const task = await runTask(world.log, world.clock, scriptedTask, {
      limits: { maxRecords: 10 },
      onCommit: () => void task.stop(),
    });
    await world.clock.advance(0);
    expect(world.values('out')).toHaveLength(10);
    const second = world.anotherProcess();
    await runTask(second, world.clock, scriptedTask);
    await world.clock.advance(0);
    expect(world.state('scripted')).toMatchObject({ a: { value: { sum: 30 } } });
  });
});

describe('status', () => {
  it('says where each partition stands, and how far behind it is', async () => {
    let hold = true;
    let release = (): void => {};
    const faults = {
      at: (point: FaultPoint) =>
        hold && point.operation === 'commit' && point.phase === 'before'
          ? new Promise<void>((resolve) => (release = resolve))
          : undefined,
    };
    const world = createMemoryWorld({ topics: TOPICS, faults });
    const task = await start(world);
    await task.ready();
    expect(task.isReady()).toBe(true);
    await world.clock.advance(60_000);
    const at = world.clock.now();
    await world.send({ key: 'a', value: { add: 1 } });
    await world.send({ key: 'a', value: { add: 1 } });
    await world.clock.advance(4_000);
    expect(await task.status()).toMatchObject([
      { partition: 0, committedOffset: 0n, backlog: 1, lagSeconds: 4, lastCommitAt: null },
    ]);
    hold = false;
    release();
    await world.clock.advance(0);
    expect(await task.status()).toMatchObject([
      { committedOffset: 2n, backlog: 0, logTime: at, lagSeconds: 0, lastCommitAt: at + 4_000, pendingEffects: 0 },
    ]);
  });
});

describe('an idle partition', () => {
  it('does nothing but look at the clock now and then', async () => {
    const world = createMemoryWorld({ topics: TOPICS });
    const commits: CommitReport[] = [];
    await start(world, { onCommit: (commit) => commits.push(commit) });
    await world.send({ key: 'a', value: { arm: { dueAt: world.clock.now() + 86_400_000 } } });
    let looks = 0;
    const { nextDue } = world.log.disk.task('scripted', 0).state;
    world.log.disk.task('scripted', 0).state.nextDue = () => (looks++, nextDue());
    await world.clock.advance(3_600_000);
    expect(commits).toHaveLength(1);
    expect(world.records('inbox')).toHaveLength(1);
    expect(looks).toBeLessThanOrEqual(361);
  });
});
