/**
 * The week's rhythm: how much of the buyers' activity falls into each hour of the week. Silence over a week-end is no silence; so
 * exposure is counted in days of average activity instead of days of the clock.
 */
import { DAY_MS, HOUR_MS } from './bins.ts';

export const HOURS_A_WEEK = 168;
/** Returns and expected returns. */
export const RHYTHM_LENGTH = 2 * HOURS_A_WEEK;
const WEEK_MS = 7 * DAY_MS;
/** What is shipped: five days, mostly from 8 to 20 o'clock, and not too sure of it. Hour 0 is Thursday 00:00 on the wall clock, as on 1 January 1970. */
const SHIPPED_DAYS = [1.1, 1.1, 0.75, 0.75, 1.1, 1.1, 1.1] as const;
const SHIPPED_TIMES = Array.from({ length: 24 }, (_, time) => (time >= 8 && time < 20 ? 1.3 : 0.7));
/** Returns that a day, an hour of the day, a cell of both are expected to have had when what was seen weighs as much as what was thought before. */
const DAYS_PRIOR = 12;
const TIMES_PRIOR = 12;
const CELLS_PRIOR = 40;
/** Some activity at any hour: nothing is impossible because it was not seen yet. */
const FLOOR = 0.02;

export interface Rhythm {
  /** Of each hour of the week; mean 1. */
  profile: Float64Array;
  /** Days of average activity between two wall times (ms). */
  between(fromWall: number, toWall: number): number;
}

/**
 * `seen`: 168 numbers of returns in each hour of the week, then 168 of returns that an even week would have had: what was at risk then.
 * Returns alone would take the days on which many buyers began for the days on which buyers move.
 */
export function rhythmOf(seen: Float32Array): Rhythm {
  const profile = profileOf(seen);
  const before = new Float64Array(HOURS_A_WEEK + 1);
  for (let hour = 0; hour < HOURS_A_WEEK; hour++) before[hour + 1] = before[hour]! + profile[hour]! / 24;

  function upTo(wall: number): number {
    const week = Math.floor(wall / WEEK_MS);
    const within = wall - week * WEEK_MS;
    const hour = Math.floor(within / HOUR_MS);
    return week * 7 + before[hour]! + ((within - hour * HOUR_MS) / DAY_MS) * profile[hour]!;
  }
  return { profile, between: (fromWall, toWall) => (toWall <= fromWall ? 0 : upTo(toWall) - upTo(fromWall)) };
}

export function hourOfWeek(wall: number): number {
  return Math.floor((((wall % WEEK_MS) + WEEK_MS) % WEEK_MS) / HOUR_MS);
}

/** Adds what an even week would have had between two wall times at a rate a day. */
export function expectReturns(seen: Float32Array, fromWall: number, toWall: number, rate: number): void {
  for (let wall = fromWall; wall < toWall; wall = Math.floor(wall / HOUR_MS + 1) * HOUR_MS) {
    const end = Math.min(toWall, Math.floor(wall / HOUR_MS + 1) * HOUR_MS);
    seen[HOURS_A_WEEK + hourOfWeek(wall)]! += (rate * (end - wall)) / DAY_MS;
  }
}

/** Mean 1. Cells shrink towards (their day × their hour of the day), those towards what is shipped. */
function profileOf(seen: Float32Array): Float64Array {
  const returns = new Float64Array(31);
  const expected = new Float64Array(31);
  let allReturns = 0;
  let allExpected = 0;
  for (let hour = 0; hour < HOURS_A_WEEK; hour++) {
    allReturns += seen[hour]!;
    allExpected += seen[HOURS_A_WEEK + hour]!;
    for (const place of [Math.floor(hour / 24), 7 + (hour % 24)]) {
      returns[place]! += seen[hour]!;
      expected[place]! += seen[HOURS_A_WEEK + hour]!;
    }
  }
  const scale = allExpected > 0 ? allReturns / allExpected : 1;
  const factor = (place: number, shipped: number, prior: number): number =>
    (returns[place]! + prior * shipped) / (expected[place]! * scale + prior);
  const profile = new Float64Array(HOURS_A_WEEK);
  let sum = 0;
  for (let hour = 0; hour < HOURS_A_WEEK; hour++) {
    const day = Math.floor(hour / 24);
    const time = hour % 24;
    const thought = factor(day, SHIPPED_DAYS[day]!, DAYS_PRIOR) * factor(7 + time, SHIPPED_TIMES[time]!, TIMES_PRIOR);
    const cell = (seen[hour]! + CELLS_PRIOR * thought) / (seen[HOURS_A_WEEK + hour]! * scale + CELLS_PRIOR) + FLOOR;
    profile[hour] = cell;
    sum += cell;
  }
  for (let hour = 0; hour < HOURS_A_WEEK; hour++) profile[hour]! *= HOURS_A_WEEK / sum;
  return profile;
}
