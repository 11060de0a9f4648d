/** The funnel of the journeys that began within the range: stage to stage, with times. Cost: one row a journey; 500,000 in about 0.5 s. */
import { IN_RANGE, journeysSql, scopeParams, type Query, type Scope } from './journeys-scope.ts';

export interface FunnelStep {
  stage: string;
  /** Journeys that entered this stage, or a later one. */
  reached: number;
  /** Journeys that entered this very stage. */
  entered: number;
  /** Of `entered`: went to a later stage or were won, at any time after. */
  onward: number;
  wonIn: number;
  lostIn: number;
  stalledIn: number;
  /** In it now, not ended. */
  here: number;
  /** Of ended visits. */
  medianTimeMs: number | null;
  p90TimeMs: number | null;
  /** From the journey's beginning to its first entry. */
  medianFromStartMs: number | null;
}

export interface Funnel {
  journeys: number;
  won: number;
  lost: number;
  open: number;
  medianToWonMs: number | null;
  steps: FunnelStep[];
  /** From one stage to the next, or to an outcome (`won`, `lost`); back-steps too. */
  moves: { from: string; to: string; journeys: number; medianTimeMs: number | null }[];
}

export async function funnel(history: Query, scope: Scope): Promise<Funnel> {
  const params = scopeParams(scope);
  const journeys = `(SELECT * FROM (${journeysSql(scope)}) WHERE ${IN_RANGE('started')})`;
  const [total] = await history.query<Record<string, number | string | null>>(
    `SELECT count() AS journeys, countIf(status = 'won') AS won, countIf(status = 'lost') AS lost,
            ${median('ended - started', `status = 'won'`)} AS medianToWonMs,
            ${scope.stages.map((_, i) => `countIf(arrayMax(places) >= ${i + 1}) AS reached${i}`).join(', ')}
       FROM ${journeys}`,
    params,
  );
  const steps = await history.query<Record<string, number | string | null>>(
    `SELECT stage, countIf(nth = 1) AS entered, countIf(nth = 1 AND bitTest(onward, toUInt8(place))) AS onward,
            countIf(is_last AND status = 'won') AS wonIn, countIf(is_last AND status = 'lost') AS lostIn,
            countIf(is_last AND status = 'stalled') AS stalledIn, countIf(is_last AND ended = 0) AS here,
            ${median('left - since', 'left > 0')} AS medianTimeMs,
            if(countIf(left > 0) = 0, NULL, quantileExactInclusiveIf(0.9)(left - since, left > 0)) AS p90TimeMs,
            ${median('since - started', 'nth = 1')} AS medianFromStartMs
       FROM (SELECT stage, place, since, left, nth, i = length(stages) AS is_last, status, ended, onward, started FROM ${journeys}
              ARRAY JOIN stages AS stage, places AS place, entered AS since, lefts AS left, arrayEnumerate(stages) AS i,
                         arrayEnumerateUniq(stages) AS nth)
      GROUP BY stage`,
    params,
  );
  const moves = await history.query<{
    from: string;
    to: string;
    journeys: number | string;
    medianTimeMs: number | null;
  }>(
    `SELECT move.1 AS from, move.2 AS to, count(DISTINCT k) AS journeys, ${median('move.3', '1')} AS medianTimeMs
       FROM (SELECT k, arrayFilter(m -> m.4 > 0, arrayMap((s, next, e, l) -> (s, next, l - e, l), stages,
                      arrayPushBack(arrayPopFront(stages), status), entered, lefts)) AS moves FROM ${journeys})
      ARRAY JOIN moves AS move GROUP BY from, to ORDER BY journeys DESC, from, to LIMIT 500`,
    params,
  );
  const found = new Map(steps.map((row) => [String(row.stage), row]));
  const count = (value: number | string | null | undefined): number => Number(value ?? 0);
  const won = count(total?.won);
  const lost = count(total?.lost);
  return {
    journeys: count(total?.journeys),
    won,
    lost,
    open: count(total?.journeys) - won - lost,
    medianToWonMs: timeOf(total?.medianToWonMs),
    steps: scope.stages.map((stage, i) => {
      const row = found.get(stage);
      return {
        stage,
        reached: count(total?.[`reached${i}`]),
        entered: count(row?.entered),
        onward: count(row?.onward),
        wonIn: count(row?.wonIn),
        lostIn: count(row?.lostIn),
        stalledIn: count(row?.stalledIn),
        here: count(row?.here),
        medianTimeMs: timeOf(row?.medianTimeMs),
        p90TimeMs: timeOf(row?.p90TimeMs),
        medianFromStartMs: timeOf(row?.medianFromStartMs),
      };
    }),
    moves: moves.map((move) => ({ ...move, journeys: Number(move.journeys), medianTimeMs: timeOf(move.medianTimeMs) })),
  };
}

const median = (of: string, when: string): string =>
  `if(countIf(${when}) = 0, NULL, quantileExactInclusiveIf(0.5)(${of}, ${when}))`;

const timeOf = (value: number | string | null | undefined): number | null =>
  value === null || value === undefined ? null : Number(value);
