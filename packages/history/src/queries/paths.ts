/**
 * The ways that journeys go: their first steps, the most frequent of them in full and the rest as one. A step is a touchpoint, a channel or a
 * stage; the same step again and again is one; a loop is unrolled, because a node is a step at its place. Cost: one pass over the touches.
 */
import { IN_RANGE, journeysSql, scopeParams, type Query, type Scope } from './journeys-scope.ts';
import { knownNames, placeSql, readCorrections, timeOfKey, touchesSql, TOUCH_KEY } from './touches.ts';

export type PathBy = 'event' | 'channel' | 'stage';
export interface PathOptions {
  by: PathBy;
  /** Steps of a path; the answer says how many journeys went on. */
  steps: number;
  /** Paths of their own; the rest is one figure. */
  top: number;
}

export interface Paths {
  by: PathBy;
  journeys: number;
  top: { steps: string[]; goesOn: boolean; end: 'won' | 'lost' | 'open'; journeys: number; share: number }[];
  other: { paths: number; journeys: number; share: number };
  /** A Sankey: `place` from 0; ends have the place after the last step. */
  nodes: { id: string; place: number; name: string; journeys: number }[];
  links: { source: string; target: string; journeys: number }[];
}

/** Names of a place beyond so many are one: more bands cannot be told apart. */
const NAMES_A_PLACE = 8;
export const OTHER_STEPS = '(other)';
const GOES_ON = '(goes on)';

export async function paths(history: Query, scope: Scope, { by, steps, top }: PathOptions): Promise<Paths> {
  const journeys = `(SELECT k, status, ended, stages FROM (${journeysSql(scope)}) WHERE ${IN_RANGE('started')})`;
  const named = by === 'channel' ? `if(channel = '', '(no channel)', channel)` : 'event';
  const names = by === 'stage' ? [] : await knownNames(history, scope, named);
  // Names are numbers on the way: arrays of strings took twice as long to sort and to group.
  const all =
    by === 'stage'
      ? `SELECT status, arrayMap(s -> toString(s), stages) AS full FROM ${journeys}`
      : `SELECT status, arrayCompact(if(ended = 0, in_order, arrayResize(in_order, arrayCount(key -> ${timeOfKey('key')} <= ended, t.keys)))) AS full
           FROM (SELECT k, groupArray(${TOUCH_KEY}) AS keys, arraySort((code, key) -> key, groupArray(toUInt16(${placeSql(named, 'names')})), keys) AS in_order
                   FROM (${touchesSql(scope, { corrections: await readCorrections(history, scope) })}) GROUP BY k) AS t
          INNER JOIN ${journeys} AS j ON j.k = t.k WHERE notEmpty(full)`;
  const rows = await history.query<{
    way: (string | number)[];
    more: boolean | number;
    end: string;
    n: number | string;
  }>(
    `SELECT arraySlice(full, 1, {steps: UInt32}) AS way, length(full) > {steps: UInt32} AS more,
            if(status IN ('won', 'lost'), toString(status), 'open') AS end, count() AS n
       FROM (${all}) GROUP BY way, more, end ORDER BY n DESC, way, end LIMIT {most: UInt32}`,
    { ...scopeParams(scope), steps, most: WAYS_READ, names },
  );
  const nameOf = (step: string | number): string =>
    typeof step === 'string' ? step : (names[step - 1] ?? OTHER_STEPS);
  const ways = rows
    .map((row) => ({
      steps: row.way.map(nameOf),
      goesOn: Boolean(Number(row.more)),
      end: row.end as 'won' | 'lost' | 'open',
      journeys: Number(row.n),
    }))
    .sort((a, b) => b.journeys - a.journeys || bySteps(a.steps, b.steps) || (a.end < b.end ? -1 : 1));
  const total = ways.reduce((sum, way) => sum + way.journeys, 0);
  const rest = ways.slice(top);
  const others = rest.reduce((sum, way) => sum + way.journeys, 0);
  return {
    by,
    journeys: total,
    top: ways.slice(0, top).map((way) => ({ ...way, share: total === 0 ? 0 : way.journeys / total })),
    other: { paths: rest.length, journeys: others, share: total === 0 ? 0 : others / total },
    ...sankeyOf(ways),
  };
}

/** Different ways are at most as many as journeys; beyond so many the rarest are left out of the picture and of the count. */
const WAYS_READ = 200_000;

type Way = { steps: readonly string[]; goesOn: boolean; end: string; journeys: number };

function bySteps(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i]! < b[i]! ? -1 : 1;
  return a.length - b.length;
}

function sankeyOf(ways: readonly Way[]): Pick<Paths, 'nodes' | 'links'> {
  const own = namesByPlace(ways);
  const nodes = new Map<string, { id: string; place: number; name: string; journeys: number }>();
  const links = new Map<string, { source: string; target: string; journeys: number }>();
  for (const { steps, goesOn, end, journeys } of ways) {
    const names = steps.map((step, place) => (own[place]!.has(step) ? step : OTHER_STEPS));
    let before: string | null = null;
    [...names, goesOn ? GOES_ON : end].forEach((name, place) => {
      const isEnd = place === names.length;
      const id = isEnd ? `end:${name}` : `${place}:${name}`;
      const node = nodes.get(id) ?? { id, place, name, journeys: 0 };
      node.place = Math.max(node.place, place);
      node.journeys += journeys;
      nodes.set(id, node);
      if (before !== null) {
        const link = links.get(`${before}\n${id}`) ?? { source: before, target: id, journeys: 0 };
        link.journeys += journeys;
        links.set(`${before}\n${id}`, link);
      }
      before = id;
    });
  }
  return {
    nodes: [...nodes.values()].sort((a, b) => a.place - b.place || b.journeys - a.journeys || (a.id < b.id ? -1 : 1)),
    links: [...links.values()].sort(
      (a, b) => b.journeys - a.journeys || (a.source + a.target < b.source + b.target ? -1 : 1),
    ),
  };
}

function namesByPlace(ways: readonly Way[]): Set<string>[] {
  const counts: Map<string, number>[] = [];
  for (const { steps, journeys } of ways)
    steps.forEach((step, place) => {
      const of = (counts[place] ??= new Map<string, number>());
      of.set(step, (of.get(step) ?? 0) + journeys);
    });
  return counts.map(
    (of) =>
      new Set(
        [...of]
          .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
          .slice(0, NAMES_A_PLACE)
          .map(([name]) => name),
      ),
  );
}
