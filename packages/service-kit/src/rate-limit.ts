/**
 * How many requests a token may make: a burst, then a steady rate. One bucket a token, filled when it is looked at. Decides nothing about who
 * may do what; a request without a token is not counted, for it is refused anyway.
 */
import type { Clock } from '@cairn/clock/clock.ts';
import { tokenOf } from './authorise.ts';
import { ProblemError } from './problem.ts';

/** Twice what is promised (500/s): a page that opens asks some dozen things, a nightly export pages as fast as it can. */
export const REQUESTS_PER_SECOND = 1_000;
/** Two seconds of it at once. */
export const REQUESTS_BURST = 2_000;
/** Tokens kept in one generation: two of them are some MB. A token that falls out starts with a full bucket. */
const BUCKETS_MAX = 10_000;

interface Bucket {
  left: number;
  /** Monotonic ms. */
  filledAt: number;
}

/** Throws a 429 problem with `Retry-After` once a token asks faster than it may. */
export type CountRequest = (request: Parameters<typeof tokenOf>[0]) => void;

export function createRateLimit(clock: Pick<Clock, 'monotonic'>): CountRequest {
  let buckets = new Map<string, Bucket>();
  let older = new Map<string, Bucket>();

  function bucketOf(token: string, now: number): Bucket {
    const found = buckets.get(token);
    if (found) return found;
    if (buckets.size >= BUCKETS_MAX) {
      older = buckets;
      buckets = new Map();
    }
    const bucket = older.get(token) ?? { left: REQUESTS_BURST, filledAt: now };
    buckets.set(token, bucket);
    return bucket;
  }

  return function countRequest(request) {
    const found = tokenOf(request);
    if (!found) return;
    const now = clock.monotonic();
    const bucket = bucketOf(found.token, now);
    bucket.left = Math.min(REQUESTS_BURST, bucket.left + ((now - bucket.filledAt) / 1_000) * REQUESTS_PER_SECOND);
    bucket.filledAt = now;
    if (bucket.left < 1)
      throw new ProblemError({
        status: 429,
        code: 'too-many-requests',
        title: `A token may make ${REQUESTS_PER_SECOND} requests a second`,
        retryAfterSeconds: 1,
      });
    bucket.left -= 1;
  };
}
