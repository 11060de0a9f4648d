/** p50, p99 and the worst, in milliseconds with one decimal; null where nothing was measured. */
export interface Percentiles {
  p50Ms: number | null;
  p99Ms: number | null;
  maxMs: number | null;
}

export function percentiles(milliseconds: readonly number[]): Percentiles {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  const at = (share: number): number | null => {
    const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
    return value === undefined ? null : Number(value.toFixed(1));
  };
  return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}
