/** What followed the choices of each action, beside its holdout: counts, and the lift with its interval. Shows, decides nothing. */
import type { ActionCount, ArmTotals } from '@cairn/contracts/generated/action.ts';

const NO_COUNT: ActionCount = {
  labelled: 0,
  replied: 0,
  advanced: 0,
  won: 0,
  unsubscribed: 0,
  reward: 0,
  rewardSquares: 0,
};
export const NO_TOTALS: ArmTotals = {
  tries: 0,
  held: 0,
  requested: 0,
  weights: 0,
  weightSquares: 0,
  treated: NO_COUNT,
  holdout: NO_COUNT,
};

/** What followed a choice, once its windows have closed. */
export interface Outcome {
  replied: boolean;
  advanced: boolean;
  won: boolean;
  unsubscribed: boolean;
}

export const REWARDS = { replied: 0.2, advanced: 0.3, won: 0.5, unsubscribed: -1 } as const;

/** Between -1 and 1: a reply, a step forward and a win add up; whoever unsubscribes costs all of it. */
export function rewardOf(outcome: Outcome): number {
  let reward = 0;
  for (const name of ['replied', 'advanced', 'won', 'unsubscribed'] as const)
    if (outcome[name]) reward += REWARDS[name];
  return Math.round(reward * 100) / 100;
}

export function countTry(totals: ArmTotals, propensity: number, held: boolean): ArmTotals {
  const weight = 1 / propensity;
  return {
    ...totals,
    tries: totals.tries + (held ? 0 : 1),
    held: totals.held + (held ? 1 : 0),
    weights: totals.weights + weight,
    weightSquares: totals.weightSquares + weight * weight,
  };
}

export function countOutcome(totals: ArmTotals, outcome: Outcome, held: boolean): ArmTotals {
  const group = held ? 'holdout' : 'treated';
  const before = totals[group];
  const reward = rewardOf(outcome);
  return {
    ...totals,
    [group]: {
      labelled: before.labelled + 1,
      replied: before.replied + Number(outcome.replied),
      advanced: before.advanced + Number(outcome.advanced),
      won: before.won + Number(outcome.won),
      unsubscribed: before.unsubscribed + Number(outcome.unsubscribed),
      reward: before.reward + reward,
      rewardSquares: before.rewardSquares + reward * reward,
    },
  };
}

/** Of several partitions. */
export function addTotals(a: ArmTotals, b: ArmTotals): ArmTotals {
  const counts = (one: ActionCount, other: ActionCount): ActionCount =>
    Object.fromEntries(
      Object.entries(one).map(([name, value]) => [name, value + other[name as keyof ActionCount]]),
    ) as unknown as ActionCount;
  return {
    tries: a.tries + b.tries,
    held: a.held + b.held,
    requested: a.requested + b.requested,
    weights: a.weights + b.weights,
    weightSquares: a.weightSquares + b.weightSquares,
    treated: counts(a.treated, b.treated),
    holdout: counts(a.holdout, b.holdout),
  };
}
