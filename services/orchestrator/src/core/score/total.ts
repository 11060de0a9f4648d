/** What reasons add up to. Of one thing alone there is one sum: whoever shows a score and its reasons takes it from here. */
import type { ScoreReason } from '@cairn/contracts/generated/journey.ts';

export function totalOf(reasons: readonly ScoreReason[]): number {
  let total = 0;
  for (const { points } of reasons) total += points;
  return total;
}
