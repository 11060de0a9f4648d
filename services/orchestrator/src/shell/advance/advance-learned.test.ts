/** Learned stalls through the advance task: what is learned, when an alert opens, what it says. */
import { describe, expect, it } from 'vitest';
import { createAdvanceWorld, type AdvanceWorld } from '../../testkit/advance-world.ts';

const T = Date.parse('2026-03-02T00:00:00Z');
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const LEARNED = `
cairn: journey-definition/1
name: learned
unit: person
timezone: UTC
stages:
  - name: open
    stall: { learned: { horizon: 7 days, probability: 0.7, atLeast: 12 hours } }
  - name: done
    enter: { event: Done }
outcomes:
  won: { enter: { event: Won } }
`;

/** Twelve buyers who come back every day, some time of the day; `ann` among them until `annUntil` (days). */
function world(days: number, annUntil: number): AdvanceWorld {
  const w = createAdvanceWorld({ partitions: 1 });
  w.define(LEARNED);
  for (let day = 0; day < days; day++)
    for (let buyer = 0; buyer < 12; buyer++) {
      if (buyer === 0 && day >= annUntil) continue;
      const at = T + day * DAY + buyer * 2 * HOUR + ((day * 7 + buyer * 3) % 11) * 10 * 60_000;
      w.touch({ at, person: buyer === 0 ? 'ann' : `p${buyer}`, messageId: `${buyer}-${day}`, event: 'Replied' });
    }
  return w;
}

describe('a learned stall', () => {
  it('opens one alert when a silence has become unusual, says why, and ends with the return', () => {
    const w = world(28, 20);
    const opened = w.alerts.filter(({ type }) => type === 'alert.opened');
    expect(opened.map(({ journey }) => journey['name'])).toEqual(['ann']);
    const [{ alert, at }] = opened as [(typeof opened)[number]];
    const silentDays = (at - (T + 19 * DAY)) / DAY;
    expect(silentDays).toBeGreaterThan(0.5);
    expect(silentDays).toBeLessThan(7.2);
    expect(alert.reason.probability).toBeGreaterThanOrEqual(0.7);
    expect(alert.reason.text).toMatch(/^No reply for .+; .+ is normal here, and \d+ % of such silences last 7 days$/);
    // Our own touches neither end the silence nor make a second alert of it.
    for (const hours of [1, 20])
      w.touch({ at: T + 28 * DAY + hours * HOUR, person: 'ann', direction: 'outbound', event: 'Call Logged' });
    expect(w.alerts.map(({ type }) => type)).toEqual(['alert.opened']);
    w.touch({ at: T + 29.5 * DAY, person: 'ann', event: 'Replied' });
    expect(w.alerts.at(-1)).toMatchObject({ type: 'alert.resolved', alert: { resolvedBy: 'buyer' } });
  });

  it('foretells the moment: if nothing happens and nothing more is learned, the alert opens then', () => {
    const w = world(20, 20);
    const ann = w.living().find(({ name }) => name === 'ann')!;
    expect(ann.pace).toMatchObject({ basis: 'learned' });
    expect(ann.pace.stallProbability).toBeLessThan(0.3);
    const stallsAt = Date.parse(ann.pace.stallsAt!);
    w.until(stallsAt - 1);
    expect(w.alerts.filter(({ journey }) => journey['name'] === 'ann')).toEqual([]);
    w.until(T + 28 * DAY);
    const first = w.alerts.find(({ journey }) => journey['name'] === 'ann')!;
    expect(first.at).toBeGreaterThanOrEqual(stallsAt);
    expect(first.at).toBeLessThanOrEqual(T + 27 * DAY);
  });

  it('learns the same from the same messages, to the byte, and keeps a journey small', () => {
    const run = (): string => {
      const w = world(12, 8);
      expect(w.stateBytes() / 12).toBeLessThan(2_000);
      return JSON.stringify([w.journeys, w.alerts]);
    };
    expect(run()).toBe(run());
  });

  it('learns nothing more of a silence that has been long enough, and does no work for it', () => {
    const w = world(3, 3);
    w.until(T + 200 * DAY);
    expect(w.timers()).toEqual([]);
  });
});
