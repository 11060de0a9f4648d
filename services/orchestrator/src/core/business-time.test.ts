import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatInstant, wallClock } from '@cairn/clock/calendar.ts';
import { createBusinessTime } from './business-time.ts';

const WEEK = [1, 2, 3, 4, 5];
const HOURS = { from: 9 * 3_600_000, to: 17 * 3_600_000 };
const warsaw = createBusinessTime({ zone: 'Europe/Warsaw', days: WEEK, holidays: ['PL'], hours: HOURS });
const at = (text: string): number => Date.parse(text);
const iso = formatInstant;

describe('business days', () => {
  // Warsaw: +01:00 in winter, +02:00 from 29 March 2026.
  const table: [from: string, days: number, expected: string, why: string][] = [
    [
      '2026-03-06T15:00:00+01:00',
      3,
      '2026-03-11T15:00:00+01:00',
      '3 business days after Friday 15:00 is Wednesday 15:00',
    ],
    ['2026-03-07T11:00:00+01:00', 3, '2026-03-12T00:00:00+01:00', 'a touch on a Saturday counts from Monday 00:00'],
    ['2026-03-08T23:59:59+01:00', 1, '2026-03-10T00:00:00+01:00', 'a touch on a Sunday counts from Monday 00:00'],
    [
      '2026-03-07T11:00:00+01:00',
      5,
      '2026-03-16T00:00:00+01:00',
      'what would end at the close of Friday ends on Monday 00:00',
    ],
    ['2026-03-06T00:00:00+01:00', 1, '2026-03-09T00:00:00+01:00', 'a whole Friday ends where Monday begins'],
    ['2026-03-03T20:00:00+01:00', 1, '2026-03-04T20:00:00+01:00', 'days are whole, whatever the working hours'],
    [
      '2026-03-27T15:00:00+01:00',
      1,
      '2026-03-30T15:00:00+02:00',
      'over the change to summer time the wall clock holds',
    ],
    ['2026-10-23T15:00:00+02:00', 1, '2026-10-26T15:00:00+01:00', 'and back'],
    [
      '2026-04-02T15:00:00+02:00',
      2,
      '2026-04-07T15:00:00+02:00',
      'Easter Monday has no length (Good Friday is a working day in Poland)',
    ],
    ['2026-04-30T15:00:00+02:00', 1, '2026-05-04T15:00:00+02:00', '1 May is a holiday, 3 May a Sunday'],
    ['2026-12-31T10:00:00+01:00', 1, '2027-01-04T10:00:00+01:00', 'New Year, over the year’s end'],
    ['2026-03-06T15:00:00+01:00', 0, '2026-03-06T15:00:00+01:00', 'none is now'],
  ];
  it.each(table)('after %s, %d: %s: %s', (from, days, expected) =>
    expect(iso(warsaw.add(at(from), { businessDays: days }))).toBe(iso(at(expected))),
  );

  it('count only the days that people work', () => {
    expect(warsaw.daysBetween(at('2026-03-06T15:00:00+01:00'), at('2026-03-11T15:00:00+01:00'))).toBe(3);
    expect(warsaw.daysBetween(at('2026-03-07T01:00:00+01:00'), at('2026-03-08T15:00:00+01:00'))).toBe(0);
    expect(warsaw.daysBetween(at('2026-03-06T12:00:00+01:00'), at('2026-03-07T12:00:00+01:00'))).toBe(0.5);
    expect(warsaw.daysBetween(at('2026-03-11T15:00:00+01:00'), at('2026-03-06T15:00:00+01:00'))).toBe(-3);
  });

  it('know the holidays of a region and dates of one’s own', () => {
    const bavaria = createBusinessTime({
      zone: 'Europe/Berlin',
      days: WEEK,
      holidays: ['DE-BY', '2026-06-05'],
      hours: HOURS,
    });
    const berlin = createBusinessTime({ zone: 'Europe/Berlin', days: WEEK, holidays: ['DE-BE'], hours: HOURS });
    const corpusChristi = at('2026-06-04T12:00:00+02:00');
    expect([bavaria.isWorkingDay(corpusChristi), berlin.isWorkingDay(corpusChristi)]).toEqual([false, true]);
    expect(bavaria.isWorkingDay(at('2026-06-05T12:00:00+02:00'))).toBe(false);
  });

  it('never end before they began, never on a day off, and later for a later start or more days', () => {
    const instants = fc.integer({ min: at('2024-01-01T00:00:00Z'), max: at('2028-01-01T00:00:00Z') });
    const zones = ['Europe/Warsaw', 'America/New_York', 'Australia/Lord_Howe', 'Pacific/Apia', 'UTC'].map((zone) =>
      createBusinessTime({ zone, days: WEEK, holidays: ['PL'], hours: HOURS }),
    );
    fc.assert(
      fc.property(
        instants,
        instants,
        fc.integer({ min: 1, max: 30 }),
        fc.constantFrom(...zones),
        (a, b, days, time) => {
          const [from, later] = a < b ? [a, b] : [b, a];
          const end = time.add(from, { businessDays: days });
          expect(end).toBeGreaterThan(from);
          expect(time.isWorkingDay(end)).toBe(true);
          expect(time.add(later, { businessDays: days })).toBeGreaterThanOrEqual(end);
          expect(time.add(from, { businessDays: days + 1 })).toBeGreaterThan(end);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('between a start and its end are as many as were added', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: at('2024-01-01T00:00:00Z'), max: at('2028-01-01T00:00:00Z') }),
        fc.integer({ min: 0, max: 30 }),
        (from, days) => {
          const end = warsaw.add(from, { businessDays: days });
          expect(warsaw.daysBetween(from, end)).toBeCloseTo(days, 6);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('in a calendar without a working day still end', () => {
    const never = createBusinessTime({ zone: 'UTC', days: [], holidays: [], hours: HOURS });
    expect(never.add(0, { businessDays: 2 })).toBeGreaterThan(0);
  });
});

describe('working hours', () => {
  const table: [string, string][] = [
    ['2026-03-06T15:00:00+01:00', '2026-03-06T15:00:00+01:00'],
    ['2026-03-06T09:00:00+01:00', '2026-03-06T09:00:00+01:00'],
    ['2026-03-06T08:59:59+01:00', '2026-03-06T09:00:00+01:00'],
    ['2026-03-06T17:00:00+01:00', '2026-03-09T09:00:00+01:00'],
    ['2026-03-07T12:00:00+01:00', '2026-03-09T09:00:00+01:00'],
    ['2026-03-28T12:00:00+01:00', '2026-03-30T09:00:00+02:00'],
    ['2026-04-30T18:00:00+02:00', '2026-05-04T09:00:00+02:00'],
  ];
  it.each(table)('the next working moment from %s is %s', (from, expected) =>
    expect(iso(warsaw.nextWorkingMoment(at(from)))).toBe(iso(at(expected))),
  );

  it('are wall-clock hours on every day of the year', () => {
    fc.assert(
      fc.property(fc.integer({ min: at('2024-01-01T00:00:00Z'), max: at('2028-01-01T00:00:00Z') }), (instant) => {
        const next = warsaw.nextWorkingMoment(instant);
        const { hour } = wallClock(next, 'Europe/Warsaw');
        expect(next).toBeGreaterThanOrEqual(instant);
        expect(hour).toBeGreaterThanOrEqual(9);
        expect(hour).toBeLessThan(17);
        expect(warsaw.nextWorkingMoment(next)).toBe(next);
      }),
      { numRuns: 300 },
    );
  });
});
