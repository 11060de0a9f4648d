import { describe, expect, it } from 'vitest';
import { formatDuration, formatInstant, instantOf, parseIsoTime, wallClock, zoneOffset } from './calendar.ts';
import { createVirtualClock, seededRandom } from './clock.virtual.ts';

describe('the virtual clock', () => {
  it('fires timers in the order of their due time, ties in the order they were set, and never early', async () => {
    const clock = createVirtualClock(1_000);
    const fired: string[] = [];
    clock.after(20, () => fired.push(`b@${clock.now()}`));
    clock.after(10, () => fired.push(`a@${clock.now()}`));
    clock.after(20, () => fired.push(`c@${clock.now()}`));
    await clock.advance(19);
    expect(fired).toEqual(['a@1010']);
    await clock.advance(1);
    expect(fired).toEqual(['a@1010', 'b@1020', 'c@1020']);
  });

  it('lets a sleeper that is woken sleep again within one advance', async () => {
    const clock = createVirtualClock();
    const seen: number[] = [];
    void (async () => {
      for (let i = 0; i < 3; i++) {
        await clock.sleep(10);
        seen.push(clock.now());
      }
    })();
    await clock.advance(30);
    expect(seen).toEqual([10, 20, 30]);
  });

  it('draws the same numbers from the same seed', () => {
    const [a, b] = [seededRandom(7), seededRandom(7)];
    expect(Array.from({ length: 5 }, a)).toEqual(Array.from({ length: 5 }, b));
  });
});

describe('the calendar', () => {
  it.each([
    '5',
    '2001',
    'May 2001',
    '2026-02-30',
    '2026-02-29T08:00Z',
    '2026-04-31T08:00:00+02:00',
    '2026-1-5',
    '2026-01-31 08:00',
    '2026-01-31T08',
    '',
  ])('%j is no ISO time', (text) => expect(parseIsoTime(text)).toBeNull());
  it('reads ISO times, in UTC where no zone is said', () => {
    const at = Date.UTC(2026, 0, 31, 8);
    for (const text of ['2026-01-31T08:00Z', '2026-01-31T08:00:00', '2026-01-31T09:00:00.000+01:00'])
      expect(parseIsoTime(text)).toBe(at);
    expect(parseIsoTime('2026-01-31')).toBe(Date.UTC(2026, 0, 31));
    expect(parseIsoTime('2028-02-29T00:30:00+13:45')).toBe(Date.UTC(2028, 1, 28, 10, 45));
  });

  it('reads the wall clock of a zone on both sides of a DST change', () => {
    expect(wallClock(Date.UTC(2026, 2, 29, 0, 59), 'Europe/Warsaw')).toMatchObject({ hour: 1, minute: 59, weekday: 7 });
    expect(wallClock(Date.UTC(2026, 2, 29, 1, 0), 'Europe/Warsaw')).toMatchObject({ hour: 3, minute: 0 });
    expect(zoneOffset(Date.UTC(2026, 0, 1), 'America/St_Johns')).toBe(-3.5 * 3_600_000);
  });

  it('finds the instant of a wall clock, also where it is skipped or happens twice', () => {
    expect(instantOf(2026, 6, 1, 9, 0, 'Europe/Warsaw')).toBe(Date.UTC(2026, 5, 1, 7));
    expect(wallClock(instantOf(2026, 3, 29, 2, 30, 'Europe/Warsaw'), 'Europe/Warsaw')).toMatchObject({
      hour: 3,
      minute: 30,
    });
    expect(instantOf(2026, 10, 25, 2, 30, 'Europe/Warsaw')).toBe(Date.UTC(2026, 9, 25, 0, 30));
    expect(instantOf(2026, 1, 32, 0, 0, 'UTC')).toBe(Date.UTC(2026, 1, 1));
  });

  it('round-trips every hour of two years in zones with and without DST', () => {
    for (const zone of ['Europe/Amsterdam', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe'])
      for (let ms = Date.UTC(2025, 0, 1); ms < Date.UTC(2027, 0, 1); ms += 37 * 3_600_000) {
        const wall = wallClock(ms, zone);
        const back = instantOf(wall.year, wall.month, wall.day, wall.hour, wall.minute, zone);
        expect(wallClock(back, zone)).toEqual({ ...wall, second: 0 });
      }
  });

  it('writes instants as Date does, over all the years it knows', () => {
    const random = seededRandom(3);
    const some = [
      0, -1, 1, 999, 86_399_999, 86_400_000, -86_400_001, 8.64e15, -8.64e15, 253_402_300_800_000, 1.5,
      -62_198_755_200_000,
    ];
    for (let i = 0; i < 2_000; i++) some.push(Math.floor((random() - 0.3) * 4e12));
    for (const ms of some) expect(formatInstant(ms)).toBe(new Date(ms).toISOString());
    expect(() => formatInstant(Number.NaN)).toThrow(RangeError);
    expect(() => formatInstant(9e15)).toThrow(RangeError);
  });

  it('writes durations in days and time', () => {
    expect(formatDuration(277_200_000)).toBe('P3DT5H');
    expect(formatDuration(0)).toBe('PT0S');
    expect(formatDuration(1_500)).toBe('PT1.5S');
    expect(formatDuration(-86_400_000)).toBe('-P1D');
  });
});
