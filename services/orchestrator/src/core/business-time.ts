/**
 * Business time: working days counted whole, midnight to midnight in a zone; days off and public holidays have no length. So 3
 * business days after Friday 15:00 is Wednesday 15:00, whatever the clocks do in between. Never reads the current time.
 */
import type { Duration } from '@cairn/contracts/duration.ts';
import type { BusinessHours } from '@cairn/contracts/generated/journey-definition.ts';
import { createHolidays } from './holidays.ts';
import { DAY_MS, createZone } from './zone.ts';

export interface BusinessTime {
  /** Epoch ms after `duration` from `from`; business days in this calendar. Never before `from`. */
  add(from: number, duration: Duration): number;
  /** Working days between two instants, in fractions of a wall-clock day; negative where `to` is before `from`. */
  daysBetween(from: number, to: number): number;
  /** `at`, if it is within working hours, else their next start. */
  nextWorkingMoment(at: number): number;
  isWorkingDay(at: number): boolean;
  /** Epoch ms → wall time (ms) of the zone. */
  wallOf(at: number): number;
}

export interface BusinessTimeOptions {
  zone: string;
  /** 1 = Monday … 7 = Sunday. */
  days: readonly number[];
  /** Countries or regions (`PL`, `DE-BY`) and dates (`2026-12-24`). */
  holidays: readonly string[];
  /** Milliseconds after midnight on the wall clock. */
  hours: { from: number; to: number };
}

/** A calendar in which nobody works for a year is a mistake; looking on would never end. */
const DAYS_LOOKED_AHEAD = 370;
/** Eleven years; past it the memory starts anew. */
const REMEMBERED_DAYS = 4_000;

const WEEKDAYS: readonly string[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

/** As a checked definition says it; what it leaves out: Monday to Friday, the whole day, no holidays, UTC. */
export function businessTimeOf(zone: string | undefined, hours: BusinessHours | undefined): BusinessTime {
  const holidays = hours?.holidays ?? [];
  return createBusinessTime({
    zone: zone ?? 'UTC',
    days: (hours?.days ?? WEEKDAYS.slice(0, 5)).map((day) => WEEKDAYS.indexOf(day) + 1),
    holidays: typeof holidays === 'string' ? [holidays] : holidays,
    hours: { from: timeOfDayMs(hours?.from ?? '00:00'), to: timeOfDayMs(hours?.to ?? '24:00') },
  });
}

function timeOfDayMs(text: string): number {
  const [hours, minutes] = text.split(':').map(Number);
  return (hours! * 60 + minutes!) * 60_000;
}

export function createBusinessTime(options: BusinessTimeOptions): BusinessTime {
  const zone = createZone(options.zone);
  const isHoliday = createHolidays(options.holidays);
  const weekdays = new Set(options.days);
  const working = new Map<number, boolean>();
  const { hours } = options;

  /** Days are numbered from 1 January 1970 of the wall clock. */
  function works(day: number): boolean {
    let known = working.get(day);
    if (known === undefined) {
      // Day 0 was a Thursday.
      known = weekdays.has(((((day + 3) % 7) + 7) % 7) + 1) && !isHoliday(day);
      if (working.size >= REMEMBERED_DAYS) working.clear();
      working.set(day, known);
    }
    return known;
  }

  function nextWorkingDay(after: number): number {
    let day = after + 1;
    for (let looked = 0; !works(day) && looked < DAYS_LOOKED_AHEAD; looked++) day++;
    return day;
  }

  function addBusinessDays(from: number, count: number): number {
    const wall = zone.toWall(from);
    let day = Math.floor(wall / DAY_MS);
    let timeOfDay = wall - day * DAY_MS;
    if (!works(day)) {
      day = nextWorkingDay(day);
      timeOfDay = 0;
    }
    for (let i = 0; i < count; i++) day = nextWorkingDay(day);
    // The second reading of an hour that comes twice would else end before it began.
    return Math.max(from, zone.toInstant(day * DAY_MS + timeOfDay));
  }

  function daysFrom(from: number, to: number): number {
    const fromWall = zone.toWall(from);
    const toWall = zone.toWall(to);
    const first = Math.floor(fromWall / DAY_MS);
    const last = Math.floor(toWall / DAY_MS);
    let days = 0;
    for (let day = first; day < last; day++) if (works(day)) days++;
    if (works(first)) days -= fromWall / DAY_MS - first;
    if (works(last)) days += toWall / DAY_MS - last;
    return Math.max(0, days);
  }

  return {
    add: (from, duration) => ('ms' in duration ? from + duration.ms : addBusinessDays(from, duration.businessDays)),
    daysBetween: (from, to) => (to < from ? -daysFrom(to, from) : daysFrom(from, to)),
    nextWorkingMoment(at) {
      const wall = zone.toWall(at);
      const day = Math.floor(wall / DAY_MS);
      const timeOfDay = wall - day * DAY_MS;
      if (works(day) && timeOfDay >= hours.from && timeOfDay < hours.to) return at;
      const next = works(day) && timeOfDay < hours.from ? day : nextWorkingDay(day);
      return Math.max(at, zone.toInstant(next * DAY_MS + hours.from));
    },
    isWorkingDay: (at) => works(Math.floor(zone.toWall(at) / DAY_MS)),
    wallOf: (at) => zone.toWall(at),
  };
}
