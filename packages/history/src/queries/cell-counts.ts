/**
 * How many touches and journeys each cell of the map has, over everything. Names are numbers on the way, and a journey's cells are bits of a
 * few words: 10,000,000 touches take 0.5 s of CPU, where sets of journeys for each cell took 1.8 s.
 */
import { OF_DEFINITION, scopeParams, journeysSql, type Query, type Scope } from './journeys-scope.ts';
import { knownNames, placeSql, touchesSql, type Corrections } from './touches.ts';

export const OTHER_TOUCHPOINTS = '(other)';
/** Codes of cells: the stage's place among `cellStages` times this, plus the touchpoint's among `names` (0: not one of them). */
export const STAGE_STEP = 8_192;
/** Over so many cells a set for each is cheaper than so many bits for each journey. */
const BIT_CELLS_MAX = 1_024;
const WORD = 64;

export interface CellCount {
  stage: string;
  touchpoint: string;
  volume: number;
  journeys: number;
}

export interface CellCounts {
  touches: number;
  counted: CellCount[];
  /** The most frequent, at most `limit`; the rest is `OTHER_TOUCHPOINTS`. */
  names: string[];
  cellStages: string[];
  /** Of each touchpoint: touches of ours. */
  outbound: Map<string, number>;
}

/** Of a row of `touchesSql`, with the parameters `names` and `cellStages`. */
export const cellCodeSql = (named: string): string =>
  `toUInt32(${placeSql('stage', 'cellStages')} * ${STAGE_STEP} + ${placeSql(named, 'names')})`;
export async function countCells(
  history: Query,
  scope: Scope,
  { corrections, named, limit }: { corrections: Corrections; named: string; limit: number },
): Promise<CellCounts> {
  const params = scopeParams(scope);
  const allNames = await knownNames(history, scope, named);
  const stood = await history.query<{ stage: string }>(
    `SELECT DISTINCT stage FROM journey_changes WHERE ${OF_DEFINITION}
      ${corrections.rebuilt || corrections.moved ? `UNION DISTINCT SELECT DISTINCT arrayJoin(stages) AS stage FROM journey_visits WHERE ${OF_DEFINITION}` : ''}`,
    params,
  );
  const cellStages = [...new Set([...scope.stages, ...stood.map(({ stage }) => stage).sort()])];
  const ofSegment = scope.segment ? `WHERE k IN (SELECT k FROM (${journeysSql(scope)}))` : '';
  const touches = `(SELECT * FROM (${touchesSql(scope, { corrections, within: true })}) ${ofSegment})`;
  const rows = await history.query<Record<'code' | 'volume' | 'outbound', number | string>>(
    `SELECT ${cellCodeSql(named)} AS code, count() AS volume, countIf(direction = 'outbound') AS outbound FROM ${touches} GROUP BY code`,
    { ...params, cellStages, names: allNames },
  );
  const all = rows.map((row) => ({
    stage: Math.floor(Number(row.code) / STAGE_STEP),
    name: allNames[(Number(row.code) % STAGE_STEP) - 1] ?? null,
    volume: Number(row.volume),
    outbound: Number(row.outbound),
  }));
  const names = biggest(all, limit);
  const places = new Map(names.map((name, i) => [name, i + 1]));
  const volumes = new Map<number, number>();
  const outbound = new Map<string, number>();
  for (const row of all) {
    const place = (row.name === null ? undefined : places.get(row.name)) ?? 0;
    const code = row.stage * STAGE_STEP + place;
    volumes.set(code, (volumes.get(code) ?? 0) + row.volume);
    const name = names[place - 1] ?? OTHER_TOUCHPOINTS;
    outbound.set(name, (outbound.get(name) ?? 0) + row.outbound);
  }
  const journeys = await countJourneys(history, [...volumes.keys()], {
    sql: (codeColumn) =>
      `SELECT k, ${codeColumn} AS cell FROM (SELECT k, ${cellCodeSql(named)} AS code FROM ${touches})`,
    params: { ...params, cellStages, names },
  });
  return {
    touches: all.reduce((sum, { volume }) => sum + volume, 0),
    counted: [...volumes].map(([code, volume]) => ({
      stage: cellStages[Math.floor(code / STAGE_STEP) - 1] ?? '',
      touchpoint: names[(code % STAGE_STEP) - 1] ?? OTHER_TOUCHPOINTS,
      volume,
      journeys: journeys.get(code) ?? 0,
    })),
    names,
    cellStages,
    outbound,
  };
}

/** Different journeys in each cell. `sql` gives a row a touch: k, cell (the given expression of `code`). */
async function countJourneys(
  history: Query,
  codes: readonly number[],
  { sql, params }: { sql: (cell: string) => string; params: Record<string, unknown> },
): Promise<Map<number, number>> {
  if (codes.length === 0) return new Map();
  if (codes.length > BIT_CELLS_MAX) {
    const rows = await history.query<{ cell: number | string; journeys: number | string }>(
      `SELECT cell, uniqExact(k) AS journeys FROM (${sql('code')}) GROUP BY cell`,
      params,
    );
    return new Map(rows.map((row) => [Number(row.cell), Number(row.journeys)]));
  }
  // A cell that came into being between two queries has a bit of its own, which nobody reads.
  const words = Array.from({ length: Math.ceil((codes.length + 1) / WORD) }, (_, word) => word);
  const bit = (word: number): string =>
    words.length === 1
      ? `bitShiftLeft(toUInt64(1), cell)`
      : `bitShiftLeft(toUInt64(intDiv(cell, ${WORD}) = ${word}), cell % ${WORD})`;
  const [row] = await history.query<Record<string, number | string>>(
    `SELECT ${codes.map((_, i) => `countIf(bitTest(w${Math.floor(i / WORD)}, ${i % WORD})) AS c${i}`).join(', ')}
       FROM (SELECT k, ${words.map((word) => `groupBitOr(${bit(word)}) AS w${word}`).join(', ')}
               FROM (${sql(`transform(code, {codes: Array(UInt32)}, range(toUInt16(length({codes: Array(UInt32)}))), toUInt16(${codes.length}))`)}) GROUP BY k)`,
    { ...params, codes },
  );
  return new Map(codes.map((code, i) => [code, Number(row?.[`c${i}`] ?? 0)]));
}

function biggest(counted: readonly { name: string | null; volume: number }[], limit: number): string[] {
  const sums = new Map<string, number>();
  for (const { name, volume } of counted) if (name !== null) sums.set(name, (sums.get(name) ?? 0) + volume);
  return [...sums]
    .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
    .slice(0, limit)
    .map(([name]) => name);
}
