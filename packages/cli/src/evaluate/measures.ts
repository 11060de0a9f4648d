/** How good probabilities are: whether they rank (AUC), how far they are off (Brier), whether they mean what they say (calibration). Pure. */

/** P(a positive is ranked above a negative), ties counting half; null where one of the classes is missing. */
export function areaUnderCurve(scores: readonly number[], labels: readonly boolean[]): number | null {
  const order = scores.map((_, i) => i).sort((a, b) => scores[a]! - scores[b]!);
  let positives = 0;
  let rankSum = 0;
  for (let from = 0; from < order.length;) {
    let to = from;
    while (to < order.length && scores[order[to]!] === scores[order[from]!]) to++;
    // Ranks from 1; equal scores share the mean of theirs.
    const rank = (from + 1 + to) / 2;
    for (let i = from; i < to; i++) {
      if (!labels[order[i]!]) continue;
      positives++;
      rankSum += rank;
    }
    from = to;
  }
  const negatives = order.length - positives;
  if (positives === 0 || negatives === 0) return null;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/** Mean squared error of probabilities. */
export function brier(probabilities: readonly number[], labels: readonly boolean[]): number {
  let sum = 0;
  for (let i = 0; i < probabilities.length; i++) sum += (probabilities[i]! - (labels[i] ? 1 : 0)) ** 2;
  return sum / probabilities.length;
}

export const CALIBRATION_BINS = 10;

/** Expected calibration error over ten bins of equal width: how far what was said is from what came, weighted by how often it was said. */
export function calibrationError(probabilities: readonly number[], labels: readonly boolean[]): number {
  const bins = Array.from({ length: CALIBRATION_BINS }, () => ({ said: 0, came: 0 }));
  for (let i = 0; i < probabilities.length; i++) {
    const bin = bins[Math.min(CALIBRATION_BINS - 1, Math.floor(probabilities[i]! * CALIBRATION_BINS))]!;
    bin.said += probabilities[i]!;
    bin.came += labels[i] ? 1 : 0;
  }
  return bins.reduce((sum, { said, came }) => sum + Math.abs(said - came), 0) / probabilities.length;
}

export function meanOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function medianOf(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
