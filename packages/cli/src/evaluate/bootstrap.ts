/**
 * How sure a figure is: the journeys (not their looks, which follow one another and say the same) are drawn anew with replacement, and the
 * figure is taken of each draw. Pure: a seed is all the chance there is.
 */
import { seededRandom } from '@cairn/clock/clock.virtual.ts';
import { CALIBRATION_BINS } from './measures.ts';

/** 2.5 % of the draws lie below `low`, 2.5 % above `high`. */
export interface Interval {
  low: number;
  high: number;
}

/** A figure of the looks, each of which counts as often as its journey was drawn; null: it cannot be said. */
export type Weighted = (weights: Float64Array) => number | null;

/** Enough for the second digit of an interval. */
export const DRAWS = 400;
const TAIL = 0.025;
/** A certainty that turns out wrong costs at most −ln of this, as everywhere. */
const LEAST_PROBABILITY = 1e-6;

/** An interval for each figure, all over the same draws: what is compared is compared on the same journeys. */
export function intervalsOf(groups: readonly number[], figures: readonly Weighted[], seed = 1): (Interval | null)[] {
  const random = seededRandom(seed);
  const names = [...new Set(groups)];
  const place = new Map(names.map((name, i) => [name, i]));
  const placeOf = groups.map((name) => place.get(name)!);
  const values = figures.map((): number[] => []);
  const weights = new Float64Array(groups.length);
  for (let draw = 0; draw < DRAWS; draw++) {
    const times = new Uint16Array(names.length);
    for (let i = 0; i < names.length; i++) times[Math.floor(random() * names.length)]!++;
    for (let i = 0; i < weights.length; i++) weights[i] = times[placeOf[i]!]!;
    figures.forEach((figure, i) => {
      const value = figure(weights);
      if (value !== null) values[i]!.push(value);
    });
  }
  return values.map((drawn) => {
    if (drawn.length < DRAWS / 2) return null;
    drawn.sort((a, b) => a - b);
    return { low: drawn[Math.floor(drawn.length * TAIL)]!, high: drawn[Math.ceil(drawn.length * (1 - TAIL)) - 1]! };
  });
}

/** The area under the curve; the order is found once. */
export function weightedArea(scores: readonly number[], labels: readonly boolean[]): Weighted {
  const order = scores.map((_, i) => i).sort((a, b) => scores[a]! - scores[b]!);
  return (weights) => {
    let positives = 0;
    let negatives = 0;
    let below = 0;
    for (let from = 0; from < order.length;) {
      let positive = 0;
      let negative = 0;
      let to = from;
      for (; to < order.length && scores[order[to]!] === scores[order[from]!]; to++) {
        if (labels[order[to]!]) positive += weights[order[to]!]!;
        else negative += weights[order[to]!]!;
      }
      below += positive * (negatives + negative / 2);
      positives += positive;
      negatives += negative;
      from = to;
    }
    return positives === 0 || negatives === 0 ? null : below / positives / negatives;
  };
}

/** The expected calibration error. It is never below 0, so a draw's is larger than the whole's by what chance adds: an interval of it is on the safe side. */
export function weightedCalibration(probabilities: readonly number[], labels: readonly boolean[]): Weighted {
  const bins = probabilities.map((said) => Math.min(CALIBRATION_BINS - 1, Math.floor(said * CALIBRATION_BINS)));
  return (weights) => {
    const off = new Float64Array(CALIBRATION_BINS);
    let all = 0;
    for (let i = 0; i < bins.length; i++) {
      off[bins[i]!]! += weights[i]! * (probabilities[i]! - (labels[i] ? 1 : 0));
      all += weights[i]!;
    }
    return all === 0 ? null : off.reduce((sum, value) => sum + Math.abs(value), 0) / all;
  };
}

export function weightedLogLoss(probabilities: readonly number[], labels: readonly boolean[]): Weighted {
  const losses = probabilities.map((said, i) => -Math.log(Math.max(LEAST_PROBABILITY, labels[i] ? said : 1 - said)));
  return weightedMean(losses);
}

export function weightedMean(values: readonly number[]): Weighted {
  return (weights) => {
    let sum = 0;
    let all = 0;
    for (let i = 0; i < values.length; i++) {
      sum += weights[i]! * values[i]!;
      all += weights[i]!;
    }
    return all === 0 ? null : sum / all;
  };
}

/** a − b, of the same draw. */
export function difference(a: Weighted, b: Weighted): Weighted {
  return (weights) => {
    const [first, second] = [a(weights), b(weights)];
    return first === null || second === null ? null : first - second;
  };
}
