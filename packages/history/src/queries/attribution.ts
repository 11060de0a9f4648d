/**
 * Which channel is owed how much of the journeys that were won: paths of the buyer's touches with a channel, before the outcome, through
 * the models of `attribution/models.ts`. Credit, not effect. Cost: the touches of ended journeys, read a page at a time.
 */
import { createAttributor, type Attribution } from '../attribution/models.ts';
import {
  IN_RANGE,
  journeysSql,
  readCorrections,
  scopeParams,
  touchesSql,
  type Query,
  type Scope,
} from './journeys-scope.ts';

/** Journeys of a page: 50,000 paths of 20 touches are 20 MB of JSON. */
const PAGE = 50_000;

/** Of the journeys that ended within the range. */
export async function attribution(history: Query, scope: Scope): Promise<Attribution> {
  const corrections = await readCorrections(history, scope);
  const params = scopeParams(scope);
  const ended = `(SELECT k, status, ended FROM (${journeysSql(scope)}) WHERE status IN ('won', 'lost') AND ${IN_RANGE('ended')})`;
  const attributor = createAttributor();
  for (let after: string | null = '0', isFirst = true; after !== null; isFirst = false) {
    const rows: PathRow[] = await history.query<PathRow>(
      `SELECT toString(j.k) AS k, j.status AS status, t.path AS path
         FROM (SELECT k, status, ended FROM ${ended} WHERE k ${isFirst ? '>=' : '>'} {after: UInt64} ORDER BY k LIMIT {page: UInt32}) AS j
         LEFT JOIN (
           SELECT k, arraySort(groupArray((at, seq, toString(channel)))) AS path
             FROM (SELECT t.k AS k, at, seq, channel FROM (${touchesSql(scope, corrections)}) AS t
                   INNER JOIN (SELECT k, ended FROM ${ended} WHERE k ${isFirst ? '>=' : '>'} {after: UInt64} ORDER BY k LIMIT {page: UInt32}) AS e ON e.k = t.k
                   WHERE direction = 'inbound' AND channel != '' AND (at < ended OR (at = ended AND before)))
            GROUP BY k) AS t ON t.k = j.k
        ORDER BY j.k`,
      { ...params, after, page: PAGE },
    );
    for (const { status, path } of rows)
      attributor.add({
        converted: status === 'won',
        channels: path.map((touch) => touch[2]),
        times: path.map((touch) => Number(touch[0])),
      });
    after = rows.length < PAGE ? null : rows.at(-1)!.k;
  }
  return attributor.result();
}

interface PathRow {
  k: string;
  status: string;
  path: [at: number | string, seq: number | string, channel: string][];
}
