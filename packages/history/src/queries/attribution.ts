/**
 * Which channel is owed how much of the journeys that were won: paths of the buyer's touches with a channel, before the outcome, through
 * the models of `attribution/models.ts`. Credit, not effect. Cost: one pass over the touches, a stretch of the journeys at a time.
 */
import { createAttributor, OTHER_CHANNELS, type Attribution } from '../attribution/models.ts';
import { allParts, IN_RANGE, journeysSql, partParams, scopeParams, type Query, type Scope } from './journeys-scope.ts';
import { knownNames, placeSql, readCorrections, timeOfKey, touchesSql, TOUCH_KEY } from './touches.ts';

/** Journeys of a page: 100,000 paths of 20 touches are 30 MB of JSON. */
const PAGE = 100_000;

/** Of the journeys that ended within the range. */
export async function attribution(history: Query, scope: Scope): Promise<Attribution> {
  const corrections = await readCorrections(history, scope);
  const ended = (journeys: string): string =>
    `(SELECT k, status, ended FROM (${journeys}) WHERE status IN ('won', 'lost') AND ${IN_RANGE('ended')})`;
  const [row] = await history.query<{ n: number | string }>(
    `SELECT count() AS n FROM ${ended(journeysSql(scope))}`,
    scopeParams(scope),
  );
  const names = await knownNames(history, scope, 'channel');
  const attributor = createAttributor();
  for (const part of allParts(Math.ceil(Number(row?.n ?? 0) / PAGE))) {
    const rows = await history.query<PathRow>(
      `SELECT j.status AS status, arrayFilter((key, before) -> ${timeOfKey('key')} < ended OR (${timeOfKey('key')} = ended AND before), t.keys, t.befores) AS in_time,
              arraySort(in_time) AS keys, arrayMap(key -> ${timeOfKey('key')}, keys) AS times,
              arraySort((channel, key) -> key, arrayFilter((channel, key, before) -> ${timeOfKey('key')} < ended OR (${timeOfKey('key')} = ended AND before), t.channels, t.keys, t.befores), in_time) AS channels
         FROM ${ended(journeysSql(scope, part))} AS j
         LEFT JOIN (
           SELECT k, groupArray(${TOUCH_KEY}) AS keys, groupArray(toUInt8(before)) AS befores, groupArray(toUInt16(${placeSql('channel', 'names')})) AS channels
             FROM (${touchesSql(scope, { corrections, part })})
            WHERE direction = 'inbound' AND channel != '' GROUP BY k) AS t ON t.k = j.k
        ORDER BY j.k`,
      { ...scopeParams(scope), ...partParams(part), names },
    );
    for (const { status, times, channels } of rows)
      attributor.add({
        converted: status === 'won',
        channels: channels.map((place) => names[place - 1] ?? OTHER_CHANNELS),
        times: times.map(Number),
      });
  }
  return attributor.result();
}

interface PathRow {
  status: string;
  times: (number | string)[];
  channels: number[];
}
