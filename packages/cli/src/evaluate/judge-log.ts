/** The figures of one log: the product beside the yardsticks, after the split, and a check that nothing of the future leaked in. */
import { seededRandom } from '@cairn/clock/clock.virtual.ts';
import { wasSilent, type Collected, type Look } from './collect.ts';
import { alertsAt, judgeAlerts, thresholdFor, type AlertFigures, type JudgedPeriod } from './judge-alerts.ts';
import { intervalsOfHeadlines, type HeadlineIntervals } from './judge-intervals.ts';
import { judgeWinning, type WinningFigures } from './judge-winning.ts';
import { areaUnderCurve, brier, calibrationError, meanOf } from './measures.ts';
import { figureOf, learnRates, YARDSTICKS } from './yardsticks.ts';

export interface MethodFigures extends AlertFigures {
  name: string;
  auc: number | null;
  /** 1 − Brier / Brier of the constant. */
  brierSkill: number | null;
  calibrationError: number | null;
}

export interface LogFigures {
  looks: { learned: number; judged: number };
  openJourneys: number;
  /** Share of judged looks after which seven days were silent. */
  base: number | null;
  methods: MethodFigures[];
  /** Of the product. */
  otherHorizons: { days: number; auc: number | null; calibrationError: number | null }[];
  winning: WinningFigures;
  /** Of 95 %, over journeys. */
  intervals: HeadlineIntervals;
  /** The product's, of the first days after the start. */
  firstDays: { days: string; looks: number; calibrationError: number | null; alerts: number }[];
  /** What came dealt out at random among the looks: what still ranks it is a fault of the measuring. */
  leakCheck: { auc: number | null; brierSkill: number | null };
}

const DAY_MS = 86_400_000;
const HORIZON_MS = 7 * DAY_MS;
/** Days of a new tenant. */
const SECOND_FORTNIGHT = [14, 28] as const;

export interface Example {
  look: Look;
  silent: boolean;
}

export function judgeLog(collected: Collected, splitAt: number): LogFigures {
  const { firstAt, lastAt } = collected.counts;
  const examples = labelled(collected, HORIZON_MS);
  // Learned from is only what was over before the split.
  const learned = examples.filter(({ look }) => look.at + HORIZON_MS <= splitAt);
  const judged = examples.filter(({ look }) => look.at >= splitAt);
  const labels = judged.map(({ silent }) => silent);
  const pooledGapMs = meanOf(learned.flatMap(({ look }) => (look.ownGapMs === null ? [] : [look.ownGapMs]))) ?? DAY_MS;
  const ticks = new Set(judged.map(({ look }) => look.at));
  const period: JudgedPeriod = {
    from: splitAt,
    to: lastAt ?? splitAt,
    openJourneys: ticks.size === 0 ? 0 : judged.length / ticks.size,
  };
  const product = judged.map(({ look }) => look.silence[1]);
  const constant = learnRates(
    learned.map(() => 0),
    learned.map(({ silent }) => silent),
  )(0);
  const constantBrier =
    judged.length === 0
      ? 0
      : brier(
          judged.map(() => constant),
          labels,
        );

  const skillOf = (probabilities: readonly number[], of: readonly boolean[]): number | null =>
    judged.length === 0 || constantBrier === 0 ? null : 1 - brier(probabilities, of) / constantBrier;
  const figuresOf = (probabilities: readonly number[], ranks: readonly number[]) => ({
    auc: areaUnderCurve(ranks, labels),
    brierSkill: skillOf(probabilities, labels),
    calibrationError: judged.length === 0 ? null : calibrationError(probabilities, labels),
  });

  const before = collected.looks.filter(({ at }) => at < splitAt);
  const after = collected.looks.filter(({ at }) => at >= splitAt);
  const alertsBefore = collected.alerts.filter(({ at }) => at < splitAt).length;
  const methods: MethodFigures[] = [
    { name: 'product', ...figuresOf(product, product), ...judgeAlerts(collected, collected.alerts, period) },
    ...YARDSTICKS.map((name): MethodFigures => {
      const of = (look: Look): number => figureOf(name, look, pooledGapMs);
      const rate = learnRates(
        learned.map(({ look }) => of(look)),
        learned.map(({ silent }) => silent),
      );
      const ranks = judged.map(({ look }) => of(look));
      const probabilities = ranks.map(rate);
      // As many alerts as the product had before the split: its limit is then applied to what came after.
      const limit = name === 'constant' ? Infinity : thresholdFor(before, before.map(of), alertsBefore);
      return {
        name,
        ...figuresOf(probabilities, ranks),
        ...judgeAlerts(collected, alertsAt(after, after.map(of), limit), period),
      };
    }),
  ];
  const dealt = dealtOut(judged);
  return {
    looks: { learned: learned.length, judged: judged.length },
    openJourneys: period.openJourneys,
    base: judged.length === 0 ? null : labels.filter(Boolean).length / labels.length,
    methods,
    otherHorizons: ([3, 30] as const).map((days) => otherHorizon(collected, splitAt, days)),
    winning: judgeWinning(collected, splitAt),
    intervals: intervalsOfHeadlines(
      judged,
      examples.filter(({ look }) => isWithin(look.at, firstAt ?? 0, SECOND_FORTNIGHT)),
      pooledGapMs,
    ),
    firstDays: firstDays(collected, examples, firstAt ?? 0),
    leakCheck: { auc: areaUnderCurve(product, dealt), brierSkill: skillOf(product, dealt) },
  };
}

export function labelled({ looks, courses, counts }: Collected, horizonMs: number): Example[] {
  const examples: Example[] = [];
  for (const look of looks) {
    const silent = wasSilent(courses[look.journey]!, look.at, horizonMs, counts.lastAt ?? 0);
    if (silent === null) continue;
    // Both classes alike: a return that is known early would else crowd out the silences that are not known yet.
    if (look.at + horizonMs <= (counts.lastAt ?? 0)) examples.push({ look, silent });
  }
  return examples;
}

function otherHorizon(
  collected: Collected,
  splitAt: number,
  days: 3 | 30,
): { days: number; auc: number | null; calibrationError: number | null } {
  const judged = labelled(collected, days * DAY_MS).filter(({ look }) => look.at >= splitAt);
  const said = judged.map(({ look }) => look.silence[days === 3 ? 0 : 2]);
  const labels = judged.map(({ silent }) => silent);
  return {
    days,
    auc: areaUnderCurve(said, labels),
    calibrationError: judged.length === 0 ? null : calibrationError(said, labels),
  };
}

function isWithin(at: number, startAt: number, [from, to]: readonly [number, number]): boolean {
  return at >= startAt + from * DAY_MS && at < startAt + to * DAY_MS;
}

function firstDays(collected: Collected, examples: readonly Example[], startAt: number): LogFigures['firstDays'] {
  const figures: LogFigures['firstDays'] = [];
  for (const [from, to] of [[0, 14], SECOND_FORTNIGHT, [28, 56]] as const) {
    const within = (at: number): boolean => isWithin(at, startAt, [from, to]);
    const some = examples.filter(({ look }) => within(look.at));
    figures.push({
      days: `${from + 1}–${to}`,
      looks: some.length,
      calibrationError:
        some.length === 0
          ? null
          : calibrationError(
              some.map(({ look }) => look.silence[1]),
              some.map(({ silent }) => silent),
            ),
      alerts: collected.alerts.filter(({ at }) => within(at)).length,
    });
  }
  return figures;
}

function dealtOut(examples: readonly Example[]): boolean[] {
  const random = seededRandom(1);
  const labels = examples.map(({ silent }) => silent);
  for (let i = labels.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [labels[i], labels[j]] = [labels[j]!, labels[i]!];
  }
  return labels;
}
