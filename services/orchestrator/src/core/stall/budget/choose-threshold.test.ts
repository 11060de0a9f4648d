import { describe, expect, it } from 'vitest';
import { chooseThreshold, tallied, withoutOldDays, HIGHEST, LOWEST, type Tally } from './choose-threshold.ts';

const TODAY = 20_000;
/** Five of seven, as in most weeks. */
const weekdays = (days: number): number => (days * 5) / 7;

function known(tally: Tally, over: Partial<Parameters<typeof chooseThreshold>[0]> = {}) {
  return chooseThreshold({
    tally,
    since: TODAY - 60,
    today: TODAY,
    workingDays: weekdays,
    count: 5,
    share: 1,
    ...over,
  });
}

/** The same silences on each of the last `days` days: [probability, returned, stalled]. */
function daily(days: number, silences: readonly (readonly [number, number, number])[]): Tally {
  let tally: Tally = {};
  for (let day = TODAY - days; day < TODAY; day++)
    for (const [probability, returned, stalled] of silences) {
      for (let i = 0; i < returned; i++) tally = tallied(tally, day, probability, false);
      for (let i = 0; i < stalled; i++) tally = tallied(tally, day, probability, true);
    }
  return tally;
}

/** Every hundredth from 0.5 to 0.94 has one that returned, and two a day are stalls: 47 a day, 65.8 a working day. */
const EVEN = daily(28, [...Array.from({ length: 45 }, (_, i) => [0.5 + i / 100, 1, 0] as const), [1, 0, 2]]);

describe('the threshold of a budget', () => {
  it('is the lowest at which no more alerts are expected than the budget allows', () => {
    for (const count of [3, 5, 8, 20, 40, 65]) {
      const { threshold, expected } = known(EVEN, { count })!;
      expect(expected.perDay).toBeLessThanOrEqual(count);
      // One hundredth lower there is one silence a day more, 1.4 a working day.
      expect(expected.perDay + 1.4).toBeGreaterThan(count);
      const above = Math.round((0.95 - threshold) * 100);
      expect(expected.perDay).toBeCloseTo((2 + above) * 1.4, 1);
      expect(expected.precision).toBeCloseTo(2 / (2 + above), 3);
      expect(expected).toMatchObject({ overBudget: false, days: 28, silences: 47 * 28 });
    }
  });

  it('falls as the budget grows, and never under even odds', () => {
    const thresholds = [3, 5, 10, 20, 40, 1_000].map((count) => known(EVEN, { count })!.threshold);
    expect(thresholds).toEqual([...thresholds].sort((a, b) => b - a));
    expect(thresholds.at(-1)).toBe(LOWEST);
  });

  it('is the highest where stalls alone are more than the budget, and says so', () => {
    const { threshold, expected } = known(EVEN, { count: 1 })!;
    expect([threshold, expected.overBudget, expected.perDay, expected.precision]).toEqual([HIGHEST, true, 2.8, 1]);
  });

  it('is not chosen before two weeks are known, nor from two weeks of nothing', () => {
    expect(known(EVEN, { since: TODAY - 13 })).toBeNull();
    expect(known(EVEN, { since: TODAY - 14 })!.expected.days).toBe(14);
    expect(known({})).toBeNull();
    expect(known(tallied({}, TODAY - 29, 0.9, true))).toBeNull();
  });

  it('counts as many days as are known, up to four weeks', () => {
    const half = daily(14, [[0.8, 2, 3]]);
    expect(known(half, { since: TODAY - 14, count: 8 })!.expected).toMatchObject({ perDay: 7, days: 14, silences: 70 });
    expect(known(half, { count: 8 })!.expected).toMatchObject({ perDay: 3.5, days: 28, silences: 70 });
  });

  it('is chosen for one of several owners who take turns', () => {
    const alone = known(EVEN, { count: 5 })!;
    const four = known(EVEN, { count: 5, share: 4 })!;
    expect(four.threshold).toBeLessThan(alone.threshold);
    expect(four.expected.perDay).toBeLessThanOrEqual(5);
    expect(four.expected.perDay).toBeGreaterThan(4.6);
  });

  it('counts neither today, whose horizons are not over, nor days to come', () => {
    const tally = tallied(tallied(EVEN, TODAY, 0.9, true), TODAY + 9, 0.9, false);
    expect(known(tally)).toEqual(known(EVEN));
  });

  it('is the same for the same silences in whatever order they came', () => {
    const silences = Array.from({ length: 300 }, (_, i) => ({
      day: TODAY - 1 - (i % 28),
      p: 0.5 + ((i * 37) % 50) / 100,
    }));
    const fold = (list: typeof silences): Tally =>
      list.reduce<Tally>((tally, { day, p }) => tallied(tally, day, p, p > 0.9), {});
    const tally = fold(silences);
    expect(fold([...silences].reverse())).toEqual(tally);
    expect(known(fold([...silences].reverse()))).toEqual(known(tally));
  });

  it('leaves alone what could never have had an alert, and forgets days that are too old', () => {
    expect(tallied(EVEN, TODAY - 1, 0.499, false)).toBe(EVEN);
    const old = tallied(EVEN, TODAY - 29, 0.9, true);
    expect(withoutOldDays(old, TODAY)).toEqual(EVEN);
    expect(withoutOldDays(EVEN, TODAY)).toBe(EVEN);
  });
});
