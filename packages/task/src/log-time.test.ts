import { describe, expect, it } from 'vitest';
import { TICK_PAUSE_MS, advanceLogTime, lagSeconds, nextTickNotBefore, whenDrained } from './log-time.ts';

describe('log time', () => {
  it('never falls, though the log’s clock may', () => {
    expect([advanceLogTime(5, 9), advanceLogTime(9, 5)]).toEqual([9, 9]);
  });
});

describe('a drained inbox', () => {
  const idle = { nextDue: 100, now: 40, tickUnderWay: false, tickNotBefore: -Infinity, idleWaitMs: 50 };
  it('waits until the next timer is due, or the idle wait', () => {
    expect(whenDrained({ ...idle, now: 70 })).toEqual({ tick: false, waitMs: 30 });
    expect(whenDrained(idle)).toEqual({ tick: false, waitMs: 50 });
    expect(whenDrained({ ...idle, nextDue: null })).toEqual({ tick: false, waitMs: 50 });
  });
  it('appends a tick as soon as one is due, and no second one before the first came back', () => {
    expect(whenDrained({ ...idle, now: 100 }).tick).toBe(true);
    expect(whenDrained({ ...idle, now: 100, tickUnderWay: true })).toEqual({ tick: false, waitMs: 50 });
  });
  it('waits as long as the log’s clock lags after a tick that came too early', () => {
    expect(nextTickNotBefore(100, 80, 100)).toBe(120);
    expect(nextTickNotBefore(100, 99, 100)).toBe(100 + TICK_PAUSE_MS);
    expect(nextTickNotBefore(null, 80, 100)).toBe(100);
    expect(whenDrained({ ...idle, now: 100, tickNotBefore: 120 })).toEqual({ tick: false, waitMs: 20 });
  });
});

describe('lag', () => {
  it('is zero when nothing waits, else counts from when the partition was last level or the record it handled last', () => {
    expect(lagSeconds(0, 9_000, 0, 0)).toBe(0);
    expect(lagSeconds(3, 9_000, 1_000, 4_000)).toBe(5);
    expect(lagSeconds(3, 9_000, 7_000, 4_000)).toBe(2);
  });
});
