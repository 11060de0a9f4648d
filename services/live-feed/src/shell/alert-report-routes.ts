/** `GET /api/alerts/report`: what people said of alerts, by week. Counts from the view, in turns; keeps nothing of its own. */
import type { Express } from 'express';
import { formatInstant, parseInstant } from '@cairn/clock/calendar.ts';
import type { Clock } from '@cairn/clock/clock.ts';
import { authorise } from '@cairn/service-kit/authorise.ts';
import type { ControlMirror } from '@cairn/service-kit/control-mirror.ts';
import { createAlertCounts, GROUPS, mondayOf, type Group } from '../core/alert-report.ts';
import type { ListPlace } from './merge-ranges.ts';
import { badRequest, readTexts, textOf } from './paging.ts';
import type { View } from './view.ts';

export interface AlertReportDeps {
  view: View;
  clock: Clock;
  control: Pick<ControlMirror, 'grantOf'>;
}

const WEEK_MS = 7 * 86_400_000;
const WEEKS = 12;
/** Two years. */
const WEEKS_MAX = 104;
/** Read in one turn: some 10 ms. */
const ALERTS_A_TURN = 1_000;
/** Alerts in one report: a second or so. Older ones are left out, and `complete` says so. */
const ALERTS_MAX = 100_000;

/** Before the routes of single alerts: `report` is no id. */
export function addAlertReportRoutes(app: Express, { view, clock, control }: AlertReportDeps): void {
  app.get('/api/alerts/report', async (request, response) => {
    const { workspace } = authorise({ control, clock }, request, 'read');
    const weeks = weeksOf(textOf(request, 'weeks'));
    const by = new Set((readTexts(request, 'by', GROUPS) ?? ['definition', 'stage', 'kind']) as readonly Group[]);
    const owner = readTexts(request, 'owner');
    const kind = readTexts(request, 'kind', ['stall', 'role-silent', 'single-threaded', 'role-missing']);
    const definition = readTexts(request, 'definition');
    const since = mondayOf(clock.now()) - (weeks - 1) * WEEK_MS;
    const counts = createAlertCounts(by, (at) => formatInstant(at).slice(0, 10));
    await view.store.settle();
    let from: ListPlace | null = null;
    let looked = 0;
    let isOver = false;
    do {
      const filter = { state: null, kind, owner, journeyId: null };
      const page = view.alerts.list(workspace, filter, { from, limit: ALERTS_A_TURN, budget: ALERTS_A_TURN });
      for (const id of page.ids) {
        const alert = view.alerts.get(workspace, id);
        if (!alert || (definition && !definition.includes(alert.definition))) continue;
        // Newest first: what follows is older still.
        isOver = (parseInstant(alert.openedAt) ?? 0) < since;
        if (isOver) break;
        counts.add(alert);
      }
      looked += ALERTS_A_TURN;
      from = page.next;
      await new Promise((resolve) => setImmediate(resolve));
    } while (from !== null && !isOver && looked < ALERTS_MAX);
    response.json({
      since: formatInstant(since),
      complete: from === null || isOver,
      items: counts.rows(),
      next: null,
    });
  });
}

function weeksOf(text: string | null): number {
  const weeks = text === null ? WEEKS : Number(text);
  if (!Number.isInteger(weeks) || weeks < 1 || weeks > WEEKS_MAX)
    throw badRequest(`weeks must be a whole number from 1 to ${WEEKS_MAX}`);
  return weeks;
}
