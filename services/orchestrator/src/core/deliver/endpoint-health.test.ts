import { describe, expect, test } from 'vitest';
import { HEALTHY, recordHealth } from './endpoint-health.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

function failAt(...times: number[]): ReturnType<typeof recordHealth>[] {
  let health = HEALTHY;
  return times.map((at) => {
    const next = recordHealth(health, false, at);
    health = next.health;
    return next;
  });
}

describe('an endpoint that only fails', () => {
  test('is given up after five days of failure that lay at least twelve hours apart', () => {
    expect(failAt(0, 13 * HOUR, 5 * DAY).at(-1)!.disable).toBe(true);
    expect(failAt(0, 13 * HOUR, 5 * DAY - 1).at(-1)!.disable).toBe(false);
  });

  test('is not given up for one bad hour and a quiet week', () => {
    expect(failAt(0, HOUR, 6 * DAY).at(-1)!.disable).toBe(false);
    expect(failAt(0, HOUR, 6 * DAY, 6 * DAY + 1).at(-1)!.disable).toBe(true);
  });

  test('is healthy again after one success', () => {
    const failing = failAt(0, 13 * HOUR, 4 * DAY).at(-1)!;
    expect(recordHealth(failing.health, true, 4 * DAY + 1)).toEqual({ health: HEALTHY, disable: false, warn: null });
  });

  test('is warned of at 50, 70 and 90 % of the way, once each', () => {
    const warned = failAt(0, 13 * HOUR, 2.4 * DAY, 2.5 * DAY, 2.6 * DAY, 3.5 * DAY, 4.5 * DAY, 4.6 * DAY);
    expect(warned.map((step) => step.warn)).toEqual([null, null, null, 0.5, null, 0.7, 0.9, null]);
  });
});
