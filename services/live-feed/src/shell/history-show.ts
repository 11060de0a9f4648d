/** Figures of the history → the answers of the API: durations in ISO-8601, shares beside counts, targets beside what is. Shows, decides nothing. */
import { formatDuration, formatInstant } from '@cairn/clock/calendar.ts';
import type { Attribution } from '@cairn/history/attribution/models.ts';
import type { Funnel } from '@cairn/history/queries/funnel.ts';
import type { JourneyMap } from '@cairn/history/queries/journey-map.ts';
import type { Metrics } from '@cairn/history/queries/metrics.ts';

interface Planned {
  name: string;
  title: string | null;
  target: { timeMs: number | null; conversion: number | null; sentiment: number | null } | null;
}

const time = (ms: number | null | undefined): string | null =>
  ms === null || ms === undefined ? null : formatDuration(Math.round(ms));
const share = (part: number, of: number): number | null => (of === 0 ? null : part / of);

export function showMap(map: JourneyMap, planned: readonly Planned[]): Record<string, unknown> {
  const plans = new Map(planned.map((stage) => [stage.name, stage]));
  return {
    by: map.by,
    sample: map.sample,
    totals: map.totals,
    stages: map.stages.map(({ medianTimeMs, p90TimeMs, waitMs, ...stage }) => {
      const plan = plans.get(stage.stage);
      const target = plan?.target;
      return {
        ...stage,
        title: plan?.title ?? null,
        onwardShare: share(stage.onward, stage.entered),
        medianTime: time(medianTimeMs),
        p90Time: time(p90TimeMs),
        medianWait: time(waitMs),
        target: target
          ? { time: time(target.timeMs), conversion: target.conversion, sentiment: target.sentiment }
          : null,
        /** Actual against planned: 1.5 is half as long again as the target. */
        timeOfTarget: target?.timeMs && medianTimeMs !== null ? medianTimeMs / target.timeMs : null,
      };
    }),
    touchpoints: map.touchpoints,
    cells: map.cells.map(({ waitMs, timeInStageMs, ...cell }) => ({
      ...cell,
      medianWait: time(waitMs),
      medianTimeInStage: time(timeInStageMs),
    })),
  };
}

export function showFunnel(funnel: Funnel, planned: readonly Planned[]): Record<string, unknown> {
  const titles = new Map(planned.map((stage) => [stage.name, stage.title]));
  const { medianToWonMs, steps, moves, ...counts } = funnel;
  return {
    ...counts,
    wonShare: share(counts.won, counts.journeys),
    medianToWon: time(medianToWonMs),
    steps: steps.map(({ medianTimeMs, p90TimeMs, medianFromStartMs, ...step }) => ({
      ...step,
      title: titles.get(step.stage) ?? null,
      reachedShare: share(step.reached, counts.journeys),
      onwardShare: share(step.onward, step.entered),
      medianTime: time(medianTimeMs),
      p90Time: time(p90TimeMs),
      medianFromStart: time(medianFromStartMs),
    })),
    moves: moves.map(({ medianTimeMs, ...move }) => ({ ...move, medianTime: time(medianTimeMs) })),
  };
}

export function showAttribution(found: Attribution): Record<string, unknown> {
  return {
    conversions: found.conversions,
    unattributed: found.unattributed,
    journeys: found.journeys,
    models: found.models,
  };
}

export function showMetrics({ values, weeks }: Metrics): Record<string, unknown> {
  return { metrics: values, weeks: weeks.map(({ week, ...counts }) => ({ week: formatInstant(week), ...counts })) };
}
