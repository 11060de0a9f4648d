/**
 * Progressive validation: each example is foretold before it is learned, and the log-loss of the last few thousand says which of two
 * models is the better one now.
 */
export interface RecentLoss {
  /** Weight of what was seen; approaches `REMEMBERED`. */
  seen: number;
  /** Weighted sums of log-loss (nats), one for each of the models that are compared. */
  sums: readonly number[];
}

/** Examples after which one counts half: enough to tell 1 % of loss apart, few enough to follow a season. */
const HALF_LIFE_EXAMPLES = 4_000;
const KEPT = 2 ** (-1 / HALF_LIFE_EXAMPLES);
/** A certainty that turns out wrong costs at most −ln of this. */
const LEAST_PROBABILITY = 1e-6;

export function noLoss(models: number): RecentLoss {
  return { seen: 0, sums: Array.from({ length: models }, () => 0) };
}

/** `probabilities` of what was foretold to happen; `happened`: whether it did. */
export function addLoss(loss: RecentLoss, probabilities: readonly number[], happened: boolean): RecentLoss {
  return {
    seen: loss.seen * KEPT + 1,
    sums: loss.sums.map((sum, i) => sum * KEPT + logLoss(probabilities[i]!, happened)),
  };
}

export function meanLoss(loss: RecentLoss, model: number): number {
  return loss.seen === 0 ? 0 : loss.sums[model]! / loss.seen;
}

export function logLoss(probability: number, happened: boolean): number {
  const of = happened ? probability : 1 - probability;
  return -Math.log(Math.max(LEAST_PROBABILITY, of));
}
