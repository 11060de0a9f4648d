import { describe, expect, it } from 'vitest';
import type { Scene } from './condition.ts';
import { compileMeetings, meetingAfter } from './meeting.ts';

const now = Date.UTC(2026, 2, 2, 10);
const nothing = () => null;

function after(
  event: string,
  properties: Record<string, unknown>,
  before?: number,
  timezone?: string,
): number | undefined {
  const touchpoint = { event, properties } as unknown as Scene['touchpoint'];
  const scene: Scene = { touchpoint, direction: null, person: null, account: null, journey: null };
  return meetingAfter(compileMeetings({ timezone }, nothing), before, scene, now);
}
const march = (day: number, hour = 15, minute = 0): number => Date.UTC(2026, 2, day, hour, minute);

describe('the meeting that a journey waits for', () => {
  it.each([
    ['2026-03-11T15:00:00Z', march(11)],
    ['2026-03-11T15:00:00+13:45', march(11, 1, 15)],
    ['2026-03-11T15:00:00', march(11, 19)],
    ['2026-03-11 15:00', march(11, 19)],
    ['2026-03-11', march(11, 4)],
    ['Wed, 11 Mar 2026 15:00:00 GMT', march(11)],
    [march(11), march(11)],
    [march(11) / 1_000, march(11)],
    ['next week', undefined],
    ['5', undefined],
    [{}, undefined],
  ])('is told as %j; without a zone it is the time of the definition', (startsAt, at) =>
    expect(after('Meeting Booked', { startsAt }, undefined, 'America/New_York')).toBe(at),
  );

  it('is the latest of those that were booked', () => {
    expect(after('Meeting Booked', { startsAt: march(5) }, march(11))).toBe(march(11));
    expect(after('Demo Scheduled', { startsAt: march(18) }, march(11))).toBe(march(18));
  });

  it('is the new one where it was rescheduled', () =>
    expect(after('Meeting Rescheduled', { startsAt: march(5) }, march(11))).toBe(march(5)));

  it('is none when it is called off, unless it was another', () => {
    expect(after('Meeting Cancelled', {}, march(11))).toBeUndefined();
    expect(after('Meeting Cancelled', { startsAt: march(11) }, march(11))).toBeUndefined();
    expect(after('Meeting Cancelled', { at: now - 1_000 }, march(11))).toBeUndefined();
    expect(after('Meeting Cancelled', { startsAt: march(5) }, march(11))).toBe(march(11));
  });
});
