import type { LogRecord } from '@cairn/log/log.ts';

/**
 * What a task is: inbox → handler → commit → effects → results (DESIGN section 3, the four rules). `run-task.ts` runs one on
 * any log. The handler is pure and synchronous; the inbox alone decides the outcome.
 */
export interface TaskDefinition {
  /** Also names the changelog and the transactional id. */
  name: string;
  inbox: string;
  handle: TaskHandler;
  /** How to do each kind of effect, by its `type`. The result is appended to the inbox under the same effect id. */
  effects?: Readonly<Record<string, EffectRunner>>;
  /** How values of the state are stored, where that is not as they are. */
  stored?: StoredForm;
}

/** Plain data → the plain data that is written for it, and back. Reads whatever was ever written. */
export interface StoredForm {
  write(value: unknown): unknown;
  read(value: unknown): unknown;
}

export type TaskInput =
  | {
      type: 'record';
      record: LogRecord;
      /** The record's value parsed as JSON (null for a tombstone). */
      message: unknown;
      /** Set when the record is the result of an effect of this task. */
      effectId: string | null;
    }
  | { type: 'timer'; key: string; purpose: string; dueAt: number };

/**
 * `now` is the log's time: the record's, or the timer's due time. Must not mutate what `state` returns. May throw: the record is
 * parked in dead-letters with the error, and the partition goes on (what the handler returned for it is dropped as a whole).
 */
export type TaskHandler = (state: TaskState, input: TaskInput, now: number) => TaskOutcome;

/** The partition's state as of this input (earlier inputs of the same cycle included). Values are JSON-shaped plain data. */
export interface TaskState {
  get<T>(key: string): T | undefined;
  timers(key: string): Readonly<Record<string, number>>;
  /** The place of a key in memory; undefined: absent. Its value is the state's as long as `notes` are the same. */
  entry?(key: string): StateEntryInMemory | undefined;
  /**
   * For whatever a handler wants to find again faster, entries among it. Another, empty one whenever entries that were given out may no longer
   * be the state's. Must decide nothing: a replay begins without.
   */
  readonly notes?: Map<string, unknown>;
  /** All keys that start with `prefix`, in key order. O(matching); for rare inputs only (a definition goes live). */
  keys(prefix: string): Iterable<string>;
}

export interface StateEntryInMemory {
  readonly key: string;
  /** undefined: it is gone, and may come again. */
  readonly value: unknown;
  /** For what a handler worked out of the value: of this very value (`===`), or it must ask again. */
  memo: unknown;
}

export interface TaskOutcome {
  /** Whole new values; null removes the key and its timers. `entry`: of the key, where the handler has it: then it is not looked up once more. */
  state?: readonly { key: string; value: unknown; entry?: StateEntryInMemory | undefined }[];
  /** Arms (`dueAt`) or disarms (null) one timer of a key. A key's timers vanish with its value. */
  timers?: readonly { key: string; purpose: string; dueAt: number | null }[];
  outputs?: readonly TaskOutput[];
  effects?: readonly Effect[];
}

export interface TaskOutput {
  topic: string;
  partition: number;
  key: string;
  /** Serialised as JSON; null is a tombstone; bytes are written as they are. */
  value: unknown;
  headers?: Readonly<Record<string, string>>;
}

/** Done after the commit, at least once, always under the same `id` (deterministic: a hash of what it stands for). */
export interface Effect {
  type: string;
  id: string;
  /** The key whose inbox record brings the result back. */
  key: string;
  /** Plain data, kept with the state until the result is in the inbox. */
  payload: unknown;
}

/** Does the effect and returns the result message for the inbox; null: nothing to tell (the effect is done). Throwing means: try again later (backoff). */
export type EffectRunner = (effect: Effect, context: EffectContext) => Promise<unknown>;

export interface EffectContext {
  /** Aborted when the partition is lost or its grace is over: the effect is done again elsewhere, under the same id. */
  signal: AbortSignal;
  /** W3C trace context of the record that led to the effect. */
  traceparent: string | null;
  /** 1, 2, …: how often it was started by this process. */
  attempt: number;
}

export const NO_OUTCOME: TaskOutcome = Object.freeze({});
