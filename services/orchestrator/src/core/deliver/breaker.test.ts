import { describe, expect, test } from 'vitest';
import { askBreaker, closedBreaker, probeAgain, recordOutcome, startProbe } from './breaker.ts';
import type { Breaker } from './breaker.ts';

const fail = (breaker: Breaker, times: number, everyMs: number, from = 0): Breaker => {
  let next = breaker;
  for (let i = 0; i < times; i++) next = recordOutcome(next, false, false, from + i * everyMs, `msg_${from + i}`);
  return next;
};

describe('the breaker', () => {
  test('stays closed for four failures in a row and opens at the fifth, at any rate', () => {
    expect(askBreaker(fail(closedBreaker(), 4, 1), 10)).toEqual({ pass: true, probe: false });
    const open = fail(closedBreaker(), 5, 3_600_000);
    expect(askBreaker(open, 4 * 3_600_000 + 29_999)).toEqual({ pass: false, at: 4 * 3_600_000 + 30_000 });
  });

  test('counts the failures of one delivery in a row once, so that a message that is always refused does not open it', () => {
    let breaker = closedBreaker();
    for (let i = 0; i < 50; i++) breaker = recordOutcome(breaker, false, false, i * 1_000, 'msg_poison');
    expect(breaker).toMatchObject({ state: 'closed', failuresInRow: 1 });
    expect(fail(breaker, 4, 1_000, 60_000).state).toBe('open');
  });

  test('a success in between starts the row anew', () => {
    const breaker = fail(recordOutcome(fail(closedBreaker(), 4, 1), true, false, 5, 'msg_ok'), 4, 1, 6);
    expect(breaker.state).toBe('closed');
  });

  test('opens at 70 % of at least ten within five minutes', () => {
    let breaker = closedBreaker();
    // Never five in a row: seven failures among ten.
    for (const [i, ok] of [false, false, true, false, false, true, false, false, true, false].entries()) {
      expect(breaker.state).toBe('closed');
      breaker = recordOutcome(breaker, ok, false, i * 1_000, `msg_${i}`);
    }
    expect(breaker.state).toBe('open');
  });

  test('outcomes older than five minutes no longer count', () => {
    let breaker = closedBreaker();
    for (const [i, ok] of [false, false, true, false, false, true, false, false, true].entries())
      breaker = recordOutcome(breaker, ok, false, 0, `msg_${i}`);
    expect(recordOutcome(breaker, false, false, 299_999, 'msg_9').state).toBe('open');
    expect(recordOutcome(breaker, false, false, 330_000, 'msg_9').state).toBe('closed');
  });

  test('lets one probe pass after 30 s, and no other while it is under way', () => {
    const open = fail(closedBreaker(), 5, 0);
    expect(askBreaker(open, 30_000)).toEqual({ pass: true, probe: true });
    expect(askBreaker(startProbe(open), 60_000)).toEqual({ pass: false, at: null });
  });

  test('doubles the pause with each failed probe, up to five minutes', () => {
    let breaker = fail(closedBreaker(), 5, 0);
    const pauses: number[] = [];
    for (let now = breaker.probeAt; pauses.length < 5; now = breaker.probeAt) {
      breaker = recordOutcome(startProbe(breaker), false, true, now, 'msg_p');
      pauses.push(breaker.probeAt - now);
    }
    expect(pauses).toEqual([60_000, 120_000, 240_000, 300_000, 300_000]);
  });

  test('failures that were under way when it opened neither prolong nor double the pause', () => {
    const open = fail(closedBreaker(), 5, 0);
    expect(recordOutcome(open, false, false, 14_000, 'msg_x')).toEqual(open);
    expect(recordOutcome(startProbe(open), false, false, 31_000, 'msg_x')).toEqual(startProbe(open));
  });

  test('closes at any success and begins anew', () => {
    expect(recordOutcome(startProbe(fail(closedBreaker(), 5, 0)), true, true, 30_000, 'msg_x')).toEqual(
      closedBreaker(),
    );
  });

  test('a probe without an outcome of the endpoint is made again after the same pause', () => {
    const again = probeAgain(startProbe(fail(closedBreaker(), 5, 0)), 31_000);
    expect(askBreaker(again, 60_999)).toEqual({ pass: false, at: 61_000 });
  });
});
