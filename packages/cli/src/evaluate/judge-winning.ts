/** P(won) of journeys that ended, at the judged looks at which the product said one, beside the share won before the split. Pure. */
import { intervalsOf, weightedArea, weightedLogLoss, type Interval } from './bootstrap.ts';
import type { Collected } from './collect.ts';
import { areaUnderCurve, brier, calibrationError } from './measures.ts';

export interface WinningFigures {
  looks: number;
  auc: number | null;
  aucInterval: Interval | null;
  brierSkill: number | null;
  calibrationError: number | null;
  /** Nats a look; the constant's is of the share won before the split. */
  logLoss: number | null;
  constantLogLoss: number | null;
  /** Of the looks, in fortnights after the split: whether it goes on learning. */
  fortnights: { from: number; looks: number; auc: number | null; logLoss: number; constantLogLoss: number }[];
}

const FORTNIGHT_MS = 14 * 86_400_000;
const NOTHING: WinningFigures = {
  looks: 0,
  auc: null,
  aucInterval: null,
  brierSkill: null,
  calibrationError: null,
  logLoss: null,
  constantLogLoss: null,
  fortnights: [],
};

export function judgeWinning({ looks, courses }: Collected, splitAt: number): WinningFigures {
  const ended = courses.filter(({ endedAt }) => endedAt !== null && endedAt < splitAt);
  const base = ended.filter(({ outcome }) => outcome === 'won').length / Math.max(1, ended.length);
  const judged = looks.flatMap(({ at, journey, win }) => {
    const { outcome } = courses[journey]!;
    return at < splitAt || win === null || outcome === null ? [] : [{ at, journey, win, won: outcome === 'won' }];
  });
  if (judged.length === 0) return NOTHING;
  const said = judged.map(({ win }) => win);
  const labels = judged.map(({ won }) => won);
  const constant = said.map(() => base);
  const constantBrier = brier(constant, labels);
  const [aucInterval] = intervalsOf(
    judged.map(({ journey }) => journey),
    [weightedArea(said, labels)],
  );
  const fortnights: WinningFigures['fortnights'] = [];
  for (let from = splitAt; from <= judged.at(-1)!.at; from += FORTNIGHT_MS) {
    const some = judged.filter(({ at }) => at >= from && at < from + FORTNIGHT_MS);
    if (some.length === 0) continue;
    const of = some.map(({ won }) => won);
    fortnights.push({
      from,
      looks: some.length,
      auc: areaUnderCurve(
        some.map(({ win }) => win),
        of,
      ),
      logLoss: meanLogLoss(
        some.map(({ win }) => win),
        of,
      ),
      constantLogLoss: meanLogLoss(
        some.map(() => base),
        of,
      ),
    });
  }
  return {
    looks: judged.length,
    auc: areaUnderCurve(said, labels),
    aucInterval: aucInterval ?? null,
    brierSkill: constantBrier === 0 ? null : 1 - brier(said, labels) / constantBrier,
    calibrationError: calibrationError(said, labels),
    logLoss: meanLogLoss(said, labels),
    constantLogLoss: meanLogLoss(constant, labels),
    fortnights,
  };
}

function meanLogLoss(probabilities: readonly number[], labels: readonly boolean[]): number {
  return weightedLogLoss(probabilities, labels)(new Float64Array(labels.length).fill(1)) ?? 0;
}
