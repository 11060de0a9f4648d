/**
 * The contextual bandit that ranks next best actions: SquareCB over an additive reward model, propensities in closed form. It learns
 * from closed windows alone. Never decides whether an action may be done: that is for conditions and guard rails.
 */
import { uniformOf } from './uniform.ts';

/** Doing nothing is an arm of its own. */
export const WAIT = 'wait';

/** What is known of one arm. Plain JSON: it is kept in the task's state. */
export interface ArmState {
  /** Rewards seen, and their sum. */
  n: number;
  sum: number;
  /** Feature (`stage=evaluation`) → rewards seen with it, and how far it moves the expectation. */
  features: Readonly<Record<string, readonly [n: number, weight: number]>>;
}

export interface PolicyState {
  /** Rewards learned, over all arms. */
  learned: number;
  arms: Readonly<Record<string, ArmState>>;
}

export interface PolicyArm {
  name: string;
  /** In shares of a full reward; taken off what is expected. */
  cost: number;
}

export interface PolicyChoice {
  name: string;
  propensity: number;
  /** Every arm with its propensity, in the order given; they add up to 1. */
  arms: readonly { name: string; propensity: number; expected: number }[];
}

export const NO_POLICY: PolicyState = { learned: 0, arms: {} };

/**
 * Before anything is known an action is worth trying, and waiting is not: it is chosen once in 300 times, so that it is known too. The holdout
 * teaches most of what waiting is worth.
 */
const PRIOR = { action: 0.15, wait: -0.15 };
/** So many rewards weigh as much as the prior. */
const PRIOR_WEIGHT = 10;
const FEATURE_WEIGHT = 10;
/** SquareCB's gamma: at 1,000 an arm believed ten points worse than the best of a few is tried once in a hundred times. */
const GAMMA = 1_000;
const GAMMA_GROWS_PER = 1_000;
/** An arm's features: stages × kinds of alert are a few dozen; over it a feature is not learned. */
const FEATURES_MAX = 200;

/** `seed`: ids that name this decision and no other, so that a replay chooses the same. Null: there is nothing to choose from. */
export function chooseArm(
  policy: PolicyState,
  arms: readonly PolicyArm[],
  features: readonly string[],
  seed: string,
): PolicyChoice | null {
  if (arms.length === 0) return null;
  const expected = arms.map((arm) => expectedReward(policy, arm.name, features) - arm.cost);
  const propensities = squareCb(expected, GAMMA * Math.sqrt(1 + policy.learned / GAMMA_GROWS_PER));
  let left = uniformOf(seed);
  let chosen = arms.length - 1;
  for (let i = 0; i < arms.length; i++) {
    if (left < propensities[i]!) {
      chosen = i;
      break;
    }
    left -= propensities[i]!;
  }
  return {
    name: arms[chosen]!.name,
    propensity: propensities[chosen]!,
    arms: arms.map(({ name }, i) => ({ name, propensity: propensities[i]!, expected: expected[i]! })),
  };
}

/** `reward`: what followed, between -1 and 1. Only ever of a window that has closed. */
export function learnReward(
  policy: PolicyState,
  name: string,
  features: readonly string[],
  reward: number,
): PolicyState {
  const arm = policy.arms[name] ?? { n: 0, sum: 0, features: {} };
  const error = reward - expectedReward(policy, name, features);
  const moved: Record<string, readonly [number, number]> = { ...arm.features };
  for (const feature of features) {
    const known = moved[feature];
    if (!known && Object.keys(moved).length >= FEATURES_MAX) continue;
    const [n, weight] = known ?? [0, 0];
    // The features share the error: together they move the expectation as far as one alone would.
    moved[feature] = [n + 1, weight + error / (n + FEATURE_WEIGHT) / features.length];
  }
  return {
    learned: policy.learned + 1,
    arms: { ...policy.arms, [name]: { n: arm.n + 1, sum: arm.sum + reward, features: moved } },
  };
}

export function expectedReward(policy: PolicyState, name: string, features: readonly string[]): number {
  const prior = name === WAIT ? PRIOR.wait : PRIOR.action;
  const arm = policy.arms[name];
  if (!arm) return prior;
  let expected = (arm.sum + prior * PRIOR_WEIGHT) / (arm.n + PRIOR_WEIGHT);
  for (const feature of features) if (Object.hasOwn(arm.features, feature)) expected += arm.features[feature]![1];
  return expected;
}

/** Foster & Rakhlin 2020: 1 / (K + gamma × gap) for all but the best, which gets the rest. */
function squareCb(expected: readonly number[], gamma: number): number[] {
  const best = expected.indexOf(Math.max(...expected));
  // Equals share: the first of two that nothing is known of is no better than the second.
  const ties = expected.filter((value) => value === expected[best]).length;
  const shares = expected.map((value) =>
    value === expected[best] ? 0 : 1 / (expected.length + gamma * (expected[best]! - value)),
  );
  const rest = 1 - shares.reduce((sum, share) => sum + share, 0);
  return expected.map((value, i) => (value === expected[best] ? rest / ties : shares[i]!));
}
