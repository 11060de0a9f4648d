import { describe, expect, it } from 'vitest';
import { wallClock } from '@cairn/clock/calendar.ts';
import { makeBuyers } from './buyers.ts';

const START = Date.UTC(2026, 8, 1);
const options = { seed: 7, companies: 30, startMs: START, endMs: START + 20 * 86_400_000 };

describe('the demo’s buyers', () => {
  it('are the same for the same seed, and others for another', () => {
    expect(makeBuyers(options)).toEqual(makeBuyers(options));
    expect(makeBuyers({ ...options, seed: 8 })).not.toEqual(makeBuyers(options));
  });

  it('come in the order of time, with message ids of their own', () => {
    const calls = makeBuyers(options);
    expect(calls.length).toBeGreaterThan(300);
    expect(calls.every((call, index) => index === 0 || call.at >= calls[index - 1]!.at)).toBe(true);
    expect(new Set(calls.map(({ call }) => call.messageId)).size).toBe(calls.length);
  });

  it('work on weekdays', () => {
    const weekends = makeBuyers(options).filter(({ at }) => wallClock(at, 'Europe/Warsaw').weekday > 5);
    expect(weekends).toEqual([]);
  });

  it('win, lose, fall silent and return', () => {
    const events = new Set(makeBuyers(options).map(({ call }) => call.event));
    for (const event of ['Deal Won', 'Deal Lost', 'Email Replied', 'Demo Requested', 'Call Logged'])
      expect(events).toContain(event);
  });
});
