import { decodeJson } from '@cairn/contracts/json.ts';
import { partitionOf } from '@cairn/contracts/topics.ts';
import type { Cycle, DueTimer, LogRecord, NewRecord, StateReader } from '@cairn/log/log.ts';
import { DEAD_LETTERS, deadLetterOf } from './dead-letter.ts';
import type { Failure } from './dead-letter.ts';
import { pendingKey } from './pending-effect.ts';
import { EFFECT_HEADER, TICK_HEADER, TRACE_HEADER, advanceLogTime } from './log-time.ts';
import type { CycleLimits } from './running-task.ts';
import { sealOutcome } from './seal-outcome.ts';
import { serialise } from './state-map.ts';
import type { StateMap } from './state-map.ts';
import { compareTimers, createTimerQueue } from './timers.ts';
import type { TaskDefinition, TaskInput, TaskOutcome } from './task.ts';

/**
 * Decides what one commit cycle holds: takes inbox records one by one, fires the timers due before each, calls the handler, and
 * gathers state, timers, outputs and effects until a limit is reached. Synchronous: never waits, never commits, starts no effect.
 */
export interface CommitCycle {
  /** Says how far the log time of the records at hand goes, so that due timers are looked up once for all of them. */
  expect(lastAt: number): void;
  /** Handles the record (fires due timers first). False: the cycle is full, and the record was not handled. */
  add(record: LogRecord): boolean;
  full(): boolean;
  /**
   * Serialises. Throws where a handler left state that is no JSON or too large: do the same records again in a `careful` cycle.
   * (Such a value that a later record of the same cycle replaces goes unnoticed. It is a fault of the program, and the price of
   * serialising a hot key once a cycle; what can be serialised is the same on every replay.)
   */
  finish(): FinishedCycle;
}

export interface FinishedCycle {
  cycle: Cycle;
  records: number;
  timersFired: number;
  /** In the order in which they came about: effects to begin, and effects whose result was handled. */
  effects: readonly EffectStep[];
  parked: readonly Parked[];
  /** Log time of the last tick among the records, null for none. */
  tickAt: number | null;
}

export type EffectStep = { type: 'begin' | 'settled'; id: string };

export interface Parked {
  reason: string;
  error: unknown;
  deadLetterId: string;
}

export interface CommitCycleDeps {
  definition: TaskDefinition;
  partition: number;
  reader: StateReader;
  state: StateMap;
  limits: CycleLimits;
  /** Milliseconds that only rise; decides where the cycle ends, never what it holds. */
  monotonic(): number;
  topicPartitions: (topic: string) => number;
  position: { nextOffset: bigint; logTime: number };
  /** Serialise each value as it is set, so that one that cannot be is blamed on its input. Slower; for the second try. */
  careful: boolean;
}

export const DEFAULT_LIMITS: CycleLimits = {
  // Under full load a cycle ends by time; this bounds what a restart does again and what one transaction holds.
  maxRecords: 2_000,
  maxBytes: 4 * 1024 * 1024,
  // The event loop serves HTTP too: handlers hold it no longer than this at a stretch.
  maxMs: 40,
  maxTimers: 1_000,
};

export function createCommitCycle(deps: CommitCycleDeps): CommitCycle {
  const { definition, partition, reader, state, limits } = deps;
  const startedAt = deps.monotonic();
  const queue = createTimerQueue();
  const outputs: NewRecord[] = [];
  const effects: EffectStep[] = [];
  const parked: Parked[] = [];
  let { nextOffset, logTime } = deps.position;
  let horizon = -Infinity;
  /** The last committed timer that was looked up, where there were more: none after it can be ordered yet. */
  let edge: DueTimer | null = null;
  let records = 0;
  let timersFired = 0;
  let bytes = 0;
  let tickAt: number | null = null;

  function expect(lastAt: number): void {
    const until = advanceLogTime(logTime, lastAt);
    if (until <= horizon || edge) return;
    horizon = until;
    const nextDue = reader.nextDue();
    if (nextDue === null || nextDue > until) return;
    const due = reader.due(until, limits.maxTimers);
    for (const timer of due) {
      const dueAt = state.timers(timer.key)[timer.purpose];
      // The index may hold a timer where it once was. Writing the key again puts it where it belongs.
      if (dueAt !== timer.dueAt) state.touch(timer.key);
      if (dueAt !== undefined && dueAt <= until) queue.push(dueAt === timer.dueAt ? timer : { ...timer, dueAt });
    }
    if (due.length >= limits.maxTimers) edge = due.at(-1)!;
  }

  /** False: there may be more that are due, but they cannot be fired in this cycle. */
  function fireUntil(time: number, record: LogRecord): boolean {
    for (let timer = queue.peek(); timer && timer.dueAt <= time; timer = queue.peek()) {
      if (timersFired >= limits.maxTimers || (edge && compareTimers(timer, edge) > 0)) return false;
      queue.pop();
      if (state.timers(timer.key)[timer.purpose] !== timer.dueAt) continue;
      timersFired++;
      fire(timer, record);
    }
    return !edge || edge.dueAt > time;
  }

  function fire(timer: DueTimer, record: LogRecord): void {
    const { key, purpose, dueAt } = timer;
    state.setTimer(key, purpose, null);
    const input: TaskInput = { type: 'timer', key, purpose, dueAt };
    try {
      const outcome = definition.handle(state, input, dueAt);
      for (const set of outcome.timers ?? [])
        if (set.key === key && set.purpose === purpose && set.dueAt !== null && set.dueAt <= dueAt)
          throw new RangeError(`timer ${purpose} of ${key} armed itself for ${set.dueAt}, no later than it fired`);
      apply(outcome, undefined);
    } catch (error) {
      park({ error, stateValue: stateOf(key), input, now: dueAt, offset: record.offset, reason: 'handler-failed' });
    }
  }

  function handle(record: LogRecord): void {
    const effectId = record.headers[EFFECT_HEADER] ?? null;
    if (effectId !== null) {
      const pending = pendingKey(effectId);
      // Done again after a crash while the first result was already in the inbox: only the first one counts.
      if (state.get(pending) === undefined) return;
      state.setValue(pending, null);
      effects.push({ type: 'settled', id: effectId });
    }
    let message: unknown = null;
    try {
      message = record.value === null ? null : decodeJson(record.value);
    } catch (error) {
      const input = { type: 'record', record, message: null } as const;
      park({ error, stateValue: undefined, input, now: logTime, offset: record.offset, reason: 'malformed-json' });
      return;
    }
    if (effectId !== null && message === null) return;
    try {
      const outcome = definition.handle(state, { type: 'record', record, message, effectId }, logTime);
      apply(outcome, record.headers[TRACE_HEADER]);
    } catch (error) {
      const input = { type: 'record', record, message } as const;
      const stateValue = stateOf(record.key);
      park({ error, stateValue, input, now: logTime, offset: record.offset, reason: 'handler-failed' });
    }
  }

  /** All of it, or (throwing) nothing of it. */
  function apply(outcome: TaskOutcome, traceparent: string | undefined): void {
    const { topicPartitions, careful } = deps;
    const sealed = sealOutcome(outcome, { effects: definition.effects, topicPartitions, traceparent, careful });
    for (const { key, value, entry } of outcome.state ?? []) state.setValue(key, value, entry);
    for (const { key, purpose, dueAt } of outcome.timers ?? []) {
      const at = dueAt === null ? null : Math.ceil(dueAt);
      state.setTimer(key, purpose, at);
      // The log's index does not know it yet. (A time that has come already waits for the next record or tick, like any other.)
      if (at !== null) queue.push({ key, purpose, dueAt: at });
    }
    for (const output of sealed.outputs) {
      bytes += output.value?.length ?? 0;
      outputs.push(output);
    }
    for (const pending of sealed.effects) {
      state.setValue(pendingKey(pending.id), pending);
      effects.push({ type: 'begin', id: pending.id });
    }
  }

  function stateOf(key: string): unknown {
    try {
      return state.get(key);
    } catch {
      return undefined;
    }
  }

  function park(failure: Omit<Failure, 'task' | 'inbox' | 'partition'>): void {
    const letter = deadLetterOf({ ...failure, task: definition.name, inbox: definition.inbox, partition });
    outputs.push({
      topic: DEAD_LETTERS,
      partition: partitionOf(letter.workspace, deps.topicPartitions(DEAD_LETTERS)),
      key: letter.workspace,
      value: serialise('dead letter', letter),
    });
    bytes += letter.raw.length;
    parked.push({ reason: letter.reason, error: failure.error, deadLetterId: letter.id });
  }

  function full(): boolean {
    if (records + timersFired === 0) return false;
    return records >= limits.maxRecords || bytes >= limits.maxBytes || deps.monotonic() - startedAt >= limits.maxMs;
  }

  return {
    expect,
    full,
    add(record) {
      if (full()) return false;
      const at = advanceLogTime(logTime, record.at);
      expect(at);
      if (!fireUntil(at, record)) return false;
      logTime = at;
      bytes += record.value?.length ?? 0;
      if (record.headers[TICK_HEADER] === undefined) handle(record);
      else tickAt = at;
      records++;
      nextOffset = record.offset + 1n;
      return true;
    },
    finish: () => ({
      cycle: { nextOffset, logTime, state: state.changes(), outputs },
      records,
      timersFired,
      effects,
      parked,
      tickAt,
    }),
  };
}
