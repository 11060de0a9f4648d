/** The figures of one trial beside those of the present settings, on the same looks. Pure. */
import {
  difference,
  intervalsOf,
  weightedArea,
  weightedCalibration,
  weightedLogLoss,
  type Interval,
  type Weighted,
} from '@cairn/cli/evaluate/bootstrap.ts';
import type { Trial } from './replay-once.ts';

export interface Moved {
  value: number;
  /** Less the present one. */
  by: number;
  /** Of `by`, over journeys. */
  interval: Interval;
}

export interface TrialFigures {
  /** Log-loss + calibration error: less is better. */
  objective: Moved;
  logLoss: Moved;
  calibrationError: Moved;
  auc: Moved;
  looks: number;
  journeys: number;
  /** The objective of each week's looks. */
  weeks: number[];
}

const DAY_MS = 86_400_000;
/** The weeks before are those of a new tenant, of whom little is known. */
const JUDGED_FROM = Date.UTC(2011, 9, 29);

export function figuresOf(trial: Trial, present: Trial): TrialFigures {
  const places = trial.at.flatMap((at, i) => (at >= JUDGED_FROM ? [i] : []));
  const labels = places.map((i) => trial.silent[i] === 1);
  const said = places.map((i) => trial.said[i]!);
  const saidNow = places.map((i) => present.said[i]!);
  const groups = places.map((i) => trial.journey[i]!);
  places.forEach((i) => {
    if (present.at[i] !== trial.at[i] || present.silent[i] !== trial.silent[i])
      throw new Error('two trials saw other looks: what is compared must be the same');
  });
  const both = (measure: (said: readonly number[], labels: readonly boolean[]) => Weighted): [Weighted, Weighted] => [
    measure(said, labels),
    measure(saidNow, labels),
  ];
  const sum = (a: Weighted, b: Weighted): Weighted => {
    const negative: Weighted = (weights) => -b(weights)!;
    return difference(a, negative);
  };
  const losses = both(weightedLogLoss);
  const errors = both(weightedCalibration);
  const areas = both(weightedArea);
  const pairs: [Weighted, Weighted][] = [[sum(losses[0], errors[0]), sum(losses[1], errors[1])], losses, errors, areas];
  const intervals = intervalsOf(
    groups,
    pairs.map(([a, b]) => difference(a, b)),
  );
  const once = new Float64Array(places.length).fill(1);
  const [objective, logLoss, calibrationError, auc] = pairs.map(([a, b], i): Moved => {
    const value = a(once)!;
    return { value, by: value - b(once)!, interval: intervals[i]! };
  });
  const last = Math.max(...trial.at);
  const weeks: number[] = [];
  for (let from = JUDGED_FROM; from + 7 * DAY_MS <= last + DAY_MS; from += 7 * DAY_MS) {
    const inWeek = new Float64Array(
      places.map((i) => (trial.at[i]! >= from && trial.at[i]! < from + 7 * DAY_MS ? 1 : 0)),
    );
    weeks.push(pairs[0]![0](inWeek)!);
  }
  return {
    objective: objective!,
    logLoss: logLoss!,
    calibrationError: calibrationError!,
    auc: auc!,
    looks: places.length,
    journeys: new Set(groups).size,
    weeks,
  };
}
