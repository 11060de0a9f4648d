import { describe, expect, it } from 'vitest';
import { correctSkew, readInstant } from './clock-skew.ts';

const NOON = Date.UTC(2026, 0, 31, 12);
const iso = (ms: number): string => new Date(ms).toISOString();

describe('an instant', () => {
  const read: [unknown, number][] = [
    ['2026-01-31T12:00:00.000Z', NOON],
    ['2026-01-31T12:00:00Z', NOON],
    ['2026-01-31T12:00Z', NOON],
    ['2026-01-31T13:00:00+01:00', NOON],
    ['2026-01-31T13:00:00+0100', NOON],
    ['2026-01-31T13:00:00+01', NOON],
    ['2026-01-31T06:30:00-05:30', NOON],
    ['2026-01-31T12:00:00', NOON],
    ['2026-01-31 12:00:00', NOON],
    ['2026-01-31 12:00:00 Z', NOON],
    ['2026-01-31t12:00:00z', NOON],
    ['2026-01-31T12:00:00.000000000Z', NOON],
    ['2026-01-31T12:00:00.123456Z', NOON + 123],
    ['2026-01-31', Date.UTC(2026, 0, 31)],
    ['Sat, 31 Jan 2026 12:00:00 GMT', NOON],
    ['1970-01-01T00:00:00.000Z', 0],
    [NOON, NOON],
    [NOON / 1000, NOON],
  ];
  it.each(read)('%j is read', (text, expected) => expect(readInstant(text)).toBe(expected));

  const refused = [
    'yesterday',
    '',
    'foo 1',
    '1',
    '31/01/2026',
    '2026-13-01T00:00:00Z',
    '2026-01-31T25:00:00Z',
    '12026-01-31',
    true,
    {},
    [],
    12,
    -1,
    NaN,
  ];
  it.each(refused)('%j is none', (text) => expect(readInstant(text)).toBeNull());
});

describe('clock skew', () => {
  it('takes the time of receipt where there is no timestamp', () => {
    for (const nothing of [undefined, null, '', 'null'])
      expect(correctSkew(nothing, NOON, NOON + 50)).toEqual({ timestamp: NOON + 50, originalTimestamp: null });
  });
  it('keeps the timestamp where the client does not say when it sent', () => {
    expect(correctSkew(iso(NOON - 5_000), null, NOON).valueOf()).toEqual({
      timestamp: NOON - 5_000,
      originalTimestamp: iso(NOON - 5_000),
    });
  });
  it('moves the timestamp by what the client’s clock is wrong', () => {
    const wrongBy = 3_600_000;
    expect(correctSkew(iso(NOON - 5_000 + wrongBy), NOON + wrongBy, NOON + 20)).toMatchObject({
      timestamp: NOON - 4_980,
    });
  });
  it('corrects a clock that was reset to 1970', () => {
    expect(correctSkew('1970-01-01T00:05:00Z', 360_000, NOON)).toMatchObject({ timestamp: NOON - 60_000 });
  });
  it('refuses a timestamp that cannot be read', () => {
    expect(correctSkew('yesterday', null, NOON)).toBe('invalid-timestamp');
  });
  it.each(['2024-02-30T00:00:00Z', '2023-02-29', '2024-04-31T10:00:00.000Z', '1900-02-29', '2024-01-32'])(
    'refuses a day that no calendar has: %s',
    (day) => expect(correctSkew(day, null, NOON)).toBe('invalid-timestamp'),
  );
  it.each(['2024-02-29', '2000-02-29', '2024-01-31', '2024-12-31', '2024-04-30'])(
    'takes the last day of a month: %s',
    (day) => expect(correctSkew(day, null, NOON)).toMatchObject({ timestamp: Date.parse(day) }),
  );
  it('takes the time of receipt for a time before 1970, and keeps what was sent', () => {
    expect(correctSkew('1969-12-31T23:59:59Z', null, NOON)).toEqual({
      timestamp: NOON,
      originalTimestamp: '1969-12-31T23:59:59Z',
    });
  });
  it('takes 1970 itself as it is', () => {
    expect(correctSkew('1970-01-01T00:00:00Z', null, NOON)).toMatchObject({ timestamp: 0 });
  });
  it('takes the time of receipt for a time more than 24 hours ahead after correction', () => {
    const day = 86_400_000;
    expect(correctSkew(iso(NOON + day), null, NOON)).toMatchObject({ timestamp: NOON + day });
    expect(correctSkew(iso(NOON + day + 1), null, NOON)).toMatchObject({ timestamp: NOON });
    expect(correctSkew(iso(NOON + 3 * day), NOON + 3 * day, NOON)).toMatchObject({
      timestamp: NOON,
      originalTimestamp: iso(NOON + 3 * day),
    });
    expect(correctSkew(iso(NOON + 3 * day - 1), NOON + 3 * day, NOON)).toMatchObject({ timestamp: NOON - 1 });
  });
});
