import type { Clock } from './clock.ts';
import { systemClock } from './clock.system.ts';

/** At a day in three seconds this is a quarter of an hour. */
const LOOK_EVERY_MS = 30;

/**
 * A clock for the demo: starts at `startMs` (in the past) and runs `speed` times as fast as the machine's until it has caught up
 * with it; from then on it is the machine's clock. Waits (`sleep`, `after`, `every`) are in real time, because they pace input and output:
 * only `now` is scaled.
 */
export function createScaledClock(startMs: number, speed: number, begunAt = systemClock.now()): Clock {
  const catchesUpAt = begunAt + (begunAt - startMs) / (speed - 1);
  const now = (): number => {
    const real = systemClock.now();
    return real >= catchesUpAt ? real : startMs + (real - begunAt) * speed;
  };
  return {
    ...systemClock,
    now,
    idleWaitMs: LOOK_EVERY_MS,
  };
}
