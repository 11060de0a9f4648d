import { describe, expect, test } from 'vitest';
import { DEFAULT_SCHEDULE, JITTER_MAX, WAIT_MS_MAX, parseSchedule, waitAfterFailure } from './schedule.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('the schedule', () => {
  test('waits 5 s, 5 min, 30 min, 2, 5, 10, 14, 20 and 24 h, each from the failure before, and then gives up', () => {
    const planned = [5_000, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
    expect(DEFAULT_SCHEDULE).toEqual(planned);
    for (const [i, wait] of planned.entries()) {
      const waited = waitAfterFailure(DEFAULT_SCHEDULE, i + 1, null, 'msg_a')!;
      expect(waited).toBeGreaterThanOrEqual(wait);
      expect(waited).toBeLessThanOrEqual(wait * (1 + JITTER_MAX));
    }
    expect(waitAfterFailure(DEFAULT_SCHEDULE, 10, null, 'msg_a')).toBeNull();
  });

  test('adds a jitter that depends on delivery and failure alone, and spreads', () => {
    const waits = Array.from({ length: 200 }, (_, i) => waitAfterFailure(DEFAULT_SCHEDULE, 1, null, `msg_${i}`)!);
    expect(waits).toEqual(
      Array.from({ length: 200 }, (_, i) => waitAfterFailure(DEFAULT_SCHEDULE, 1, null, `msg_${i}`)),
    );
    expect(Math.min(...waits)).toBeLessThan(5_100);
    expect(Math.max(...waits)).toBeGreaterThan(5_900);
    expect(new Set(waits).size).toBeGreaterThan(100);
  });

  test('keeps the longer of schedule and Retry-After, at most 24 hours', () => {
    expect(waitAfterFailure([5_000], 1, 60_000, 'msg_a')).toBe(60_000);
    expect(waitAfterFailure([5_000], 1, 1, 'msg_a')).toBeGreaterThanOrEqual(5_000);
    expect(waitAfterFailure([5_000], 1, 10 * 365 * 24 * HOUR, 'msg_a')).toBe(WAIT_MS_MAX);
    expect(waitAfterFailure([48 * HOUR], 1, null, 'msg_a')).toBeLessThanOrEqual(WAIT_MS_MAX * (1 + JITTER_MAX));
  });

  test('a Retry-After does not prolong a schedule that is used up', () => {
    expect(waitAfterFailure([], 1, 60_000, 'msg_a')).toBeNull();
  });

  test.each([
    ['5s,5m', [5_000, 5 * MINUTE]],
    ['5 seconds, 2 hours', [5_000, 2 * HOUR]],
    ['250ms', [250]],
    ['', []],
    ['0', [0]],
  ])('the text %j has as many retries as entries', (text, schedule) => {
    expect(parseSchedule(text)).toEqual(schedule);
  });

  test.each(['5', '5s,', 'soon', '2 business days', '25h', '-5s', Array(101).fill('1s').join(',')])(
    'the text %j is refused',
    (text) => {
      expect(() => parseSchedule(text)).toThrow();
    },
  );
});
