import { parseDuration } from '@cairn/contracts/duration.ts';
import { murmur2 } from '@cairn/contracts/topics.ts';

/** Decides how long to wait after a failure. Never shortens a wait: jitter only adds, and a `Retry-After` is kept. Durations in ms. */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** The waits after the first, second, … failure (the first attempt is at once): 75 h in all. */
export const DEFAULT_SCHEDULE: readonly number[] = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
];

/** No single wait is longer, whatever the schedule or the receiver says: a `Retry-After` of ten years is a mistake. */
export const WAIT_MS_MAX = 24 * HOUR;
/** At most a fifth is added, so that what failed together does not come back together. */
export const JITTER_MAX = 0.2;
/** A chain is bounded: with 24 h each this is over three months. */
export const RETRIES_MAX = 100;

/**
 * The wait after failure number `failures` (1, 2, …), or null when the schedule is used up. `retryAfterMs`: what the receiver asked for.
 * The jitter is a hash of delivery and failure, so that a replay waits as long.
 */
export function waitAfterFailure(
  schedule: readonly number[],
  failures: number,
  retryAfterMs: number | null,
  deliveryId: string,
): number | null {
  const planned = schedule[failures - 1];
  if (planned === undefined) return null;
  const wait = Math.min(planned, WAIT_MS_MAX);
  const jittered = wait + Math.floor(wait * JITTER_MAX * fraction(`${deliveryId}/${failures}`));
  return Math.max(jittered, Math.min(retryAfterMs ?? 0, WAIT_MS_MAX));
}

/** `5s,5m, 2 hours`: N entries are N retries after the first attempt. Empty text: none. Throws a plain-English fault. */
export function parseSchedule(text: string): number[] {
  if (text.trim() === '') return [];
  const entries = text.split(',').map((entry) => entry.trim());
  if (entries.length > RETRIES_MAX) throw new Error(`has ${entries.length} entries; ${RETRIES_MAX} are allowed`);
  return entries.map((entry) => {
    const duration = parseDuration(entry);
    if (!duration || !('ms' in duration)) throw new Error(`has an entry that is no duration such as 5s or 2 hours`);
    if (duration.ms > WAIT_MS_MAX) throw new Error('has an entry over 24 hours');
    return duration.ms;
  });
}

const encoder = new TextEncoder();

/** A number in [0, 1) that depends on the text alone. */
function fraction(text: string): number {
  return (murmur2(encoder.encode(text)) >>> 0) / 4_294_967_296;
}
