/**
 * A task without a log: one partition, its state in a map, its timers in a heap, nothing serialised. Runs the same handlers by the same
 * rules as `@cairn/task` (timers due at or before a record fire before it, by due time, key and purpose; `now` of a timer is when it
 * was due), which a test holds it to. Never waits, never reads a clock; keeps nothing that outlives the process.
 */
import { compareKeys } from '@cairn/log/key-order.ts';
import { createTimerQueue } from '@cairn/task/timers.ts';
import type { TaskDefinition, TaskInput, TaskOutcome, TaskOutput, TaskState } from '@cairn/task/task.ts';

export interface MemoryTask {
  readonly state: TaskState;
  /** Fires the timers due before `at`, or at it. */
  fireUntil(at: number): void;
  /** When the next timer is due (a lower bound), null for none. */
  nextDue(): number | null;
  /** Handles one message at log time `at`; what is due by then must have been fired. */
  take(key: string, message: unknown, at: number, headers?: Readonly<Record<string, string>>): void;
}

export interface MemoryTaskDeps {
  /** Told after the state has changed, in the order in which the handler wrote them; `at` is what it took for now. */
  onOutputs(outputs: readonly TaskOutput[], at: number): void;
  /** A handler threw: the input is dropped, as it would be parked in dead-letters. */
  onFailure(error: unknown, input: TaskInput, at: number): void;
}

type Armed = Record<string, number | undefined>;

const SEEN = '/seen/';
const NO_TIMERS: Readonly<Record<string, number>> = Object.freeze({});
const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({});

export function createMemoryTask(definition: TaskDefinition, deps: MemoryTaskDeps): MemoryTask {
  const values = new Map<string, unknown>();
  /** What is disarmed is set to undefined and stays: a `delete` would turn the object into a slow dictionary. */
  const timers = new Map<string, Armed>();
  /** When the heap will look at a timer again: at most one entry each, at its time or sooner. A touchpoint that only moves a deadline away adds none. */
  const looks = new Map<string, Armed>();
  const heap = createTimerQueue();
  const grouped = createGroups();
  let offset = 0;

  const state: TaskState = {
    get: <T>(key: string) => values.get(key) as T | undefined,
    timers: (key) => (timers.get(key) as Record<string, number> | undefined) ?? NO_TIMERS,
    keys: (prefix) => [...(grouped.of(prefix) ?? keysFrom(values, prefix))].sort(compareKeys),
  };

  function run(input: TaskInput, at: number): void {
    let outcome: TaskOutcome;
    try {
      outcome = definition.handle(state, input, at);
    } catch (error) {
      return deps.onFailure(error, input, at);
    }
    if (outcome.state) for (const { key, value } of outcome.state) setValue(key, value);
    if (outcome.timers) for (const { key, purpose, dueAt } of outcome.timers) setTimer(key, purpose, dueAt);
    if (outcome.outputs && outcome.outputs.length > 0) deps.onOutputs(outcome.outputs, at);
  }

  function setValue(key: string, value: unknown): void {
    if (value === null) {
      values.delete(key);
      timers.delete(key);
      grouped.remove(key);
      return;
    }
    if (!values.has(key)) grouped.add(key);
    values.set(key, value);
  }

  function setTimer(key: string, purpose: string, dueAt: number | null): void {
    let own = timers.get(key);
    if (dueAt === null) {
      if (own?.[purpose] !== undefined) own[purpose] = undefined;
      return;
    }
    const at = Math.ceil(dueAt);
    if (!own) timers.set(key, (own = {}));
    own[purpose] = at;
    lookAt(key, purpose, at);
  }

  function lookAt(key: string, purpose: string, dueAt: number): void {
    let own = looks.get(key);
    if (!own) looks.set(key, (own = {}));
    const next = own[purpose];
    if (next !== undefined && next <= dueAt) return;
    own[purpose] = dueAt;
    heap.push({ key, purpose, dueAt });
  }

  function fireUntil(at: number): void {
    for (let look = heap.peek(); look && look.dueAt <= at; look = heap.peek()) {
      heap.pop();
      const { key, purpose, dueAt } = look;
      const own = looks.get(key);
      // A sooner look has been there already.
      if (own?.[purpose] !== dueAt) continue;
      own[purpose] = undefined;
      const mine = timers.get(key);
      const armed = mine?.[purpose];
      if (!mine || armed === undefined) continue;
      if (armed > dueAt) {
        lookAt(key, purpose, armed);
        continue;
      }
      mine[purpose] = undefined;
      run({ type: 'timer', key, purpose, dueAt }, dueAt);
    }
  }

  return {
    state,
    fireUntil,
    nextDue: () => heap.peek()?.dueAt ?? null,
    take(key, message, at, headers = NO_HEADERS) {
      const record = {
        topic: definition.inbox,
        partition: 0,
        offset: BigInt(offset++),
        at,
        key,
        value: null,
        headers,
      };
      run({ type: 'record', record, message, effectId: null }, at);
    },
  };
}

/**
 * What is asked for by its prefix, over and over: people within an account (`account~`), and the memory of messageIds by its first
 * character, which is swept every half hour of virtual time. Looking through every key for each would be quadratic.
 */
function createGroups(): {
  add(key: string): void;
  remove(key: string): void;
  of(prefix: string): Iterable<string> | undefined;
} {
  const groups = new Map<string, Set<string>>();
  const groupOf = (key: string): string | null => {
    const seen = key.indexOf(SEEN);
    if (seen >= 0) return key.slice(0, seen + SEEN.length + 1);
    const end = key.indexOf('~');
    return end < 0 ? null : key.slice(0, end + 1);
  };
  const NONE: readonly string[] = [];
  return {
    add(key) {
      const group = groupOf(key);
      if (group === null) return;
      const keys = groups.get(group);
      if (keys) keys.add(key);
      else groups.set(group, new Set([key]));
    },
    remove(key) {
      const group = groupOf(key);
      if (group !== null) groups.get(group)?.delete(key);
    },
    of: (prefix) => (prefix !== '' && groupOf(prefix) === prefix ? (groups.get(prefix) ?? NONE) : undefined),
  };
}

function* keysFrom(values: ReadonlyMap<string, unknown>, prefix: string): Iterable<string> {
  for (const key of values.keys()) if (key.startsWith(prefix)) yield key;
}
