/** The journeys behind a cell of the map: those with most touches in it first. Cost: one pass over three columns of the touches. */
import { journeysSql, scopeParams, type Query, type Scope, type TouchpointBy } from './journeys-scope.ts';
import { readCorrections, touchesSql } from './touches.ts';

export interface CellJourney {
  id: string;
  status: string;
  stage: string;
  /** Touches in the cell, and when the last of them was. */
  touches: number;
  lastAt: number;
}

/** `touchpoint` null: the whole stage. */
export async function cellJourneys(
  history: Query,
  scope: Scope,
  cell: { by: TouchpointBy; stage: string; touchpoint: string | null; limit: number },
): Promise<CellJourney[]> {
  const named = cell.by === 'channel' ? `if(channel = '', '(no channel)', channel)` : 'event';
  const rows = await history.query<{
    id: string;
    status: string;
    stage: string;
    touches: number | string;
    last: number | string;
  }>(
    `SELECT j.journey_id AS id, j.status AS status, j.stages[-1] AS stage, t.touches AS touches, t.last AS last
       FROM (SELECT k, count() AS touches, max(at) AS last
               FROM (${touchesSql(scope, { corrections: await readCorrections(history, scope), within: true })})
              WHERE stage = {cellStage: String}
                ${cell.touchpoint === null ? '' : `AND ${named} = {cellTouchpoint: String}`}
              GROUP BY k) AS t
      INNER JOIN (${journeysSql(scope)}) AS j ON j.k = t.k
      ORDER BY touches DESC, last DESC, id LIMIT {cellLimit: UInt32}`,
    { ...scopeParams(scope), cellStage: cell.stage, cellTouchpoint: cell.touchpoint ?? '', cellLimit: cell.limit },
  );
  return rows.map((row) => ({
    id: row.id,
    status: row.status,
    stage: row.stage,
    touches: Number(row.touches),
    lastAt: Number(row.last),
  }));
}
