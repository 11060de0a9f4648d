/**
 * Removal effects of a first-order Markov chain of channels. With N = (I − Q)⁻¹, the chance to convert without ever visiting c is
 * P − N[start,c] / N[c,c] · P(conversion from c): one inverse serves all channels, where solving anew for each would take n times as long.
 */
import { CONVERTED, START } from './chain-ends.ts';

/** `steps`: from → to → how often, channels besides START, CONVERTED and LOST. For each name, 1 − P(without it) / P; 0 where nothing converts. */
export function markovEffects(
  names: readonly string[],
  steps: ReadonlyMap<string, ReadonlyMap<string, number>>,
): number[] {
  const size = names.length;
  const index = new Map(names.map((name, i) => [name, i]));
  const chanceOf = (from: string): { next: number[]; converted: number } => {
    const row = steps.get(from) ?? new Map<string, number>();
    let total = 0;
    for (const count of row.values()) total += count;
    const next = new Array<number>(size).fill(0);
    for (const [to, count] of row) {
      const place = index.get(to);
      if (place !== undefined) next[place] = count / total;
    }
    return { next, converted: total === 0 ? 0 : (row.get(CONVERTED) ?? 0) / total };
  };
  const rows = names.map(chanceOf);
  const start = chanceOf(START).next;
  const inverse = invert(rows.map(({ next }, i) => next.map((chance, j) => (i === j ? 1 : 0) - chance)));
  const convertedFrom = inverse.map((row) => row.reduce((sum, visits, j) => sum + visits * rows[j]!.converted, 0));
  const visits = names.map((_, j) => start.reduce((sum, chance, i) => sum + chance * inverse[i]![j]!, 0));
  const all = start.reduce((sum, chance, i) => sum + chance * convertedFrom[i]!, 0);
  if (all === 0) return names.map(() => 0);
  return names.map((_, c) => (visits[c]! / inverse[c]![c]!) * (convertedFrom[c]! / all));
}

/** Gauss–Jordan with the largest pivot. Never singular here: from every channel some path went on to an end. */
function invert(matrix: readonly (readonly number[])[]): number[][] {
  const size = matrix.length;
  const left = matrix.map((row) => [...row]);
  const right = matrix.map((_, i) => Array.from({ length: size }, (_unused, j) => (i === j ? 1 : 0)));
  for (let column = 0; column < size; column++) {
    let best = column;
    for (let i = column + 1; i < size; i++) if (Math.abs(left[i]![column]!) > Math.abs(left[best]![column]!)) best = i;
    [left[column], left[best]] = [left[best]!, left[column]!];
    [right[column], right[best]] = [right[best]!, right[column]!];
    const pivot = left[column]![column]!;
    for (let j = 0; j < size; j++) {
      left[column]![j]! /= pivot;
      right[column]![j]! /= pivot;
    }
    for (let i = 0; i < size; i++) {
      const factor = left[i]![column]!;
      if (i === column || factor === 0) continue;
      for (let j = 0; j < size; j++) {
        left[i]![j]! -= factor * left[column]![j]!;
        right[i]![j]! -= factor * right[column]![j]!;
      }
    }
  }
  return right;
}
