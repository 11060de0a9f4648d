/** The view's dead letters: the newest of each workspace, bounded. The topic and the history keep the rest. */
import type { DeadLetter } from '@cairn/contracts/generated/dead-letter.ts';
import { type ListPlace, mergeRanges } from './merge-ranges.ts';
import type { ViewStore } from './view-store.ts';

export interface ViewDeadLetters {
  apply(letter: DeadLetter): void;
  remove(workspace: string, which: (letter: DeadLetter) => boolean): void;
  /** Newest first. Committed state only. */
  list(
    workspace: string,
    reason: string | null,
    options: { from: ListPlace | null; limit: number; budget: number },
  ): { items: DeadLetter[]; next: ListPlace | null };
}

/** Of a workspace. A flood of refusals must not fill the disk; whoever needs more asks the history. */
export const DEAD_LETTERS_KEPT = 10_000;
const TRIM_AFTER = 1_000;
const TRIM_AT = DEAD_LETTERS_KEPT + TRIM_AFTER;

export function createViewDeadLetters(store: ViewStore): ViewDeadLetters {
  const letters = store.table<DeadLetter>('dead-letters', 'json');
  const counts = new Map<string, number>();
  const all = (workspace: string): { start: (string | number)[]; end: (string | number)[] } => ({
    start: [workspace, -Infinity],
    end: [workspace, Infinity],
  });

  /** Of what is committed; the rest with a later letter. */
  function trim(workspace: string, count: number): void {
    const surplus = Math.max(0, letters.count(all(workspace)) - DEAD_LETTERS_KEPT);
    const { start, end } = all(workspace);
    // The oldest stand last: their order is a negative time.
    if (surplus > 0)
      for (const { key } of letters.range({ start: end, end: start, reverse: true, limit: surplus }))
        letters.remove(key);
    // Where the surplus is not committed yet, looked at again after as many.
    counts.set(workspace, count - Math.max(surplus, TRIM_AFTER));
  }

  return {
    apply(letter) {
      letters.put([letter.workspace, -letter.at, letter.id], letter);
      const count = (counts.get(letter.workspace) ?? letters.count(all(letter.workspace))) + 1;
      counts.set(letter.workspace, count);
      if (count >= TRIM_AT) trim(letter.workspace, count);
    },
    remove(workspace, which) {
      for (const { key, value } of letters.range(all(workspace))) if (which(value)) letters.remove(key);
    },
    list(workspace, reason, { from, limit, budget }) {
      const items: DeadLetter[] = [];
      let looked = 0;
      let place = from;
      for (const { value, at } of mergeRanges(letters, [{ prefix: [workspace] }], from)) {
        if (looked++ >= budget) return { items, next: place };
        if (reason === null || value.reason === reason) {
          if (items.length >= limit) return { items, next: place };
          items.push(value);
        }
        place = at;
      }
      return { items, next: null };
    },
  };
}
