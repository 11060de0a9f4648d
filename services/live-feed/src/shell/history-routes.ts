/**
 * What operations and marketing see of history: `/api/map`, `/api/map/journeys`, `/api/funnel`, `/api/paths`, `/api/attribution`,
 * `/api/metrics`. Each answer says in words what its figures mean. Decides nothing; the queries are `packages/history`'s.
 */
import type { Express, Request } from 'express';
import { formatInstant } from '@cairn/clock/calendar.ts';
import type { Clock } from '@cairn/clock/clock.ts';
import { METRICS } from '@cairn/history/queries/metrics.ts';
import { authorise } from '@cairn/service-kit/authorise.ts';
import type { ControlMirror } from '@cairn/service-kit/control-mirror.ts';
import { ProblemError } from '@cairn/service-kit/problem.ts';
import { ATTRIBUTION_WORDS, FUNNEL_WORDS, MAP_WORDS, PATH_WORDS } from '../core/insight-words.ts';
import { showAttribution, showFunnel, showMap, showMetrics } from './history-show.ts';
import { presentJourney } from '../core/present-journey.ts';
import { createHistoryAnswers } from './history-answers.ts';
import type { JourneyInsight } from './history-insight.ts';
import { choiceOf, countOf, readScope, type AskedScope } from './history-scope.ts';
import { badRequest, textOf } from './paging.ts';
import type { View } from './view.ts';

export interface HistoryRoutesDeps {
  clock: Clock;
  control: Pick<ControlMirror, 'grantOf' | 'definitions'>;
  view: Pick<View, 'journeys'>;
  /** Absent: this node has no history, and every answer is a 503. */
  insight: JourneyInsight | undefined;
}

const TOUCHPOINTS = 30;
/** More columns than that nobody reads. */
const TOUCHPOINTS_MAX = 200;
const CELL_JOURNEYS_MAX = 500;
const STEPS_MAX = 12;
const PATHS_MAX = 100;
const NAME_MAX = 500;

export function addHistoryRoutes(app: Express, { clock, control, view, insight }: HistoryRoutesDeps): void {
  const answers = createHistoryAnswers(clock);

  function read(request: Request, known: readonly string[] = []): AskedScope & { insight: JourneyInsight } {
    const { workspace } = authorise({ control, clock }, request, 'read');
    if (!insight)
      throw new ProblemError({
        status: 503,
        code: 'no-history',
        title: 'This node has no history',
        retryAfterSeconds: 60,
      });
    return { ...readScope(request, workspace, control, known), insight };
  }

  app.get('/api/map', async (request, response) => {
    const asked = read(request, ['by', 'limit']);
    const by = choiceOf(request, 'by', ['event', 'channel'], 'event');
    const limit = countOf(request, 'limit', TOUCHPOINTS, TOUCHPOINTS_MAX);
    const { answer, at } = await answers.get(['map', asked.scope, by, limit], () =>
      asked.insight.map(asked.scope, { by, limit }),
    );
    response.json({ ...asked.about, asOf: formatInstant(at), ...showMap(answer, asked.stages), means: MAP_WORDS });
  });

  app.get('/api/map/journeys', async (request, response) => {
    const asked = read(request, ['by', 'stage', 'touchpoint', 'limit']);
    const by = choiceOf(request, 'by', ['event', 'channel'], 'event');
    const limit = countOf(request, 'limit', 50, CELL_JOURNEYS_MAX);
    const stage = textOf(request, 'stage');
    const touchpoint = textOf(request, 'touchpoint');
    if (stage === null) throw badRequest('stage is needed');
    if (stage.length > NAME_MAX || (touchpoint?.length ?? 0) > NAME_MAX)
      throw badRequest(`stage and touchpoint have at most ${NAME_MAX} characters`);
    const cell = { by, stage, touchpoint, limit };
    const { answer, at } = await answers.get(['cell', asked.scope, cell], () => asked.insight.cell(asked.scope, cell));
    const now = clock.now();
    response.json({
      ...asked.about,
      asOf: formatInstant(at),
      items: answer.map(({ id, touches, lastAt, ...stood }) => {
        const journey = view.journeys.get(asked.scope.workspace, id);
        return {
          id,
          ...stood,
          touches,
          lastAt: formatInstant(lastAt),
          journey: journey ? presentJourney(journey, now) : null,
        };
      }),
      next: null,
    });
  });

  app.get('/api/funnel', async (request, response) => {
    const asked = read(request);
    const { answer, at } = await answers.get(['funnel', asked.scope], () => asked.insight.funnel(asked.scope));
    response.json({
      ...asked.about,
      asOf: formatInstant(at),
      ...showFunnel(answer, asked.stages),
      means: FUNNEL_WORDS,
    });
  });

  app.get('/api/paths', async (request, response) => {
    const asked = read(request, ['by', 'steps', 'top']);
    const options = {
      by: choiceOf(request, 'by', ['event', 'channel', 'stage'], 'event'),
      steps: countOf(request, 'steps', 6, STEPS_MAX),
      top: countOf(request, 'top', 20, PATHS_MAX),
    };
    const { answer, at } = await answers.get(['paths', asked.scope, options], () =>
      asked.insight.paths(asked.scope, options),
    );
    response.json({ ...asked.about, asOf: formatInstant(at), ...answer, means: PATH_WORDS });
  });

  app.get('/api/attribution', async (request, response) => {
    const asked = read(request);
    const { answer, at } = await answers.get(['attribution', asked.scope], () =>
      asked.insight.attribution(asked.scope),
    );
    response.json({ ...asked.about, asOf: formatInstant(at), ...showAttribution(answer), means: ATTRIBUTION_WORDS });
  });

  app.get('/api/metrics', async (request, response) => {
    const asked = read(request);
    const { answer, at } = await answers.get(['metrics', asked.scope], () =>
      asked.insight.metrics(asked.scope, clock.now()),
    );
    response.json({ ...asked.about, asOf: formatInstant(at), ...showMetrics(answer), means: METRICS });
  });
}
