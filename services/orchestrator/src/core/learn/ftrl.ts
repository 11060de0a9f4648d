/**
 * FTRL-Proximal (McMahan et al. 2013, "Ad Click Prediction: a View from the Trenches") over a table of fixed size: per-coordinate
 * learning rates, so that a rare cross learns fast and a common one settles; an L1 penalty keeps what is only noise at exactly 0.
 * The table is changed in place: it belongs to whoever unpacked it.
 */
export interface FtrlSettings {
  alpha: number;
  beta: number;
  l1: number;
  l2: number;
}

export interface Ftrl {
  /** Sums of gradients, shifted by what the weights had already learned. */
  z: Float32Array;
  /** Sums of squared gradients. */
  n: Float32Array;
}

export function newFtrl(size: number): Ftrl {
  return { z: new Float32Array(size), n: new Float32Array(size) };
}

export function weightOf({ z, n }: Ftrl, i: number, { alpha, beta, l1, l2 }: FtrlSettings): number {
  const sum = z[i]!;
  if (sum <= l1 && sum >= -l1) return 0;
  const shrunk = sum > 0 ? sum - l1 : sum + l1;
  return -shrunk / ((beta + Math.sqrt(n[i]!)) / alpha + l2);
}

/** The weights of `count` slots into `into`; their sum. */
export function weightsOf(
  table: Ftrl,
  indices: Uint32Array | readonly number[],
  count: number,
  settings: FtrlSettings,
  into: Float64Array,
): number {
  let sum = 0;
  for (let k = 0; k < count; k++) sum += into[k] = weightOf(table, indices[k]!, settings);
  return sum;
}

/**
 * Every coordinate of `indices` has the value 1. `gradient`: of the loss by the score (prediction − label for a logistic one).
 * `weights`: as `weightsOf` gave them for the same indices.
 */
export function learnFtrl(
  table: Ftrl,
  indices: Uint32Array | readonly number[],
  count: number,
  gradient: number,
  settings: FtrlSettings,
  weights: Float64Array,
): void {
  const { z, n } = table;
  const squared = gradient * gradient;
  for (let k = 0; k < count; k++) {
    const i = indices[k]!;
    const before = n[i]!;
    n[i] = before + squared;
    const weight = weights[k]!;
    // A weight of 0, which most are, needs no roots.
    const shift = weight === 0 ? 0 : ((Math.sqrt(before + squared) - Math.sqrt(before)) / settings.alpha) * weight;
    z[i] = z[i]! + gradient - shift;
  }
}
