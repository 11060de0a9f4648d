import type { ListPlace } from './merge-ranges.ts';

/** Entries looked at in one turn (some 20 ms), and for one page: a page may then be shorter than asked for, with a `next`. */
export const BUDGET_A_TURN = 5_000;
export const TURNS_MAX = 40;

/** Scans a list in turns, so that one wide search does not hold up the sockets. */
export async function inTurns<T>(
  limit: number,
  from: ListPlace | null,
  scan: (from: ListPlace | null, limit: number) => { found: T[]; next: ListPlace | null },
): Promise<{ found: T[]; next: ListPlace | null }> {
  const found: T[] = [];
  let place = from;
  for (let turn = 0; turn < TURNS_MAX; turn++) {
    const page = scan(place, limit - found.length);
    found.push(...page.found);
    place = page.next;
    if (place === null || found.length >= limit) break;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { found, next: place };
}
