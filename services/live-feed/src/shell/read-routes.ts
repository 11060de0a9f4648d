/** The read API of journeys, alerts and people (API.md section 4). Answers from the view; another workspace's id is a 404 like any unknown one. */
import type { Express, Request } from 'express';
import type { Alert } from '@cairn/contracts/generated/alert.ts';
import type { Clock } from '@cairn/clock/clock.ts';
import { authorise } from '@cairn/service-kit/authorise.ts';
import { sendResource } from '@cairn/service-kit/etag.ts';
import type { ControlMirror } from '@cairn/service-kit/control-mirror.ts';
import { notFound } from '@cairn/service-kit/problem.ts';
import { parseFilter } from '../core/board-filter.ts';
import { presentAlert, presentJourney } from '../core/present-journey.ts';
import { type PersonScene, presentListedDecision, presentPerson } from '../core/present-person.ts';
import { BUDGET_A_TURN, inTurns } from './in-turns.ts';
import { badRequest, listAnswer, readPage, readTexts, textOf } from './paging.ts';
import type { ReadTimeline } from './touchpoint-history.ts';
import type { View } from './view.ts';

export interface ReadDeps {
  view: View;
  clock: Clock;
  control: Pick<ControlMirror, 'grantOf'>;
  readTimeline: ReadTimeline;
}

export function addReadRoutes(app: Express, { view, clock, control, readTimeline }: ReadDeps): void {
  const readerOf = (request: Request): string => authorise({ control, clock }, request, 'read').workspace;

  app.get('/api/journeys', async (request, response) => {
    const workspace = readerOf(request);
    const page = readPage(request);
    const { limit: _limit, cursor: _cursor, ...query } = request.query;
    const filter = parseFilter(query);
    if (!filter) throw badRequest('stage, status, owner, definition, minScore, text and stalled are the filters');
    await view.store.settle();
    const now = clock.now();
    const { found, next } = await inTurns(page.limit, page.from, (from, limit) => {
      const { ids, next: after } = view.journeys.list(workspace, filter, { from, limit, budget: BUDGET_A_TURN, now });
      const journeys = ids.map((id) => view.journeys.get(workspace, id)).filter((journey) => journey !== undefined);
      return { found: journeys, next: after };
    });
    response.json(
      listAnswer(
        found.map((journey) => presentJourney(journey, now)),
        next,
      ),
    );
  });

  app.get('/api/journeys/:id', (request, response) => {
    const journey = view.journeys.get(readerOf(request), request.params.id);
    if (!journey) throw notFound('journey');
    sendResource(request, response, presentJourney(journey, clock.now()), journey);
  });

  app.get('/api/journeys/:id/touchpoints', async (request, response) => {
    const workspace = readerOf(request);
    const { limit } = readPage(request, { cursor: false });
    const page = await readTimeline(workspace, request.params.id, { limit, cursor: textOf(request, 'cursor') });
    if (page === 'bad-cursor') throw badRequest('cursor must be one that this list gave out');
    if (!page) throw notFound('journey');
    response.json(page);
  });

  app.get('/api/alerts', async (request, response) => {
    const workspace = readerOf(request);
    const page = readPage(request);
    const filter = {
      state: readTexts(request, 'state', ['open', 'acknowledged', 'snoozed', 'resolved']),
      kind: readTexts(request, 'kind', ['stall', 'role-silent', 'single-threaded', 'role-missing']),
      owner: readTexts(request, 'owner'),
      journeyId: textOf(request, 'journeyId'),
    };
    await view.store.settle();
    const { found, next } = await inTurns(page.limit, page.from, (from, limit) => {
      const { ids, next: after } = view.alerts.list(workspace, filter, { from, limit, budget: BUDGET_A_TURN });
      return { found: ids.map((id) => view.alerts.get(workspace, id)).filter((one) => one !== undefined), next: after };
    });
    const present = (alert: Alert): Alert => presentAlert(alert, view.journeys.get(workspace, alert.journeyId));
    response.json(listAnswer(found.map(present), next));
  });

  app.get('/api/alerts/:id', (request, response) => {
    const workspace = readerOf(request);
    const alert = view.alerts.get(workspace, request.params.id);
    if (!alert) throw notFound('alert');
    sendResource(request, response, presentAlert(alert, view.journeys.get(workspace, alert.journeyId)));
  });

  const sceneOf = (workspace: string, id: string): PersonScene => ({
    livingAccount: (accountId) => view.people.livingAccount(workspace, accountId),
    story: view.people.story(workspace, id),
  });

  app.get('/api/people', async (request, response) => {
    const workspace = readerOf(request);
    const namespace = textOf(request, 'namespace');
    const value = textOf(request, 'value');
    if (namespace === null || value === null) throw badRequest('namespace and value are needed');
    await view.store.settle();
    const person = view.people.find(workspace, namespace, value);
    if (!person) throw notFound('person');
    sendResource(request, response, presentPerson(person, sceneOf(workspace, person.id)));
  });

  // What was decided by itself and somebody may want to set right. No person has this id: they are UUIDs.
  app.get('/api/people/decisions', async (request, response) => {
    const workspace = readerOf(request);
    const page = readPage(request);
    await view.store.settle();
    const { decisions, next } = view.people.toLookAt(workspace, page);
    response.json(listAnswer(decisions.map(presentListedDecision), next));
  });

  app.get('/api/people/:id', async (request, response) => {
    const workspace = readerOf(request);
    await view.store.settle();
    const { id } = request.params;
    const person = view.people.get(workspace, id);
    if (!person) throw notFound('person');
    if (person.mergedInto === null)
      return sendResource(request, response, presentPerson(person, sceneOf(workspace, id)));
    const living = view.people.living(workspace, id);
    // 308, not 301: whoever sends something else than a GET must not turn it into one.
    response
      .status(308)
      .location(`/api/people/${encodeURIComponent(living)}`)
      .json({ id: living });
  });
}
