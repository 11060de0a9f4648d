import assert from 'node:assert/strict';
import { decodeJson, encodeJson } from '@cairn/contracts/json.ts';
import type { LogRecord } from '@cairn/log/log.ts';
import { createStateTable } from '@cairn/log/state-table.ts';
import { DEFAULT_LIMITS, createCommitCycle } from '@cairn/task/commit-cycle.ts';
import { EFFECT_HEADER, TICK_HEADER } from '@cairn/task/log-time.ts';
import { PENDING_PREFIX } from '@cairn/task/pending-effect.ts';
import { createStateMap } from '@cairn/task/state-map.ts';
import type { Effect, TaskDefinition, TaskHandler, TaskState } from '@cairn/task/task.ts';
import { deepFreeze } from './deep-freeze.ts';

/**
 * A task's handler on one card: `given(history).when(input).then(expected)`. Runs the task's own commit cycle, one input each, so due
 * timers fire by themselves, state goes through JSON between inputs, and what a handler is lent is deep-frozen. Each input is
 * handled twice: an outcome that differs is not pure.
 */
export interface Given {
  (...history: readonly SpecInput[]): { when(...inputs: readonly SpecInput[]): { then(expected: Expected): void } };
}

export type SpecInput =
  | { type: 'message'; key: string; value: unknown; at: number; headers?: Readonly<Record<string, string>> }
  | { type: 'time-passed'; at: number };

/** What came of the inputs of `when`. State and timers are all there is after them. */
export interface SpecOutcome {
  outputs: { topic: string; partition: number; key: string; value: unknown }[];
  /** Effects asked for, in order. */
  effects: Effect[];
  state: Record<string, unknown>;
  /** `key purpose` → due time. */
  timers: Record<string, number>;
  /** `name: message` of each handler error. */
  failures: string[];
}

/** Only the parts that are named are compared; of outputs only the named fields. Failures are none unless expected. A function asserts by itself. */
export type Expected =
  | ((outcome: SpecOutcome) => void)
  | (Partial<Omit<SpecOutcome, 'outputs'>> & { outputs?: readonly Partial<SpecOutcome['outputs'][number]>[] });

export const message = (key: string, value: unknown, at: number): SpecInput => ({ type: 'message', key, value, at });
export const timePassed = (at: number): SpecInput => ({ type: 'time-passed', at });
export const effectAnswered = (id: string, key: string, value: unknown, at: number): SpecInput => ({
  type: 'message',
  key,
  value,
  at,
  headers: { [EFFECT_HEADER]: id },
});

/** `topicPartitions`: of the topics that the handler writes to; default 8 each. */
export function specOf(
  definition: Pick<TaskDefinition, 'handle'> & Partial<TaskDefinition>,
  topicPartitions: (topic: string) => number = () => 8,
): Given {
  return (...history) => ({
    when: (...inputs) => ({
      then(expected) {
        check(run(definition, topicPartitions, history, inputs), expected);
      },
    }),
  });
}

function run(
  given: Pick<TaskDefinition, 'handle'> & Partial<TaskDefinition>,
  topicPartitions: (topic: string) => number,
  history: readonly SpecInput[],
  inputs: readonly SpecInput[],
): SpecOutcome {
  const reader = createStateTable();
  // Without a cache each input meets what a restart would have restored.
  const state = createStateMap(reader, 0);
  const anyRunner = new Proxy({}, { get: () => () => Promise.resolve(null) });
  const definition: TaskDefinition = {
    name: 'spec',
    inbox: 'inbox',
    effects: anyRunner,
    ...given,
    handle: pureAndFrozen(given.handle),
  };
  const fixed = {
    definition,
    partition: 0,
    reader,
    state,
    limits: DEFAULT_LIMITS,
    monotonic: () => 0,
    topicPartitions,
    careful: true,
  };
  let position = { nextOffset: 0n, logTime: 0 };
  const outcome: SpecOutcome = { outputs: [], effects: [], state: {}, timers: {}, failures: [] };

  for (const [index, input] of [...history, ...inputs].entries()) {
    const record = recordOf(input, definition.inbox, position.nextOffset);
    for (let handled = false; !handled;) {
      const cycle = createCommitCycle({ ...fixed, position });
      handled = cycle.add(record);
      const finished = cycle.finish();
      for (const change of finished.cycle.state) reader.apply(change);
      state.committed();
      position = finished.cycle;
      if (index < history.length) continue;
      for (const { topic, partition, key, value } of finished.cycle.outputs)
        outcome.outputs.push({ topic, partition, key, value: value && decodeJson(value) });
      for (const step of finished.effects)
        if (step.type === 'begin') {
          const { type, id, key, payload } = state.get<Effect>(PENDING_PREFIX + step.id)!;
          outcome.effects.push({ type, id, key, payload });
        }
      for (const { error } of finished.parked) outcome.failures.push(String(error));
    }
  }
  for (const [key, entry] of reader.entries()) {
    if (key.startsWith(PENDING_PREFIX)) continue;
    if (entry.value) outcome.state[key] = decodeJson(entry.value);
    for (const [purpose, dueAt] of Object.entries(entry.timers)) outcome.timers[`${key} ${purpose}`] = dueAt;
  }
  return outcome;
}

function pureAndFrozen(handle: TaskHandler): TaskHandler {
  return (state, input, now) => {
    const lent: TaskState = {
      get: <T>(key: string) => deepFreeze(state.get<T>(key)),
      timers: (key) => deepFreeze(state.timers(key)),
      keys: state.keys,
    };
    const first = handle(lent, deepFreeze(input), now);
    assert.deepStrictEqual(handle(lent, input, now), first, 'the handler gave another outcome for the same input');
    return first;
  };
}

function recordOf(input: SpecInput, topic: string, offset: bigint): LogRecord {
  const common = { topic, partition: 0, offset, at: input.at };
  if (input.type === 'time-passed') return { ...common, key: '', value: null, headers: { [TICK_HEADER]: '1' } };
  const value = input.value === null ? null : encodeJson(input.value);
  return { ...common, key: input.key, value, headers: input.headers ?? {} };
}

function check(outcome: SpecOutcome, expected: Expected): void {
  if (typeof expected === 'function') return expected(outcome);
  assert.deepStrictEqual(outcome.failures, expected.failures ?? []);
  if (expected.outputs) {
    const named = outcome.outputs.map((output, i) => pick(output, Object.keys(expected.outputs?.[i] ?? output)));
    assert.deepStrictEqual(named, expected.outputs);
  }
  for (const part of ['effects', 'state', 'timers'] as const)
    if (expected[part]) assert.deepStrictEqual(outcome[part], expected[part]);
}

function pick(from: object, names: readonly string[]): object {
  return Object.fromEntries(Object.entries(from).filter(([name]) => names.includes(name)));
}
