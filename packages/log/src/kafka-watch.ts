/**
 * Says what a member of a group waits for when it waits long. A partition that is taken in silence for minutes looks like a quiet
 * one from outside. Must never change anything.
 */
import type { Clock } from '@cairn/clock/clock.ts';
import type { Waiting } from './log.ts';

/** A partition is taken in well under a second, a group joined within the session of a dead member: what takes longer is worth a line. */
export const WATCH_MS = 10_000;

/**
 * Looks every ten seconds and tells what is as it was at the look before. `look`: partition (null: the group) → what it waits for, in
 * words. Returns how to end it.
 */
export function watchWaiting(
  clock: Clock,
  tell: (waiting: Waiting) => void,
  look: () => ReadonlyMap<number | null, string>,
): () => void {
  let before = new Map<number | null, { stage: string; since: number }>();
  return clock.every(WATCH_MS, () => {
    const now = clock.monotonic();
    const seen: typeof before = new Map();
    for (const [partition, stage] of look()) {
      const known = before.get(partition);
      const since = known?.stage === stage ? known.since : now;
      seen.set(partition, { stage, since });
      if (since < now) tell({ partition, stage, seconds: Math.round((now - since) / 1_000) });
    }
    before = seen;
  });
}
