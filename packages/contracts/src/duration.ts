/** The one parser of durations in words: definitions, the environment, schedules and commands all read them here. Pure. */

export type Duration = { ms: number } | { businessDays: number };

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  millisecond: 1,
  milliseconds: 1,
  s: 1_000,
  sec: 1_000,
  second: 1_000,
  seconds: 1_000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  minutes: 60_000,
  h: 3_600_000,
  hour: 3_600_000,
  hours: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  days: 86_400_000,
  w: 604_800_000,
  week: 604_800_000,
  weeks: 604_800_000,
};

/** 100 years: over it a duration is surely a slip, and date arithmetic on it would leave the range of instants. */
const DURATION_MS_MAX = 36_525 * 86_400_000;
/** Counting business days walks the calendar: 10,000 is 40 years of them. */
const BUSINESS_DAYS_MAX = 10_000;
const SHAPE = /^(\d{1,15}(?:\.\d{1,6})?)\s*([a-z]+(?: days?)?)$/;

/**
 * `5s`, `250ms`, `5 seconds`, `1.5 hours`, `3 days`, `5 business days`, and a bare `0`. Case and surrounding space do not matter.
 * Milliseconds are whole (rounded); business days are whole numbers. Null: this is no duration.
 */
export function parseDuration(text: string): Duration | null {
  const plain = text.trim().toLowerCase().replace(/\s+/g, ' ');
  if (plain === '0') return { ms: 0 };
  const match = SHAPE.exec(plain);
  if (!match) return null;
  const amount = Number(match[1]);
  const unit = match[2]!;
  if (unit === 'business day' || unit === 'business days')
    return Number.isInteger(amount) && amount <= BUSINESS_DAYS_MAX ? { businessDays: amount } : null;
  if (!Object.hasOwn(UNITS, unit)) return null;
  const ms = Math.round(amount * UNITS[unit]!);
  return ms <= DURATION_MS_MAX ? { ms } : null;
}
