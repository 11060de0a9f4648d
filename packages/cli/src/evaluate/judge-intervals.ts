/** How sure the headline figures of a log are: intervals of 95 % over its journeys, each figure over the same draws. Pure. */
import { difference, intervalsOf, weightedArea, weightedCalibration, type Interval } from './bootstrap.ts';
import type { Example } from './judge-log.ts';
import { figureOf } from './yardsticks.ts';

export interface HeadlineIntervals {
  /** Of silences of seven days, after the split. */
  auc: Interval | null;
  /** The product's area less that of idle time. */
  aucOverIdle: Interval | null;
  calibrationError: Interval | null;
  /** Of the third and fourth week of a new tenant. */
  secondFortnightCalibrationError: Interval | null;
}

export function intervalsOfHeadlines(
  judged: readonly Example[],
  secondFortnight: readonly Example[],
  pooledGapMs: number,
): HeadlineIntervals {
  const groups = judged.map(({ look }) => look.journey);
  const labels = judged.map(({ silent }) => silent);
  const said = judged.map(({ look }) => look.silence[1]);
  const product = weightedArea(said, labels);
  const idle = weightedArea(
    judged.map(({ look }) => figureOf('idle time', look, pooledGapMs)),
    labels,
  );
  const [auc, aucOverIdle, calibrationError] = intervalsOf(groups, [
    product,
    difference(product, idle),
    weightedCalibration(said, labels),
  ]);
  const [ofFortnight] = intervalsOf(
    secondFortnight.map(({ look }) => look.journey),
    [
      weightedCalibration(
        secondFortnight.map(({ look }) => look.silence[1]),
        secondFortnight.map(({ silent }) => silent),
      ),
    ],
  );
  return {
    auc: auc ?? null,
    aucOverIdle: aucOverIdle ?? null,
    calibrationError: calibrationError ?? null,
    secondFortnightCalibrationError: ofFortnight ?? null,
  };
}
