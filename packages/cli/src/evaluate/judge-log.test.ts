import { describe, expect, it } from 'vitest';
import { wasSilent } from './collect.ts';
import { judgeAlerts } from './judge-alerts.ts';
import { learnRates } from './yardsticks.ts';

const DAY = 86_400_000;

describe('the judging of a log', () => {
  it('calls silent what no inbound touchpoint followed, and knows what it cannot know yet', () => {
    const course = { startedAt: 0, inbound: [0, 5 * DAY], endedAt: null, outcome: null };
    expect(wasSilent(course, DAY, 3 * DAY, 100 * DAY)).toBe(true);
    expect(wasSilent(course, DAY, 4 * DAY, 100 * DAY)).toBe(false);
    expect(wasSilent(course, 5 * DAY, 7 * DAY, 11 * DAY)).toBeNull();
    expect(wasSilent({ ...course, endedAt: 6 * DAY }, 5 * DAY, 7 * DAY, 11 * DAY)).toBe(true);
  });

  it('counts an alert as right where the silence reached a week, and as false where the buyer came back', () => {
    const courses = [
      { startedAt: 0, inbound: [0, 20 * DAY], endedAt: null, outcome: null },
      { startedAt: 0, inbound: [0, 4 * DAY, 5 * DAY], endedAt: 6 * DAY, outcome: 'won' as const },
    ];
    const alerts = [
      { at: 3 * DAY, journey: 0 },
      { at: 3 * DAY, journey: 1 },
    ];
    const figures = judgeAlerts({ courses }, alerts, { from: 0, to: 70 * DAY, openJourneys: 2 });
    // Stalls: [0, 20], after 20, and 5 until the journey ended.
    expect(figures).toMatchObject({ alerts: 2, precision: 0.5, recall: 1 / 3, leadDays: 4, falsePerWeekPer100: 5 });
  });

  it('learns a rate for each share of a figure', () => {
    const figures = Array.from({ length: 1_000 }, (_, i) => i);
    const rate = learnRates(
      figures,
      figures.map((figure) => figure >= 500),
    );
    expect(rate(-1)).toBeLessThan(0.03);
    expect(rate(2_000)).toBeGreaterThan(0.97);
  });
});
