/**
 * Webhooks over any time, from the history: `GET /api/delivery-report`, `/api/delivery-attempts`, `/api/delivery-withdrawals`. What is going
 * on now is the deliverer's own to say (`/api/endpoints/:id/health`, `/deliveries`).
 */
import type { Express, Request } from 'express';
import { parseInstant, parseIsoTime } from '@cairn/clock/calendar.ts';
import type { Clock } from '@cairn/clock/clock.ts';
import type { AttemptItem, DeliveryReport, WithdrawnItem } from '@cairn/history/queries/deliveries.ts';
import { authorise } from '@cairn/service-kit/authorise.ts';
import type { ControlMirror } from '@cairn/service-kit/control-mirror.ts';
import { ProblemError } from '@cairn/service-kit/problem.ts';
import { badRequest, readPage, textOf } from './paging.ts';

/** The port that `packages/history` implements. Times are epoch ms; an endpoint of null means all of the workspace. */
export interface DeliveryHistory {
  report(where: Where): Promise<DeliveryReport>;
  attempts(where: Where & { limit: number; before: Place | null; failedOnly: boolean }): Promise<AttemptItem[]>;
  withdrawn(where: Where & { limit: number }): Promise<WithdrawnItem[]>;
}

interface Where {
  workspace: string;
  endpointId: string | null;
  from: number;
  to: number;
}
type Place = readonly [at: number, deliveryId: string, attempt: number];

const DAY_MS = 86_400_000;
/** A report of more looks at too many rows at once. */
const SPAN_MS_MAX = 400 * DAY_MS;

export function addDeliveryReportRoutes(
  app: Express,
  deps: { clock: Clock; control: Pick<ControlMirror, 'grantOf'>; history: DeliveryHistory | undefined },
): void {
  const { clock, control } = deps;

  function read(request: Request): { where: Where; history: DeliveryHistory } {
    const { workspace } = authorise({ control, clock }, request, 'read');
    if (!deps.history)
      throw new ProblemError({
        status: 503,
        code: 'no-history',
        title: 'This node has no history',
        retryAfterSeconds: 60,
      });
    const to = timeOf(request, 'to') ?? clock.now();
    const from = timeOf(request, 'from') ?? to - DAY_MS;
    if (from >= to || to - from > SPAN_MS_MAX) throw badRequest('from must be before to, by at most 400 days');
    return { where: { workspace, endpointId: textOf(request, 'endpoint'), from, to }, history: deps.history };
  }

  app.get('/api/delivery-report', async (request, response) => {
    const { where, history } = read(request);
    response.json(await history.report(where));
  });

  app.get('/api/delivery-attempts', async (request, response) => {
    const { where, history } = read(request);
    const { limit } = readPage(request, { cursor: false });
    const before = placeOf(textOf(request, 'cursor'));
    const failedOnly = textOf(request, 'failed') === 'true';
    const items = await history.attempts({ ...where, limit, before, failedOnly });
    const last = items.length === limit ? items.at(-1)! : null;
    response.json({ items, next: last && cursorOf(last) });
  });

  app.get('/api/delivery-withdrawals', async (request, response) => {
    const { where, history } = read(request);
    const { limit } = readPage(request, { cursor: false });
    response.json({ items: await history.withdrawn({ ...where, limit }), next: null });
  });
}

function timeOf(request: Request, name: string): number | null {
  const text = textOf(request, name);
  if (text === null) return null;
  const at = parseIsoTime(text);
  if (at === null) throw badRequest(`${name} must be a time such as 2026-01-31T08:00:00.000Z`);
  return at;
}

const cursorOf = ({ at, deliveryId, attempt }: AttemptItem): string =>
  Buffer.from(JSON.stringify([parseInstant(at), deliveryId, attempt])).toString('base64url');

function placeOf(cursor: string | null): Place | null {
  if (cursor === null) return null;
  try {
    const [at, deliveryId, attempt] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    if (Number.isSafeInteger(at) && typeof deliveryId === 'string' && Number.isSafeInteger(attempt))
      return [at as number, deliveryId, attempt as number];
  } catch {
    // Said below.
  }
  throw badRequest('cursor must be one that this list gave out');
}
