/**
 * The week's rhythm: how much of the buyers' activity falls into each hour of the week. Silence over a week-end is no silence; so
 * exposure is counted in days of average activity instead of days of the clock.
 */
import { DAY_MS, HOUR_MS } from './bins.ts';

export const HOURS_A_WEEK = 168;
const WEEK_MS = 7 * DAY_MS;
/** What is shipped: five days, mostly from 8 to 20 o'clock. Hour 0 is Thursday 00:00 on the wall clock, as on 1 January 1970. */
const SHIPPED: readonly number[] = Array.from({ length: HOURS_A_WEEK }, (_, hour) => {
  const weekday = (Math.floor(hour / 24) + 3) % 7;
  const time = hour % 24;
  return (weekday < 5 ? 1 : 0.35) * (time >= 8 && time < 20 ? 1 : 0.25);
});
/** Touches after which what was seen weighs as much as what was shipped: for the days and for the hours of a day. */
const DAYS_PRIOR = 60;
const CELLS_PRIOR = 150;
/** Some activity at any hour: nothing is impossible because it was not seen yet. */
const FLOOR = 0.02;

export interface Rhythm {
  /** Days of average activity between two wall times (ms). */
  between(fromWall: number, toWall: number): number;
}

/** `counts`: touches seen in each hour of the week. */
export function rhythmOf(counts: Float32Array): Rhythm {
  const profile = profileOf(counts);
  const before = new Float64Array(HOURS_A_WEEK + 1);
  for (let hour = 0; hour < HOURS_A_WEEK; hour++) before[hour + 1] = before[hour]! + profile[hour]! / 24;

  function upTo(wall: number): number {
    const week = Math.floor(wall / WEEK_MS);
    const within = wall - week * WEEK_MS;
    const hour = Math.floor(within / HOUR_MS);
    return week * 7 + before[hour]! + ((within - hour * HOUR_MS) / DAY_MS) * profile[hour]!;
  }
  return { between: (fromWall, toWall) => (toWall <= fromWall ? 0 : upTo(toWall) - upTo(fromWall)) };
}

export function hourOfWeek(wall: number): number {
  return Math.floor((((wall % WEEK_MS) + WEEK_MS) % WEEK_MS) / HOUR_MS);
}

/** Mean 1. Hours shrink towards (their day × the usual hours of a day), days towards what is shipped. */
function profileOf(counts: Float32Array): Float64Array {
  const shippedSum = sumOf(SHIPPED);
  const total = sumOf(counts);
  const days = new Float64Array(7);
  const times = new Float64Array(24);
  for (let hour = 0; hour < HOURS_A_WEEK; hour++) {
    const shipped = SHIPPED[hour]! / shippedSum;
    days[Math.floor(hour / 24)]! += (counts[hour]! + DAYS_PRIOR * shipped) / (total + DAYS_PRIOR);
    times[hour % 24]! += (counts[hour]! + DAYS_PRIOR * shipped) / (total + DAYS_PRIOR);
  }
  const profile = new Float64Array(HOURS_A_WEEK);
  for (let hour = 0; hour < HOURS_A_WEEK; hour++) {
    const expected = days[Math.floor(hour / 24)]! * times[hour % 24]!;
    const share = (counts[hour]! + CELLS_PRIOR * expected) / (total + CELLS_PRIOR);
    profile[hour] = share * HOURS_A_WEEK * (1 - FLOOR) + FLOOR;
  }
  return profile;
}

function sumOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum;
}
