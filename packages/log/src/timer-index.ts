import { compareKeys } from './key-order.ts';
import type { DueTimer } from './log.ts';

/**
 * Which timer is due next: a binary heap in three columns (about 24 B an entry). It may hold stale entries: the truth is asked
 * on popping (`truth`), a timer that moved later is put back at its true time, one that is gone is dropped. So a deadline that
 * every touchpoint pushes into the future costs nothing until the old one comes up.
 */
export interface TimerIndex {
  /** Tells of a timer that is new or moved earlier. One that moved later or vanished need not be told. */
  add(dueAt: number, key: string, purpose: string): void;
  /** Up to `limit` timers with `dueAt <= before`, in order of (dueAt, key, purpose). Takes nothing away. */
  due: (before: number, limit: number) => DueTimer[];
  nextDue: () => number | null;
  /** Entries held, stale ones included. */
  size(): number;
  /** Forgets everything; the caller adds again what is true. */
  clear(): void;
}

/** `truth` is a timer's committed due time, undefined when there is no such timer. */
export function createTimerIndex(truth: (key: string, purpose: string) => number | undefined): TimerIndex {
  let dueAts = new Float64Array(64);
  let keys: string[] = [];
  let purposes: string[] = [];
  let size = 0;

  function before(a: number, b: number): boolean {
    if (dueAts[a] !== dueAts[b]) return dueAts[a]! < dueAts[b]!;
    const byKey = compareKeys(keys[a]!, keys[b]!);
    return byKey !== 0 ? byKey < 0 : compareKeys(purposes[a]!, purposes[b]!) < 0;
  }

  function swap(a: number, b: number): void {
    const dueAt = dueAts[a]!;
    dueAts[a] = dueAts[b]!;
    dueAts[b] = dueAt;
    const key = keys[a]!;
    keys[a] = keys[b]!;
    keys[b] = key;
    const purpose = purposes[a]!;
    purposes[a] = purposes[b]!;
    purposes[b] = purpose;
  }

  function add(dueAt: number, key: string, purpose: string): void {
    if (size === dueAts.length) {
      const grown = new Float64Array(Math.ceil(size * 1.5));
      grown.set(dueAts);
      dueAts = grown;
    }
    dueAts[size] = dueAt;
    keys[size] = key;
    purposes[size] = purpose;
    let child = size++;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!before(child, parent)) break;
      swap(child, parent);
      child = parent;
    }
  }

  function pop(): DueTimer {
    const top = { key: keys[0]!, purpose: purposes[0]!, dueAt: dueAts[0]! };
    size--;
    swap(0, size);
    keys.pop();
    purposes.pop();
    let parent = 0;
    for (;;) {
      let first = parent;
      const left = 2 * parent + 1;
      if (left < size && before(left, first)) first = left;
      if (left + 1 < size && before(left + 1, first)) first = left + 1;
      if (first === parent) break;
      swap(parent, first);
      parent = first;
    }
    return top;
  }

  /** Makes the top a true one, or the index empty. */
  function settleTop(): void {
    while (size > 0) {
      const dueAt = truth(keys[0]!, purposes[0]!);
      if (dueAt === dueAts[0]) return;
      const stale = pop();
      // Moved later: back in at its true time. Moved earlier: `add` was told of it, an entry for it came up already.
      if (dueAt !== undefined && dueAt > stale.dueAt) add(dueAt, stale.key, stale.purpose);
    }
  }

  return {
    add,
    due(until, limit) {
      const due: DueTimer[] = [];
      for (settleTop(); size > 0 && dueAts[0]! <= until && due.length < limit; settleTop()) {
        const timer = pop();
        const last = due.at(-1);
        // One timer may be in the heap twice (moved later, then back): its copies come up one after the other.
        if (last?.key === timer.key && last.purpose === timer.purpose) continue;
        due.push(timer);
      }
      for (const timer of due) add(timer.dueAt, timer.key, timer.purpose);
      return due;
    },
    nextDue() {
      settleTop();
      return size === 0 ? null : dueAts[0]!;
    },
    size: () => size,
    clear() {
      dueAts = new Float64Array(64);
      keys = [];
      purposes = [];
      size = 0;
    },
  };
}
