/**
 * `GET /api/touchpoints`: a workspace's touchpoints as Segment calls again, JSON lines in the order of their times, for dry runs and replays.
 * A page at a time, so that neither side holds more; the header `cairn-next` is the cursor of the next page, absent at the end.
 */
import type { Express } from 'express';
import { parseIsoTime } from '@cairn/clock/calendar.ts';
import type { Clock } from '@cairn/clock/clock.ts';
import type { ExportedTouchpoint, ExportPlace } from '@cairn/history/queries/touchpoint-export.ts';
import { authorise } from '@cairn/service-kit/authorise.ts';
import type { ControlMirror } from '@cairn/service-kit/control-mirror.ts';
import { ProblemError } from '@cairn/service-kit/problem.ts';
import { badRequest, textOf } from './paging.ts';

/** The port that `packages/history` implements. */
export interface TouchpointExport {
  (
    workspace: string,
    page: { from: number; after: ExportPlace | null; limit: number },
  ): Promise<{ items: ExportedTouchpoint[]; next: ExportPlace | null }>;
}

/** Some 10 MB of lines; a million touchpoints are fifty pages. */
const LINES_MAX = 20_000;

export function addTouchpointExportRoutes(
  app: Express,
  deps: { clock: Clock; control: Pick<ControlMirror, 'grantOf'>; touchpoints: TouchpointExport | undefined },
): void {
  app.get('/api/touchpoints', async (request, response) => {
    const { workspace } = authorise(deps, request, 'admin');
    const from = textOf(request, 'from');
    const fromMs = from === null ? 0 : parseIsoTime(from);
    if (fromMs === null) throw badRequest('from must be a time like 2026-01-31T00:00:00.000Z');
    const limit = Number(textOf(request, 'limit') ?? LINES_MAX);
    if (!Number.isInteger(limit) || limit < 1 || limit > LINES_MAX)
      throw badRequest(`limit must be a whole number from 1 to ${LINES_MAX}`);
    const after = placeOf(textOf(request, 'cursor'));
    if (!deps.touchpoints)
      throw new ProblemError({
        status: 503,
        code: 'no-history',
        title: 'This node has no history',
        retryAfterSeconds: 60,
      });
    const { items, next } = await deps.touchpoints(workspace, { from: fromMs, after, limit });
    if (next) response.setHeader('cairn-next', Buffer.from(JSON.stringify(next)).toString('base64url'));
    response.type('application/x-ndjson').send(items.map((item) => `${JSON.stringify(item)}\n`).join(''));
  });
}

function placeOf(cursor: string | null): ExportPlace | null {
  if (cursor === null) return null;
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(parsed) && Number.isInteger(parsed[0]) && typeof parsed[1] === 'string')
      return [parsed[0] as number, parsed[1]];
  } catch {
    // Said below.
  }
  throw badRequest('the cursor cannot be read');
}
