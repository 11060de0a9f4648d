import { describe, expect, it } from 'vitest';
import type { ActionCount, PolicyTotals } from '@cairn/contracts/generated/action.ts';
import { actionReport } from './action-report.ts';

const count = (labelled: number, replied: number): ActionCount => ({
  labelled,
  replied,
  advanced: 0,
  won: 0,
  unsubscribed: 0,
  reward: replied * 0.2,
  rewardSquares: replied * 0.04,
});
const totals = (partition: number, treated: ActionCount, holdout: ActionCount): PolicyTotals => ({
  type: 'policy.totals',
  workspace: 'ws',
  definition: 'b2b',
  partition,
  at: 0,
  policyVersion: `squarecb-1.${partition}`,
  arms: {
    call: {
      tries: treated.labelled,
      held: holdout.labelled,
      requested: treated.labelled,
      weights: 200,
      weightSquares: 400,
      treated,
      holdout,
    },
  },
});

describe('the report of actions', () => {
  it('adds the partitions up, and gives the lift against the holdout with an interval that holds it', () => {
    const [report] = actionReport([totals(0, count(200, 80), count(20, 4)), totals(1, count(200, 80), count(20, 4))]);
    expect(report).toMatchObject({ definition: 'b2b', policyVersion: 'squarecb-1.0+squarecb-1.1' });
    const [row] = report!.actions;
    expect(row).toMatchObject({ name: 'call', tries: 400, held: 40, note: null, effectiveSampleSize: 200 });
    expect(row!.outcomes).toMatchObject({ labelled: 400, replied: 160, replyRate: 0.4 });
    expect(row!.lift!.value).toBeCloseTo(0.2, 4);
    expect(row!.lift!.low).toBeGreaterThan(0);
    expect(row!.lift!.low).toBeLessThan(0.1);
    expect(row!.lift!.high).toBeGreaterThan(0.25);
    expect(row!.rewardLift!.value).toBeCloseTo(0.04, 4);
  });

  it('says so where there is not enough data, or no holdout', () => {
    expect(actionReport([totals(0, count(400, 100), count(10, 1))])[0]!.actions[0]).toMatchObject({
      lift: null,
      rewardLift: null,
      note: 'not enough data',
    });
    expect(actionReport([totals(0, count(400, 100), count(0, 0))])[0]!.actions[0]).toMatchObject({
      lift: null,
      note: 'no holdout',
      holdout: { replyRate: null },
    });
    expect(actionReport([])).toEqual([]);
  });
});
