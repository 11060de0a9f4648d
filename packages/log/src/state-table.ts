import type { StateChange, StateEntry, StateReader } from './log.ts';
import { createTimerIndex } from './timer-index.ts';

/**
 * A partition's state in memory, with its timers. Lean enough for millions of journeys: a value is kept as a one-byte string (a
 * Uint8Array of its own costs about 300 B beside its bytes, a string 24 B) and handed out as fresh bytes on every `get`.
 */
export interface StateTable extends StateReader {
  /** Folds one change in. */
  apply(change: StateChange): void;
  size(): number;
}

/** Stale timers are swept when they outnumber the live ones by this much. */
const STALE_TIMERS_ALLOWED = 1_024;
const NO_TIMERS: Readonly<Record<string, number>> = Object.freeze({});

interface Entry {
  /** Latin-1: one character a byte. */
  value: string | null;
  timers: Readonly<Record<string, number>>;
}

export function createStateTable(): StateTable {
  const entries = new Map<string, Entry>();
  const timers = createTimerIndex((key, purpose) => entries.get(key)?.timers[purpose]);
  let liveTimers = 0;

  function apply(change: StateChange): void {
    const before = entries.get(change.key);
    const purposes = Object.keys(change.timers);
    liveTimers += purposes.length - (before ? Object.keys(before.timers).length : 0);
    if (change.value === null && purposes.length === 0) {
      entries.delete(change.key);
    } else {
      const value = change.value === null ? null : toLatin1(change.value);
      const kept = purposes.length === 0 ? NO_TIMERS : copyTimers(change.timers);
      if (before) {
        const previous = before.timers;
        before.value = value;
        before.timers = kept;
        for (const purpose of purposes) indexTimer(change.key, purpose, previous[purpose], kept[purpose]!);
      } else {
        entries.set(change.key, { value, timers: kept });
        for (const purpose of purposes) indexTimer(change.key, purpose, undefined, kept[purpose]!);
      }
    }
    if (timers.size() > 2 * liveTimers + STALE_TIMERS_ALLOWED) sweep();
  }

  function indexTimer(key: string, purpose: string, before: number | undefined, after: number): void {
    if (before === undefined || after < before) timers.add(after, key, purpose);
  }

  function sweep(): void {
    timers.clear();
    for (const [key, entry] of entries)
      for (const purpose of Object.keys(entry.timers)) timers.add(entry.timers[purpose]!, key, purpose);
  }

  return {
    apply,
    size: () => entries.size,
    get(key) {
      const entry = entries.get(key);
      return entry && read(entry);
    },
    *entries(prefix = '') {
      for (const [key, entry] of entries) if (key.startsWith(prefix)) yield [key, read(entry)];
    },
    due: timers.due,
    nextDue: timers.nextDue,
  };
}

function read(entry: Entry): StateEntry {
  return { value: entry.value === null ? null : Buffer.from(entry.value, 'latin1'), timers: entry.timers };
}

function toLatin1(value: Uint8Array): string {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1');
}

/** One shape for all entries with the same purposes (V8 shares it), whatever the caller's object was. */
function copyTimers(timers: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return { ...timers };
}
