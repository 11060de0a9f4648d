/** The instants of `--tick "12:00"` on every local day, or on those of `--tick-dates 2012-01-09..2012-03-09,2012-03-31`. */
import { formatInstant, instantOf, parseInstant, wallClock } from '@cairn/clock/calendar.ts';

export interface TickSettings {
  hour: number;
  minute: number;
  /** First and last day, in days since 1970, in order; null: every day. */
  days: readonly (readonly [from: number, to: number])[] | null;
}

const DAY_MS = 86_400_000;

/** What was written wrongly, in a sentence; else the settings. */
export function readTicks(time: string, dates: string | null): TickSettings | string {
  const clock = /^(\d{1,2}):(\d{2})$/.exec(time.trim());
  const hour = Number(clock?.[1]);
  const minute = Number(clock?.[2]);
  if (!clock || hour > 23 || minute > 59) return `--tick takes a time of day like 12:00, not '${time}'`;
  if (dates === null) return { hour, minute, days: null };
  const days: [number, number][] = [];
  for (const part of dates.split(',')) {
    const [from, to, ...more] = part.split('..').map((text) => dayOf(text.trim()));
    const last = to === undefined ? from : to;
    if (more.length > 0 || from === null || last === null || from === undefined || last === undefined)
      return `--tick-dates takes days like 2012-01-09..2012-03-09,2012-03-31, not '${part.trim()}'`;
    if (last < from) return `--tick-dates: ${part.trim()} ends before it begins`;
    days.push([from, last]);
  }
  return { hour, minute, days: days.sort(([a], [b]) => a - b) };
}

/** Rising, each once, from the first at or after `from`; without end where every day is asked for. `zone`: IANA. */
export function* tickTimes({ hour, minute, days }: TickSettings, zone: string, from: number): Generator<number> {
  const wall = wallClock(from, zone);
  const first = Math.floor(instantOf(wall.year, wall.month, wall.day, 0, 0, 'UTC') / DAY_MS);
  let next = first;
  for (const [start, end] of days ?? [[first, Infinity] as const]) {
    for (let day = Math.max(next, start); day <= end; day++) {
      next = day + 1;
      const at = instantOf(1970, 1, 1 + day, hour, minute, zone);
      if (at >= from) yield at;
    }
  }
}

/** Days since 1970; null where it is no day. */
function dayOf(text: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return null;
  const at = parseInstant(`${text}T00:00:00Z`);
  // 30 February would be read as 1 March.
  return at === null || !formatInstant(at).startsWith(text) ? null : at / DAY_MS;
}
