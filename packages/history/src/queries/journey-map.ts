/**
 * The journey map: stage × touchpoint (or channel). Volume and journeys are counted over everything; shares and times over a sample of
 * journeys where there are more touches than `EXACT_TOUCHES`, and the answer says of how large a share. 10,000,000 touches: bench `history-queries`.
 */
import { markBarriers, type Barrier } from '../map/barriers.ts';
import { sentimentOf, type FeelingRow, type Sentiment } from '../map/sentiment.ts';
import {
  IN_RANGE,
  journeysSql,
  readCorrections,
  scopeParams,
  STAGE_AT_TIME,
  subjectsSql,
  touchesSql,
  type Query,
  type Scope,
  type TouchpointBy,
} from './journeys-scope.ts';
import { stageFigures, type StageFigures } from './stage-figures.ts';

/** Up to so many touches everything is exact. Over it a sample of about so many: in a cell with 1 % of them a share is out by 1.8 points at most (95 %). */
export const EXACT_TOUCHES = 300_000;
export const OTHER_TOUCHPOINTS = '(other)';

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
  const params = scopeParams(scope);
  const named = by === 'channel' ? `if(channel = '', '(no channel)', channel)` : 'event';
  const ofSegment = scope.segment ? `AND k IN (SELECT k FROM (${journeysSql(scope)}))` : '';
  const counted = await history.query<CountRow>(
    `SELECT stage, ${named} AS touchpoint, count() AS volume, uniqExact(k) AS journeys, countIf(direction = 'outbound') AS outbound
       FROM (${touchesSql(scope, corrections)}) WHERE ${IN_RANGE('at')} ${ofSegment} GROUP BY stage, touchpoint`,
    params,
  );
  const touches = sum(counted.map(({ volume }) => Number(volume)));
  const names = biggest(counted, limit);
  const { bound, share } = sampleOf(touches, exactTouches);
  const cellStages = [...new Set([...scope.stages, ...counted.map(({ stage }) => stage)])];
  const coded = await history.query<CodedRow>(
    detailsSql(scope, { touches: touchesSql(scope, corrections, bound), journeys: journeysSql(scope, bound), named }),
    { ...params, names, cellStages, sample: bound ?? '' },
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
    touchpoints: touchpointsOf(counted, names, nameOf),
    cells: markBarriers(cells),
    totals: { touches, journeys: sum(stages.map(({ started }) => started)) },
    sample: share,
  };
}

interface CountRow {
  stage: string;
  touchpoint: string;
  volume: number | string;
  journeys: number | string;
  outbound: number | string;
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

/** Codes of cells: the stage's place among `cellStages` times this, plus the touchpoint's among `names` (0: not one of them). */
const STAGE_STEP = 1_024;
/** A touch's key orders by time and then by arrival: milliseconds, and below them as many bits for the sequence. */
const SEQ_BITS = 20;

/**
 * Journeys' touches in arrays, in the order in which they happened, beside where they stood; then a row for each touch again. Names are
 * numbers on the way: arrays of strings made it four times as slow.
 */
function detailsSql(
  { from, to }: Scope,
  { touches, journeys, named }: Record<'touches' | 'journeys' | 'named', string>,
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
            arrayMap(key -> bitShiftRight(key, ${SEQ_BITS}), arraySort(t.keys)) AS ats,
            if(ended = 0, length(ats), arrayLastIndex(at -> at < ended, ats)) AS last,
            arrayMap(stage -> if(arrayExists((s, l) -> s = stage AND l > 0, stages, lefts),
              arraySum((s, e, l) -> if(s = stage AND l > 0, l - e, 0), stages, entered, lefts), -1), {cellStages: Array(String)}) AS spents
          FROM (
            SELECT k, groupArray(bitOr(bitShiftLeft(at, ${SEQ_BITS}), toInt64(least(seq, ${2 ** SEQ_BITS - 1})))) AS keys,
              groupArray(toUInt32(indexOf({cellStages: Array(String)}, stage) * ${STAGE_STEP} + indexOf({names: Array(String)}, ${named}))) AS codes
            FROM (${touches}) GROUP BY k
          ) AS t
          INNER JOIN (${journeys}) AS j ON j.k = t.k
        )
      ) ARRAY JOIN codes_in AS code, waits_in AS wait, spent_in AS spent, nths AS nth, is AS i
      GROUP BY code
    ) GROUP BY GROUPING SETS ((stage_at, touchpoint_at), (stage_at))`;
}

function cellsOf(
  counted: readonly CountRow[],
  details: readonly DetailRow[],
  feelings: readonly FeelingRow[],
  nameOf: (touchpoint: string) => string,
): MapCell[] {
  const key = (row: { stage: string; touchpoint: string }): string => `${row.stage}\n${nameOf(row.touchpoint)}`;
  const volumes = new Map<string, { volume: number; journeys: number; parts: number }>();
  for (const row of counted) {
    const known = volumes.get(key(row)) ?? { volume: 0, journeys: 0, parts: 0 };
    known.volume += Number(row.volume);
    known.journeys += Number(row.journeys);
    known.parts++;
    volumes.set(key(row), known);
  }
  const felt = Map.groupBy(feelings, key);
  const found = new Map(details.filter((row) => Number(row.whole) === 0).map((row) => [key(row), row]));
  return [...volumes].map(([at, { volume, journeys, parts }]) => {
    const [stage, touchpoint] = at.split('\n') as [string, string];
    const detail = found.get(at);
    const of = Number(detail?.journeys ?? 0);
    const share = (count: number | string | undefined): number => (of === 0 ? 0 : Number(count ?? 0) / of);
    return {
      stage,
      touchpoint,
      volume,
      // Journeys of the touchpoints that are one here may be the same: the sample's count stands for them where it is whole.
      journeys: parts > 1 ? Math.min(journeys, Math.max(of, 0) || journeys) : journeys,
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
  counted: readonly CountRow[],
  names: readonly string[],
  nameOf: (touchpoint: string) => string,
): JourneyMap['touchpoints'] {
  const sums = new Map<string, { name: string; volume: number; outbound: number }>();
  for (const name of names) sums.set(name, { name, volume: 0, outbound: 0 });
  for (const row of counted) {
    const name = nameOf(row.touchpoint);
    const known = sums.get(name) ?? { name, volume: 0, outbound: 0 };
    known.volume += Number(row.volume);
    known.outbound += Number(row.outbound);
    sums.set(name, known);
  }
  return [...sums.values()];
}

function biggest(counted: readonly CountRow[], limit: number): string[] {
  const sums = new Map<string, number>();
  for (const { touchpoint, volume } of counted) sums.set(touchpoint, (sums.get(touchpoint) ?? 0) + Number(volume));
  return [...sums]
    .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
    .slice(0, limit)
    .map(([name]) => name);
}

/** The order of a journey id's first character after `jrn_`; ids are hashes, so any first part of the order is a fair sample. */
const ID_ORDER = '-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz';

function sampleOf(touches: number, exactTouches: number): { bound: string | null; share: number } {
  if (touches <= exactTouches) return { bound: null, share: 1 };
  const characters = Math.max(1, Math.round((ID_ORDER.length * exactTouches) / touches));
  if (characters >= ID_ORDER.length) return { bound: null, share: 1 };
  return { bound: `jrn_${ID_ORDER[characters]!}`, share: characters / ID_ORDER.length };
}

const sum = (figures: readonly number[]): number => figures.reduce((total, figure) => total + figure, 0);
const numberOrNull = (value: number | string | null | undefined): number | null =>
  value === null || value === undefined ? null : Number(value);
