import { describe, expect, it } from 'vitest';
import type { FaultPoint } from '@cairn/log/log-faults.ts';
import { createMemoryWorld } from '@cairn/testkit/memory-world.ts';
import type { MemoryWorld } from '@cairn/testkit/memory-world.ts';
import { scriptedTask } from '@cairn/testkit/scripted-task.ts';
import { createEffectSlots } from './effects.ts';
import { runTask } from './run-task.ts';
import type { Effect, EffectContext, EffectRunner, TaskDefinition } from './task.ts';

const TOPICS = ['inbox', 'out', 'dead-letters'];
const withRunner = (run: EffectRunner): TaskDefinition => ({ ...scriptedTask, effects: { do: run } });
const answers = (world: MemoryWorld): unknown[] =>
  (world.values('out') as { answered?: string }[]).filter((value) => value.answered !== undefined);
const pending = (world: MemoryWorld): string[] =>
  Object.keys(world.state('scripted')).filter((key) => key.startsWith('~effect/'));

describe('an effect', () => {
  it('is done after the commit that asked for it, and its result comes back through the inbox', async () => {
    const world = createMemoryWorld({ topics: TOPICS });
    const seen: unknown[] = [];
    const definition = withRunner(async (effect) => {
      seen.push({ effect, committed: world.state('scripted')['~effect/e1']?.value });
      return { status: 200 };
    });
    await runTask(world.log, world.clock, definition);
    await world.send({ key: 'a', value: { effect: { id: 'e1', payload: { url: 'u' } } } });
    await world.clock.advance(0);
    const effect: Effect = { type: 'do', id: 'e1', key: 'a', payload: { url: 'u' } };
    expect(seen).toEqual([{ effect, committed: effect }]);
    expect(world.records('inbox').at(-1)).toMatchObject({ key: 'a', headers: { 'cairn-effect': 'e1' } });
    expect(answers(world)).toEqual([{ answered: 'e1', with: { status: 200 } }]);
    expect(pending(world)).toEqual([]);
  });

  it('is not done when its commit failed', async () => {
    let broken = 2;
    const faults = {
      at(point: FaultPoint) {
        if (point.operation === 'commit' && point.phase === 'before' && broken-- > 0) throw new Error('broken');
      },
    };
    const world = createMemoryWorld({ topics: TOPICS, faults });
    let started = 0;
    await runTask(
      world.log,
      world.clock,
      withRunner(async () => void started++),
    );
    await world.clock.advance(0);
    await world.send({ key: 'a', value: { effect: { id: 'e1' } } });
    await world.clock.advance(250);
    expect(started).toBe(0);
    await world.clock.advance(1_000);
    expect(started).toBe(1);
  });

  it('waits for the flush of the commit that asked for it, while the next cycles go on', async () => {
    const world = createMemoryWorld({ topics: TOPICS });
    let flush = (): void => {};
    let started = 0;
    const join = world.log.join.bind(world.log);
    const log = {
      ...world.log,
      join: (options: Parameters<typeof join>[0]) =>
        join({
          ...options,
          run: (owned) =>
            options.run({
              ...owned,
              state: owned.state,
              flushed: () => new Promise<void>((resolve) => (flush = resolve)),
            }),
        }),
    };
    await runTask(
      log,
      world.clock,
      withRunner(async () => void started++),
    );
    await world.send({ key: 'a', value: { effect: { id: 'e1' } } });
    await world.send({ key: 'a', value: { add: 1 } });
    expect(world.values('out')).toEqual([expect.objectContaining({ sum: 1 })]);
    expect(started).toBe(0);
    flush();
    await world.clock.advance(0);
    expect(started).toBe(1);
  });

  it('is done again under the same id after a crash, and its result counts once', async () => {
    const world = createMemoryWorld({ topics: TOPICS });
    const ids: string[] = [];
    await runTask(
      world.log,
      world.clock,
      withRunner((effect) => (ids.push(effect.id), new Promise(() => {}))),
    );
    await world.send({ key: 'a', value: { effect: { id: 'e1' } } }, { key: 'b', value: { effect: { id: 'e2' } } });
    await world.clock.advance(0);
    world.log.crash();
    await runTask(
      world.anotherProcess(),
      world.clock,
      withRunner(async (effect) => (ids.push(effect.id), { by: 'second' })),
    );
    await world.clock.advance(0);
    expect(ids).toEqual(['e1', 'e2', 'e1', 'e2']);
    expect(answers(world)).toEqual([
      { answered: 'e1', with: { by: 'second' } },
      { answered: 'e2', with: { by: 'second' } },
    ]);
    expect(pending(world)).toEqual([]);
  });

  it('whose result was in the inbox already when its process died is not done again', async () => {
    const world = createMemoryWorld({ topics: TOPICS, faults: dieOnCommit(2, () => world.log.crash()) });
    let done = 0;
    const definition = withRunner(async () => ({ done: ++done }));
    await runTask(world.log, world.clock, definition);
    await world.send({ key: 'a', value: { effect: { id: 'e1' } } });
    await world.clock.advance(0);
    expect(world.records('inbox')).toHaveLength(2);
    expect(pending(world)).toEqual(['~effect/e1']);
    await runTask(world.anotherProcess(), world.clock, definition);
    await world.clock.advance(60_000);
    expect(done).toBe(1);
    expect(answers(world)).toEqual([{ answered: 'e1', with: { done: 1 } }]);
  });

  it('whose result lands twice is answered once', async () => {
    const world = createMemoryWorld({ topics: TOPICS });
    await runTask(world.log, world.clock, scriptedTask);
    await world.send({ key: 'a', value: { effect: { id: 'e1' } } });
    await world.clock.advance(0);
    await world.send({ key: 'a', value: { again: true }, headers: { 'cairn-effect': 'e1' } });
    expect(answers(world)).toEqual([{ answered: 'e1', with: { done: true } }]);
    expect(world.values('dead-letters')).toEqual([]);
  });

  it('asked for twice while under way is done once', async () => {
    const world = createMemoryWorld({ topics: TOPICS });
    let started = 0;
    await runTask(
      world.log,
      world.clock,
      withRunner(() => (started++, new Promise(() => {}))),
    );
    await world.send({ key: 'a', value: { effect: { id: 'e1' } } });
    await world.send({ key: 'a', value: { effect: { id: 'e1' } } });
    await world.clock.advance(1_000);
    expect(started).toBe(1);
  });

  it('may be asked for again once its result was handled', async () => {
    const world = createMemoryWorld({ topics: TOPICS });
    let started = 0;
    await runTask(
      world.log,
      world.clock,
      withRunner(async () => ({ n: ++started })),
    );
    for (const _ of [1, 2]) {
      await world.send({ key: 'a', value: { effect: { id: 'e1' } } });
      await world.clock.advance(0);
    }
    expect(answers(world)).toMatchObject([{ with: { n: 1 } }, { with: { n: 2 } }]);
  });

  it('with nothing to tell is done when its runner returns, and no handler hears of it', async () => {
    const world = createMemoryWorld({ topics: TOPICS });
    await runTask(
      world.log,
      world.clock,
      withRunner(async () => null),
    );
    await world.send({ key: 'a', value: { effect: { id: 'e1' } } });
    await world.clock.advance(0);
    expect(answers(world)).toEqual([]);
    expect(pending(world)).toEqual([]);
  });

  it('that throws is tried again, with growing pauses, while others go on', async () => {
    const world = createMemoryWorld({ topics: TOPICS });
    const triedAt: number[] = [];
    const faults: number[] = [];
    const t0 = world.clock.now();
    const definition = withRunner(async (effect, { attempt }: EffectContext) => {
      if (effect.id === 'fine') return { fine: true };
      triedAt.push(world.clock.now() - t0);
      if (attempt < 4) throw new Error('not yet');
      return { attempt };
    });
    await runTask(world.log, world.clock, definition, {
      effectConcurrency: 1,
      onEffectFault: ({ attempt }) => faults.push(attempt),
    });
    await world.send({ key: 'a', value: { effect: { id: 'bad' } } }, { key: 'a', value: { effect: { id: 'fine' } } });
    await world.clock.advance(50);
    expect(answers(world)).toEqual([{ answered: 'fine', with: { fine: true } }]);
    await world.clock.advance(5_000);
    expect(answers(world).at(-1)).toEqual({ answered: 'bad', with: { attempt: 4 } });
    expect(faults).toEqual([1, 2, 3]);
    const pauses = triedAt.slice(1).map((at, i) => at - triedAt[i]!);
    expect(pauses.map((pause, i) => pause >= 100 * 2 ** i && pause <= 120 * 2 ** i)).toEqual([true, true, true]);
  });

  it('waits for a free slot: no more are under way at once than the task may', async () => {
    const world = createMemoryWorld({ topics: TOPICS });
    let now = 0;
    let most = 0;
    const definition = withRunner(async () => {
      most = Math.max(most, ++now);
      await world.clock.sleep(10);
      now--;
      return {};
    });
    await runTask(world.log, world.clock, definition, { effectConcurrency: 3 });
    await world.send(...Array.from({ length: 10 }, (_, i) => ({ key: 'a', value: { effect: { id: `e${i}` } } })));
    await world.clock.advance(100);
    expect(most).toBe(3);
    expect(answers(world)).toHaveLength(10);
  });

  it('carries the trace of the record that led to it into its result', async () => {
    const world = createMemoryWorld({ topics: TOPICS });
    const traces: unknown[] = [];
    await runTask(
      world.log,
      world.clock,
      withRunner(async (_, { traceparent }) => (traces.push(traceparent), {})),
    );
    await world.send({ key: 'a', value: { effect: { id: 'e1' } }, headers: { traceparent: 't' } });
    await world.clock.advance(0);
    expect(traces).toEqual(['t']);
    expect(world.records('inbox').at(-1)?.headers).toEqual({ 'cairn-effect': 'e1', traceparent: 't' });
  });

  it('of a type without a runner parks its record', async () => {
    const world = createMemoryWorld({ topics: TOPICS });
    await runTask(world.log, world.clock, { ...scriptedTask, effects: {} });
    await world.send({ key: 'a', value: { effect: { id: 'e1' } } });
    expect(world.values('dead-letters')).toMatchObject([{ error: 'RangeError: no runner for effects of type do' }]);
    expect(world.state('scripted')).toEqual({});
  });
});

describe('stop', () => {
  it('lets effects under way finish, and starts no others', async () => {
    const world = createMemoryWorld({ topics: TOPICS });
    const started: string[] = [];
    const definition = withRunner(async (effect) => {
      started.push(effect.id);
      await world.clock.sleep(1_000);
      return {};
    });
    const task = await runTask(world.log, world.clock, definition, { effectConcurrency: 1 });
    await world.send({ key: 'a', value: { effect: { id: 'e1' } } }, { key: 'a', value: { effect: { id: 'e2' } } });
    await world.clock.advance(0);
    const stopped = task.stop();
    await world.clock.advance(1_000);
    await stopped;
    expect(started).toEqual(['e1']);
    expect(world.records('inbox').at(-1)?.headers).toEqual({ 'cairn-effect': 'e1' });
  });

  it('aborts effects that outlast the grace', async () => {
    const world = createMemoryWorld({ topics: TOPICS });
    let reason: unknown;
    const definition = withRunner(
      (_, { signal }) => new Promise(() => signal.addEventListener('abort', () => (reason = signal.reason))),
    );
    const task = await runTask(world.log, world.clock, definition, { effectGraceMs: 500 });
    await world.send({ key: 'a', value: { effect: { id: 'e1' } } });
    await world.clock.advance(0);
    const stopped = task.stop();
    await world.clock.advance(499);
    expect(reason).toBeUndefined();
    await world.clock.advance(1);
    await stopped;
    expect(reason).toBeDefined();
  });
});

describe('slots', () => {
  it('are given in the order of asking, and an aborted wait takes none', async () => {
    const slots = createEffectSlots(1);
    const aborted = new AbortController();
    const got: string[] = [];
    const ask = async (name: string, signal = new AbortController().signal): Promise<void> => {
      if (await slots.take(signal)) got.push(name);
    };
    await ask('first');
    const asked = [ask('gone', aborted.signal), ask('second'), ask('third')];
    aborted.abort();
    slots.give();
    slots.give();
    await Promise.all(asked);
    expect(got).toEqual(['first', 'second', 'third']);
  });
});

/** Crashes the process before its `nth` commit. */
function dieOnCommit(nth: number, crash: () => void) {
  let commits = 0;
  return {
    at(point: FaultPoint) {
      if (point.operation === 'commit' && point.phase === 'before' && ++commits === nth) crash();
    },
  };
}
