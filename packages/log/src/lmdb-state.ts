import {
  decodeEntry,
  decodeTimerKey,
  decodeTimers,
  encodeEntry,
  entryKey,
  MAX_PURPOSE_BYTES,
  stateKeyBytes,
  statePrefixBytes,
  timerBound,
  timerKey,
  withId,
} from './lmdb-codec.ts';
import type { LmdbDatabase } from './lmdb-database.ts';
import { compareKeys } from './key-order.ts';
import type { DueTimer, StateChange, StateEntry, StateReader } from './log.ts';

/**
 * A task partition's state and timers in LMDB, read where they lie: a restart restores nothing.
 *
 * The timer index is lazy: a timer that moves later leaves its old entry, which is found stale when it comes up and then
 * *repaired* with the next commit (each touchpoint pushes a stall deadline; eager deletes would triple the pages a commit dirties).
 */
export interface LmdbState extends StateReader {
  /** Inside a write transaction only. */
  apply(change: StateChange): void;
  /** Inside a write transaction only: puts the stale index entries found so far in order. */
  repair(): void;
  /** Stale index entries found and not repaired. */
  repairsDue(): number;
}

const ENTRIES_PAGE = 256;

export function createLmdbState(database: LmdbDatabase, id: number): LmdbState {
  const { state, timers } = database;
  /** Index keys found stale, as latin1. */
  const stale = new Map<string, { key: Buffer; keyLength: number }>();

  function timersOf(keyBytes: Buffer): Readonly<Record<string, number>> | undefined {
    const bytes = state.getBinaryFast(withId(id, keyBytes));
    return bytes && decodeTimers(bytes);
  }

  function armTimer(dueAt: number, keyBytes: Buffer, purpose: string): void {
    const keyLength = Buffer.allocUnsafe(2);
    keyLength.writeUInt16BE(keyBytes.length, 0);
    timers.putSync(timerKey(id, dueAt, keyBytes, purpose), keyLength);
  }

  /** Index entries due at or before `before`, in order, each with its true due time (undefined: no such timer). */
  function* indexed(before: number) {
    // 0xff is in no UTF-8 text: above every timer that is due at `before` itself.
    const end = Buffer.concat([timerBound(id, before), Buffer.alloc(1, 0xff)]);
    for (const { key, value } of timers.getRange({ start: timerBound(id, -Infinity), end })) {
      const keyLength = value.readUInt16BE(0);
      const timer = decodeTimerKey(asBuffer(key), keyLength);
      const truth = timersOf(timer.keyBytes)?.[timer.purpose];
      if (truth !== timer.dueAt) stale.set(asBuffer(key).toString('latin1'), { key: asBuffer(key), keyLength });
      yield { ...timer, truth };
    }
  }

  function fullKey(keyBytes: Buffer): string {
    const key = withId(id, keyBytes);
    return entryKey(key, state.getBinaryFast(key)!);
  }

  return {
    get(key) {
      const bytes = state.getBinary(withId(id, stateKeyBytes(key)));
      return bytes && decodeEntry(asBuffer(bytes));
    },
    *entries(prefix = ''): Generator<[string, StateEntry]> {
      let start = withId(id, statePrefixBytes(prefix));
      const end = successor(start);
      for (;;) {
        // A page at a time: the consumer may await between two entries, a read transaction may not stay open so long.
        const page = [...state.getRange({ start, end, limit: ENTRIES_PAGE })];
        for (const { key, value } of page) {
          const name = entryKey(key, asBuffer(value));
          if (name.startsWith(prefix)) yield [name, decodeEntry(asBuffer(value))];
        }
        if (page.length < ENTRIES_PAGE) return;
        start = Buffer.concat([page.at(-1)!.key, Buffer.alloc(1)]);
      }
    },
    due(before, limit) {
      const due: DueTimer[] = [];
      const moved: DueTimer[] = [];
      const seen = new Set<string>();
      const take = (timer: DueTimer): void => {
        const name = `${timer.purpose}\0${timer.key}`;
        if (seen.has(name)) return;
        seen.add(name);
        due.push(timer);
      };
      for (const { dueAt, keyBytes, purpose, truth } of indexed(before)) {
        if (truth === undefined || truth < dueAt || truth > before) continue;
        const timer = { key: fullKey(keyBytes), purpose, dueAt: truth };
        if (truth > dueAt) {
          insertSorted(moved, timer);
          continue;
        }
        while (moved.length > 0 && due.length < limit && compareTimers(moved[0]!, timer) <= 0) take(moved.shift()!);
        if (due.length >= limit) break;
        take(timer);
      }
      while (moved.length > 0 && due.length < limit) take(moved.shift()!);
      return due;
    },
    nextDue() {
      let earliest: number | null = null;
      for (const { dueAt, truth } of indexed(Infinity)) {
        if (earliest !== null && dueAt >= earliest) break;
        if (truth !== undefined && truth >= dueAt && (earliest === null || truth < earliest)) earliest = truth;
      }
      return earliest;
    },
    apply(change) {
      const keyBytes = stateKeyBytes(change.key);
      const key = withId(id, keyBytes);
      const purposes = Object.keys(change.timers);
      if (change.value === null && purposes.length === 0) {
        state.removeSync(key);
        return;
      }
      // Before the put: it is what was committed.
      const before = purposes.length > 0 ? (change.timersBefore ?? timersOf(keyBytes)) : undefined;
      state.putSync(key, encodeEntry(change.key, keyBytes, change));
      for (const purpose of purposes) {
        const dueAt = change.timers[purpose]!;
        const was = before?.[purpose];
        if (was === undefined || dueAt < was) armTimer(dueAt, keyBytes, purpose);
      }
    },
    repair() {
      for (const { key, keyLength } of stale.values()) {
        const { dueAt, keyBytes, purpose } = decodeTimerKey(key, keyLength);
        const truth = timersOf(keyBytes)?.[purpose];
        if (truth === dueAt) continue;
        timers.removeSync(key);
        if (truth !== undefined) armTimer(truth, keyBytes, purpose);
      }
      stale.clear();
    },
    repairsDue: () => stale.size,
  };
}

/** Refuses what LMDB could not hold, before a transaction begins. */
export function checkChange(change: StateChange): void {
  if (change.key === '') throw new Error('a state key must not be empty');
  for (const [purpose, dueAt] of Object.entries(change.timers)) {
    if (Buffer.byteLength(purpose) > MAX_PURPOSE_BYTES)
      throw new Error(`a timer's purpose is longer than ${MAX_PURPOSE_BYTES} B`);
    if (Number.isNaN(dueAt)) throw new Error(`the timer ${purpose} of ${change.key} is due at no time`);
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function compareTimers(a: DueTimer, b: DueTimer): number {
  return a.dueAt - b.dueAt || compareKeys(a.key, b.key) || compareKeys(a.purpose, b.purpose);
}

function insertSorted(list: DueTimer[], timer: DueTimer): void {
  let at = list.length;
  while (at > 0 && compareTimers(list[at - 1]!, timer) > 0) at--;
  list.splice(at, 0, timer);
}

/** The lowest key above all that begin with `prefix` (which begins with an id below 0xffff). */
function successor(prefix: Buffer): Buffer {
  let length = prefix.length;
  while (prefix[length - 1] === 0xff) length--;
  const next = Buffer.from(prefix.subarray(0, length));
  next[length - 1] = next[length - 1]! + 1;
  return next;
}
