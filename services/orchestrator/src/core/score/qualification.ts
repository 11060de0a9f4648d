/** When a total score makes a journey marketing or sales qualified, and when it no longer is. */
import type { CompiledDefinition } from '../definition/compile-definition.ts';

export type Qualification = 'mql' | 'sql' | null;

/** Points fade all the time: one that is reached is kept down to this share of its threshold, or every visit would cross it anew. */
export const KEPT_DOWN_TO = 0.8;
const RANK = { mql: 1, sql: 2 } as const;

export function qualificationAt(
  thresholds: CompiledDefinition['thresholds'],
  before: Qualification,
  total: number,
): Qualification {
  const holds = (name: 'mql' | 'sql'): boolean => {
    const threshold = thresholds[name];
    if (threshold === null) return false;
    const kept = rankOf(before) >= RANK[name];
    return total >= (kept ? Math.min(threshold, threshold * KEPT_DOWN_TO) : threshold);
  };
  if (holds('sql')) return 'sql';
  return holds('mql') ? 'mql' : null;
}

export function rankOf(qualification: Qualification): number {
  return qualification === null ? 0 : RANK[qualification];
}
