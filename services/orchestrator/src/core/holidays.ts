/** Public holidays by country or region (date-holidays, type public), and dates of one's own. A year is worked out once and kept. */
import Holidays from 'date-holidays';
import { instantOf, isDate, parseInstant, wallClock } from '@cairn/clock/calendar.ts';

const DAY_MS = 86_400_000;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
/** A holiday of part of a day is a working day. */
const FULL_DAY_MS = 23 * 3_600_000;
/** What is kept of distant years (imports, slips of the clock) is bounded. */
const REMEMBERED_YEARS = 100;

/** Tells of a day (number of days since 1970-01-01 on the wall clock) whether it is a public holiday in any of the places. */
export function createHolidays(places: readonly string[]): (day: number) => boolean {
  if (places.length === 0) return () => false;
  const own = new Set(places.filter(looksLikeDate).map((date) => parseInstant(`${date}T00:00:00Z`)! / DAY_MS));
  const calendars = places.filter((place) => !looksLikeDate(place)).map(calendarOf);
  const years = new Map<number, ReadonlySet<number>>();

  function daysOf(year: number): ReadonlySet<number> {
    let days = years.get(year);
    if (!days) {
      days = new Set(calendars.flatMap((calendar) => holidaysOf(calendar, year)));
      if (years.size >= REMEMBERED_YEARS) years.clear();
      years.set(year, days);
    }
    return days;
  }

  return (day) => own.has(day) || (calendars.length > 0 && daysOf(wallClock(day * DAY_MS, 'UTC').year).has(day));
}

/** What is wrong with a place or date, in words; null when it is fine. */
export function faultOfPlace(place: string): string | null {
  if (looksLikeDate(place)) return isDate(place) ? null : `'${place}' is not a date`;
  if (/^\d/.test(place)) return `'${place}' is not a date; write it as 2026-12-24`;
  const [country = '', state, region] = partsOf(place);
  const known = new Holidays();
  const countries = known.getCountries('en') as Record<string, string>;
  if (!Object.hasOwn(countries, country))
    return `'${place}' is not a country whose holidays are known (PL, DE, DE-BY, …)`;
  if (state !== undefined && !hasKey(known.getStates(country, 'en'), state))
    return `'${place}' names no state or region of ${countries[country]}`;
  if (region !== undefined && !hasKey(known.getRegions(country, state!, 'en'), region))
    return `'${place}' names no region of ${countries[country]}`;
  return null;
}

function looksLikeDate(place: string): boolean {
  return DATE.test(place);
}

function hasKey(table: unknown, key: string): boolean {
  return typeof table === 'object' && table !== null && Object.hasOwn(table, key);
}

function partsOf(place: string): string[] {
  return place.toUpperCase().split(/[-.]/);
}

function calendarOf(place: string): Holidays {
  const [country = '', state, region] = partsOf(place);
  const options = { types: ['public' as const] };
  if (region !== undefined) return new Holidays(country, state!, region, options);
  return state === undefined ? new Holidays(country, options) : new Holidays(country, state, options);
}

function holidaysOf(calendar: Holidays, year: number): number[] {
  const days: number[] = [];
  for (const { date, start, end } of calendar.getHolidays(year)) {
    const length = end.getTime() - start.getTime();
    if (length < FULL_DAY_MS) continue;
    const [y, m, d] = date.slice(0, 10).split('-').map(Number);
    const first = instantOf(y!, m!, d!, 0, 0, 'UTC') / DAY_MS;
    for (let i = 0; i < Math.max(1, Math.round(length / DAY_MS)); i++) days.push(first + i);
  }
  return days;
}
