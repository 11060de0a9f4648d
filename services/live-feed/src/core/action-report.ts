/**
 * What next best actions achieve: tries, what followed, and the lift against the holdout with its interval. Says "not enough data" rather than
 * a figure that a few journeys more would turn round. Shows, decides nothing.
 */
import type { ActionCount, ArmTotals, PolicyTotals } from '@cairn/contracts/generated/action.ts';

export interface ActionReport {
  definition: string;
  policyVersion: string;
  actions: ActionRow[];
}

interface ActionRow {
  name: string;
  /** Chosen outside of the holdout, requested, and chosen within it. */
  tries: number;
  requested: number;
  held: number;
  outcomes: Outcomes;
  holdout: Outcomes;
  /** Replies of those tried less those of the holdout, as shares; null with too few of either. */
  lift: { value: number; low: number; high: number; confidence: number } | null;
  /** The same of the whole reward. */
  rewardLift: { value: number; low: number; high: number; confidence: number } | null;
  /** Kish: how many evenly chosen tries these are worth. */
  effectiveSampleSize: number;
  note: 'not enough data' | 'no holdout' | null;
}

interface Outcomes {
  labelled: number;
  replied: number;
  advanced: number;
  won: number;
  unsubscribed: number;
  replyRate: number | null;
  meanReward: number | null;
}

/** Fewer closed windows in either group, and an interval would be wider than any lift. */
const LABELLED_MIN = 30;
const EFFECTIVE_MIN = 30;
const Z95 = 1.96;

export function actionReport(policies: readonly PolicyTotals[]): ActionReport[] {
  const byDefinition = new Map<string, PolicyTotals[]>();
  for (const policy of policies)
    byDefinition.set(policy.definition, [...(byDefinition.get(policy.definition) ?? []), policy]);
  return [...byDefinition].map(([definition, parts]) => {
    const arms = new Map<string, ArmTotals>();
    for (const part of parts)
      for (const [name, totals] of Object.entries(part.arms)) arms.set(name, add(arms.get(name), totals));
    return {
      definition,
      policyVersion: parts.map((part) => part.policyVersion).join('+'),
      actions: [...arms].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, totals]) => rowOf(name, totals)),
    };
  });
}

function rowOf(name: string, totals: ArmTotals): ActionRow {
  const { treated, holdout, weights, weightSquares } = totals;
  const effectiveSampleSize = weightSquares > 0 ? round((weights * weights) / weightSquares) : 0;
  const enough =
    treated.labelled >= LABELLED_MIN && holdout.labelled >= LABELLED_MIN && effectiveSampleSize >= EFFECTIVE_MIN;
  return {
    name,
    tries: totals.tries,
    requested: totals.requested,
    held: totals.held,
    outcomes: outcomesOf(treated),
    holdout: outcomesOf(holdout),
    lift: enough ? liftOf(treated, holdout) : null,
    rewardLift: enough ? rewardLiftOf(treated, holdout) : null,
    effectiveSampleSize,
    note: enough ? null : totals.held === 0 && treated.labelled >= LABELLED_MIN ? 'no holdout' : 'not enough data',
  };
}

/** Newcombe's interval of a difference of shares: right also where one of them is 0 or 1. */
function liftOf(treated: ActionCount, holdout: ActionCount): ActionRow['lift'] {
  const [p, lowP, highP] = wilson(treated.replied, treated.labelled);
  const [q, lowQ, highQ] = wilson(holdout.replied, holdout.labelled);
  const value = p - q;
  return {
    value: round(value),
    low: round(value - Math.hypot(p - lowP, highQ - q)),
    high: round(value + Math.hypot(highP - p, q - lowQ)),
    confidence: 0.95,
  };
}

function wilson(count: number, n: number): [share: number, low: number, high: number] {
  const share = count / n;
  const z2 = Z95 * Z95;
  const middle = (share + z2 / (2 * n)) / (1 + z2 / n);
  const half = (Z95 * Math.sqrt((share * (1 - share)) / n + z2 / (4 * n * n))) / (1 + z2 / n);
  return [share, middle - half, middle + half];
}

function rewardLiftOf(treated: ActionCount, holdout: ActionCount): ActionRow['rewardLift'] {
  const value = treated.reward / treated.labelled - holdout.reward / holdout.labelled;
  const half = Z95 * Math.sqrt(errorOf(treated) + errorOf(holdout));
  return { value: round(value), low: round(value - half), high: round(value + half), confidence: 0.95 };
}

function errorOf({ reward, rewardSquares, labelled }: ActionCount): number {
  const mean = reward / labelled;
  return Math.max(0, rewardSquares / labelled - mean * mean) / (labelled - 1);
}

function outcomesOf({ labelled, replied, advanced, won, unsubscribed, reward }: ActionCount): Outcomes {
  return {
    labelled,
    replied,
    advanced,
    won,
    unsubscribed,
    replyRate: labelled === 0 ? null : round(replied / labelled),
    meanReward: labelled === 0 ? null : round(reward / labelled),
  };
}

function add(a: ArmTotals | undefined, b: ArmTotals): ArmTotals {
  if (!a) return b;
  const { treated, holdout, ...numbers } = a;
  const sums = Object.fromEntries(
    Object.entries(numbers).map(([name, value]) => [name, value + b[name as keyof typeof numbers]]),
  ) as typeof numbers;
  return { ...sums, treated: addCounts(treated, b.treated), holdout: addCounts(holdout, b.holdout) };
}

function addCounts(a: ActionCount, b: ActionCount): ActionCount {
  return Object.fromEntries(
    Object.entries(a).map(([name, value]) => [name, value + b[name as keyof ActionCount]]),
  ) as unknown as ActionCount;
}

function round(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
