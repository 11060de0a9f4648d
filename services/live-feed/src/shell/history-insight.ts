import { attribution } from '@cairn/history/queries/attribution.ts';
import { cellJourneys } from '@cairn/history/queries/cell-journeys.ts';
import { funnel } from '@cairn/history/queries/funnel.ts';
import { journeyMap } from '@cairn/history/queries/journey-map.ts';
import { metrics } from '@cairn/history/queries/metrics.ts';
import { paths } from '@cairn/history/queries/paths.ts';
import type { Query, Scope } from '@cairn/history/queries/journeys-scope.ts';

/** What the history says of many journeys at once. */
export interface JourneyInsight {
  map(scope: Scope, options: Parameters<typeof journeyMap>[2]): ReturnType<typeof journeyMap>;
  cell(scope: Scope, cell: Parameters<typeof cellJourneys>[2]): ReturnType<typeof cellJourneys>;
  funnel(scope: Scope): ReturnType<typeof funnel>;
  paths(scope: Scope, options: Parameters<typeof paths>[2]): ReturnType<typeof paths>;
  attribution(scope: Scope): ReturnType<typeof attribution>;
  metrics(scope: Scope, now: number): ReturnType<typeof metrics>;
}

/** The port, answered by ClickHouse. */
export function journeyInsight(history: Query): JourneyInsight {
  return {
    map: (scope, options) => journeyMap(history, scope, options),
    cell: (scope, cell) => cellJourneys(history, scope, cell),
    funnel: (scope) => funnel(history, scope),
    paths: (scope, options) => paths(history, scope, options),
    attribution: (scope) => attribution(history, scope),
    metrics: (scope, now) => metrics(history, scope, now),
  };
}
