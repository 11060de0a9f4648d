/**
 * The hierarchical discrete hazard table: of the silences that reached a bin, which share ended in it, by the buyer's return or by an
 * outcome. A stratum shrinks towards the one above it (pooled → stage → stage × previous gap), the pooled one towards what is
 * shipped; a bin that was never reached follows the one before it along a Pareto tail (the hazard falls as 1/elapsed).
 */
import { BIN_COUNT, middleOf } from './bins.ts';

export const GAP_CLASSES = 6;
/** Of a stratum and bin: silences that reached it, returns, outcomes. */
const CELL = 3;
const STRATUM = BIN_COUNT * CELL;
const STRATA_A_STAGE = GAP_CLASSES + 1;
/** Silences after which a stratum's own count weighs as much as the stratum above it. */
const POOLED_PRIOR = 6;
const STRATUM_PRIOR = 12;
/** Returns expected in the bins before after which they say as much of a bin as what is shipped; a bin further away counts half. */
const TAIL_PRIOR = 8;
const NEAREST = 0.5;
/** Shipped: P(return) by the hazard 0.5 / (days + 0.15): half within a day or so, one in seven silent after a week. */
const SHIPPED_SHAPE = 0.5;
const SHIPPED_START_DAYS = 0.15;
/** Shipped: one open journey in a hundred ends on a day. */
const SHIPPED_ENDS = 0.01;
/** Nothing is certain. */
const MOST = 0.999;

/** Per day of average activity, by bin. */
export interface Rates {
  returns: Float64Array;
  ends: Float64Array;
}

/** Days of average activity in each bin, over silences that begin when buyers move: the same rhythm that rates are applied with. */
export interface UsualDays {
  mean: Float64Array;
  variance: Float64Array;
}

export function tableLength(stages: number): number {
  return STRATUM * (1 + stages * STRATA_A_STAGE);
}

export const POOLED = 0;
export const stratumOfStage = (stage: number): number => 1 + stage * STRATA_A_STAGE;
export const stratumOfGap = (stage: number, gap: number): number => stratumOfStage(stage) + 1 + gap;

/** Previous gap (ms, −1: none) → class. */
export function gapClass(gapMs: number): number {
  if (gapMs < 0) return 0;
  if (gapMs < 3_600_000) return 1;
  if (gapMs < 86_400_000) return 2;
  if (gapMs < 3 * 86_400_000) return 3;
  return gapMs < 8 * 86_400_000 ? 4 : 5;
}

/** A bin of a silence is over: it counts in its stratum and in those above. */
export function countBin(
  table: Float32Array,
  stage: number,
  gap: number,
  bin: number,
  end: 'silent' | 'returned' | 'ended',
): void {
  for (const stratum of [POOLED, stratumOfStage(stage), stratumOfGap(stage, gap)]) {
    const cell = stratum * STRATUM + bin * CELL;
    table[cell]!++;
    if (end === 'returned') table[cell + 1]!++;
    if (end === 'ended') table[cell + 2]!++;
  }
}

/** The rates of a stratum, given those of the one above it; null: there is none, it is the pooled one. */
export function ratesOf(table: Float32Array, stratum: number, above: Rates | null, usual: UsualDays): Rates {
  const returns = new Float64Array(BIN_COUNT);
  const ends = new Float64Array(BIN_COUNT);
  const weight = above ? STRATUM_PRIOR : POOLED_PRIOR;
  // Returns seen and expected by what is shipped, in the bins before: the nearest count most. So the tail goes on where they end.
  let seen = 0;
  let expected = 0;
  for (let bin = 0; bin < BIN_COUNT; bin++) {
    const cell = stratum * STRATUM + bin * CELL;
    const reached = table[cell]!;
    const days = usual.mean[bin]!;
    const returnsAbove = above ? above.returns[bin]! : shipped(bin) * ((seen + TAIL_PRIOR) / (expected + TAIL_PRIOR));
    const endsAbove = above ? above.ends[bin]! : bin === 0 ? SHIPPED_ENDS : ends[bin - 1]!;
    const allAbove = returnsAbove + endsAbove;
    const shareAbove = 1 - Math.exp(-allAbove * days);
    const returned = (table[cell + 1]! + weight * shareAbove * (returnsAbove / allAbove)) / (reached + weight);
    const ended = (table[cell + 2]! + weight * shareAbove * (endsAbove / allAbove)) / (reached + weight);
    const either = Math.min(MOST, returned + ended);
    // Silences meet different days: the mean of e^−rate×days is not e^−rate×mean, but larger by half the variance.
    const silent = -Math.log(1 - either);
    const plain = silent / days;
    const spread = usual.variance[bin]!;
    const rate = Math.min(2 * plain, (silent + (plain * plain * spread) / 2) / days);
    returns[bin] = rate * (returned / (returned + ended));
    ends[bin] = rate * (ended / (returned + ended));
    if (reached > 0) {
      seen = seen * NEAREST + table[cell + 1]!;
      expected = expected * NEAREST - reached * Math.expm1(-shipped(bin) * days);
    }
  }
  return { returns, ends };
}

/** Falls as 1/elapsed from the second day on. */
function shipped(bin: number): number {
  return SHIPPED_SHAPE / (middleOf(bin) + SHIPPED_START_DAYS);
}
