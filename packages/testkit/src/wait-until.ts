import type { Clock } from '@cairn/clock/clock.ts';

export interface WaitOptions {
  /** By the given clock (ms); default 10,000. */
  timeoutMs?: number;
  /** How far a virtual clock is moved, or how long a real one is slept, between two looks (ms); default 5. */
  stepMs?: number;
  /** What is waited for, for the error. */
  what?: string;
}

/**
 * Resolves once `condition` holds (or resolves to true). A virtual clock is advanced while it does not, a real one is slept on.
 * Rejects when the timeout has passed on that clock.
 */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  clock: Clock & { advance?(ms: number): Promise<void> },
  { timeoutMs = 10_000, stepMs = 5, what = condition.toString() }: WaitOptions = {},
): Promise<void> {
  const until = clock.now() + timeoutMs;
  // A virtual clock moved by 0 lets the promises at hand settle first.
  if (clock.advance) await clock.advance(0);
  while (!(await condition())) {
    if (clock.now() >= until) throw new Error(`after ${timeoutMs} ms still not: ${what}`);
    if (clock.advance) await clock.advance(stepMs);
    else await clock.sleep(stepMs);
  }
}
