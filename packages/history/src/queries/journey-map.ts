/**
 * The journey map: stage × touchpoint (or channel). Volume and journeys are counted over everything; shares and times over a sample of
 * journeys where there are more touches than `EXACT_TOUCHES`, and the answer says of how large a share. 10,000,000 touches: bench `history-queries`.
 */
import { markBarriers, type Barrier } from '../map/barriers.ts';
import { sentimentOf, type FeelingRow, type Sentiment } from '../map/sentiment.ts';
import { cellCodeSql, countCells, OTHER_TOUCHPOINTS, STAGE_STEP, type CellCount } from './cell-counts.ts';
import {
  firstPart,
  IN_RANGE,
  journeysSql,
  partParams,
  scopeParams,
  type Query,
  type Scope,
  type TouchpointBy,
} from './journeys-scope.ts';
import { stageFigures, type StageFigures } from './stage-figures.ts';
import { readCorrections, STAGE_AT_TIME, subjectsSql, timeOfKey, touchesSql, TOUCH_KEY } from './touches.ts';

/** Up to so many touches everything is exact. Over it a sample of about so many: in a cell with 1 % of them a share is out by 1.8 points at most (95 %). */
export const EXACT_TOUCHES = 300_000;

export interface MapCell {
  stage: string;
  touchpoint: string;
  /** Touches. */
  volume: number;
  /** Journeys that had one. */
  journeys: number;
  /** Share of those that later went to a later stage or were won. */
  onwardShare: number;
  /** Share of those that had it more than once in this stage. */
  repeatShare: number;
  /** Share of those that were lost, or stand still, with this as their last touch. */
  dropOffShare: number;
  stalledShare: number;
  /** Median pause before it, since the journey's touch before. */
  waitMs: number | null;
  /** Median time that those journeys spent in this stage, of ended visits. */
  timeInStageMs: number | null;
  sentiment: Sentiment | null;
  barriers: Barrier[];
}

export interface JourneyMap {
  by: TouchpointBy;
  stages: (StageFigures & { volume: number; waitMs: number | null; sentiment: Sentiment | null })[];
  touchpoints: { name: string; volume: number; outbound: number }[];
  cells: MapCell[];
  totals: { touches: number; journeys: number };
  /** Share of the journeys from which shares and times are made; 1: all. */
  sample: number;
}

export interface MapOptions {
  by: TouchpointBy;
  /** So many touchpoints of their own; the rest is one. */
  limit: number;
  /** For tests: from how many touches on a sample is taken. */
  exactTouches?: number;
}

export async function journeyMap(
  history: Query,
  scope: Scope,
  { by, limit, exactTouches = EXACT_TOUCHES }: MapOptions,
): Promise<JourneyMap> {
  const corrections = await readCorrections(history, scope);
  const named = by === 'channel' ? `if(channel = '', '(no channel)', channel)` : 'event';
  const { touches, counted, names, cellStages, outbound } = await countCells(history, scope, {
    corrections,
    named,
    limit,
  });
  const { part, share } = touches <= exactTouches ? { part: null, share: 1 } : firstPart(exactTouches / touches);
  const params = { ...scopeParams(scope), ...partParams(part), names, cellStages };
  const coded = await history.query<CodedRow>(
    detailsSql(scope, {
      touches: touchesSql(scope, { corrections, part }),
      journeys: journeysSql(scope, part),
      code: cellCodeSql(named),
    }),
    params,
  );
  const details = coded.map((row) => ({
    ...row,
    stage: cellStages[Number(row.stage_at) - 1] ?? '',
    touchpoint: names[Number(row.touchpoint_at) - 1] ?? OTHER_TOUCHPOINTS,
    wait: Number(row.waits) === 0 ? null : row.wait,
    in_stage: Number(row.in_stages) === 0 ? null : row.in_stage,
  }));
  const feelings = !corrections.values
    ? []
    : await history.query<FeelingRow>(
        `SELECT ${STAGE_AT_TIME} AS stage, ${named} AS touchpoint, kind, count() AS n, avg(value) AS mean,
            countIf(value >= 9) AS promoters, countIf(value <= 6) AS detractors
       FROM (SELECT subject_id, kind, value, event, channel, toUnixTimestamp64Milli(at) AS at FROM touchpoint_values
              WHERE workspace = {workspace: String} AND kind IN ('csat', 'nps', 'ces', 'sentiment')) AS v
      INNER JOIN (${subjectsSql(scope, corrections)}) AS s ON s.subject_id = v.subject_id
      WHERE ${IN_RANGE('at')} GROUP BY stage, touchpoint, kind`,
        params,
      );
  const stages = await stageFigures(history, scope);
  const isOwn = new Set(names);
  const nameOf = (touchpoint: string): string => (isOwn.has(touchpoint) ? touchpoint : OTHER_TOUCHPOINTS);
  const cells = cellsOf(counted, details, feelings, nameOf);
  return {
    by,
    stages: stages.map((stage) => ({
      ...stage,
      volume: sum(cells.filter((cell) => cell.stage === stage.stage).map((cell) => cell.volume)),
      waitMs: numberOrNull(details.find((row) => row.stage === stage.stage && Number(row.whole) === 1)?.wait),
      sentiment: sentimentOf(feelings.filter((row) => row.stage === stage.stage)),
    })),
    touchpoints: touchpointsOf(counted, names, outbound),
    cells: markBarriers(cells),
    totals: { touches, journeys: sum(stages.map(({ started }) => started)) },
    sample: share,
  };
}

type DetailRow = CodedRow & { stage: string; touchpoint: string };
interface CodedRow {
  stage_at: number | string;
  touchpoint_at: number | string;
  /** 1: of the whole stage. */
  whole: number | string;
  journeys: number | string;
  onward: number | string;
  repeating: number | string;
  dropped: number | string;
  stalled: number | string;
  waits: number | string;
  wait: number | null;
  in_stages: number | string;
  in_stage: number | null;
}

/**
 * Journeys' touches in arrays, in the order in which they happened, beside where they stood; then a row for each touch again. Names are
 * numbers on the way: arrays of strings made it four times as slow.
 */
function detailsSql(
  { from, to }: Scope,
  { touches, journeys, code }: Record<'touches' | 'journeys' | 'code', string>,
): string {
  const isBounded = from !== null || to !== null;
  const inRange = `arrayFilter(i -> ${IN_RANGE('ats[i]')}, arrayEnumerate(ats))`;
  const picked = (array: string): string => (isBounded ? `arrayMap(i -> ${array}[i], places_in)` : array);
  return `SELECT stage_at, touchpoint_at, grouping(touchpoint_at) AS whole,
      sum(n_journeys) AS journeys, sum(n_onward) AS onward, sum(n_repeating) AS repeating, sum(n_dropped) AS dropped, sum(n_stalled) AS stalled,
      sum(n_wait) AS waits, quantileExactInclusiveMerge(0.5)(wait_state) AS wait,
      sum(n_in_stage) AS in_stages, quantileExactInclusiveMerge(0.5)(in_stage_state) AS in_stage
    FROM (
      SELECT intDiv(code, ${STAGE_STEP}) AS stage_at, code % ${STAGE_STEP} AS touchpoint_at, countIf(nth = 1) AS n_journeys,
        countIf(nth = 1 AND bitTest(onward, toUInt8(least(intDiv(code, ${STAGE_STEP}), 63)))) AS n_onward,
        countIf(nth = 2) AS n_repeating,
        countIf(i = last AND status = 'lost') AS n_dropped, countIf(i = last AND status = 'stalled') AS n_stalled,
        countIf(i > 1) AS n_wait, quantileExactInclusiveStateIf(0.5)(wait, i > 1) AS wait_state,
        countIf(nth = 1 AND spent >= 0) AS n_in_stage, quantileExactInclusiveStateIf(0.5)(spent, nth = 1 AND spent >= 0) AS in_stage_state
      FROM (
        SELECT status, onward, last, ${isBounded ? `${inRange} AS places_in,` : ''}
          ${picked('codes')} AS codes_in, ${picked('waits')} AS waits_in,
          arrayMap(code -> spents[intDiv(code, ${STAGE_STEP})], codes_in) AS spent_in,
          arrayEnumerateUniq(codes_in) AS nths, ${isBounded ? 'places_in' : 'arrayEnumerate(ats)'} AS is
        FROM (
          SELECT status, onward, ats, arrayDifference(ats) AS waits,
            arraySort((code, key) -> key, t.codes, t.keys) AS codes,
            arrayMap(key -> ${timeOfKey('key')}, arraySort(t.keys)) AS ats,
            if(ended = 0, length(ats), arrayLastIndex(at -> at < ended, ats)) AS last,
            arrayMap(stage -> if(arrayExists((s, l) -> s = stage AND l > 0, stages, lefts),
              arraySum((s, e, l) -> if(s = stage AND l > 0, l - e, 0), stages, entered, lefts), -1), {cellStages: Array(String)}) AS spents
          FROM (
            SELECT k, groupArray(${TOUCH_KEY}) AS keys,
              groupArray(${code}) AS codes
            FROM (${touches}) GROUP BY k
          ) AS t
          INNER JOIN (${journeys}) AS j ON j.k = t.k
        )
      ) ARRAY JOIN codes_in AS code, waits_in AS wait, spent_in AS spent, nths AS nth, is AS i
      GROUP BY code
    ) GROUP BY GROUPING SETS ((stage_at, touchpoint_at), (stage_at))`;
}

function cellsOf(
  counted: readonly CellCount[],
  details: readonly DetailRow[],
  feelings: readonly FeelingRow[],
  nameOf: (touchpoint: string) => string,
): MapCell[] {
  const key = (row: { stage: string; touchpoint: string }): string => `${row.stage}\n${nameOf(row.touchpoint)}`;
  const felt = Map.groupBy(feelings, key);
  const found = new Map(details.filter((row) => Number(row.whole) === 0).map((row) => [key(row), row]));
  return counted.map(({ stage, touchpoint, volume, journeys }) => {
    const at = `${stage}\n${touchpoint}`;
    const detail = found.get(at);
    const of = Number(detail?.journeys ?? 0);
    const share = (count: number | string | undefined): number => (of === 0 ? 0 : Number(count ?? 0) / of);
    return {
      stage,
      touchpoint,
      volume,
      journeys,
      onwardShare: share(detail?.onward),
      repeatShare: share(detail?.repeating),
      dropOffShare: share(detail?.dropped),
      stalledShare: share(detail?.stalled),
      waitMs: numberOrNull(detail?.wait),
      timeInStageMs: numberOrNull(detail?.in_stage),
      sentiment: sentimentOf(felt.get(at) ?? []),
      barriers: [],
    };
  });
}

function touchpointsOf(
  counted: readonly CellCount[],
  names: readonly string[],
  outbound: ReadonlyMap<string, number>,
): JourneyMap['touchpoints'] {
  const volumes = new Map(names.map((name) => [name, 0]));
  for (const { touchpoint, volume } of counted) volumes.set(touchpoint, (volumes.get(touchpoint) ?? 0) + volume);
  return [...volumes].map(([name, volume]) => ({ name, volume, outbound: outbound.get(name) ?? 0 }));
}

const sum = (figures: readonly number[]): number => figures.reduce((total, figure) => total + figure, 0);
const numberOrNull = (value: number | string | null | undefined): number | null =>
  value === null || value === undefined ? null : Number(value);
