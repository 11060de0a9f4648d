/**
 * What the product is held against: the constant, idle time, and idle time in units of the journey's own mean pause. Each makes one figure
 * of a journey at a moment; what probability goes with the figure is counted on what came before the split.
 */
import type { Look } from './collect.ts';

export const YARDSTICKS = ['constant', 'idle time', 'own-gap ratio'] as const;
export type Yardstick = (typeof YARDSTICKS)[number];

/** `pooledGapMs`: for a journey without a pause of its own. */
export function figureOf(yardstick: Yardstick, look: Look, pooledGapMs: number): number {
  switch (yardstick) {
    case 'constant':
      return 0;
    case 'idle time':
      return look.idleMs;
    case 'own-gap ratio':
      return look.idleMs / Math.max(1, look.ownGapMs ?? pooledGapMs);
    default:
      return yardstick satisfies never;
  }
}

/** Bins of equal size; a bin of a training set of thousands has hundreds. */
const BINS = 20;

/** Figure → share of positives among the training examples of its bin. */
export function learnRates(figures: readonly number[], labels: readonly boolean[]): (figure: number) => number {
  const order = figures.map((_, i) => i).sort((a, b) => figures[a]! - figures[b]!);
  const edges: number[] = [];
  const rates: number[] = [];
  for (let bin = 0, from = 0; bin < BINS && from < order.length; bin++) {
    let to = Math.max(from + 1, Math.floor(((bin + 1) * order.length) / BINS));
    // Equal figures stay together.
    while (to < order.length && figures[order[to]!] === figures[order[to - 1]!]) to++;
    const positives = order.slice(from, to).filter((i) => labels[i]).length;
    edges.push(figures[order[to - 1]!]!);
    // As if one example of each class had been seen: nothing is certain.
    rates.push((positives + 1) / (to - from + 2));
    from = to;
  }
  return (figure) => {
    const bin = edges.findIndex((edge) => figure <= edge);
    return rates[bin < 0 ? rates.length - 1 : bin] ?? 0.5;
  };
}
