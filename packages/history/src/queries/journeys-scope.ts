/**
 * What the map, the funnel, paths, attribution and metrics read: the living journeys of a definition and their touches, each in the stage
 * that the journey was in when it happened. Absorbed journeys count for the one that lives on, moved touchpoints for the journey they
 * were moved to. Only touches of the buyer and of ours: what has no direction (an `identify`, a nightly sync) is no touch.
 */
import type { History } from '../history.ts';

export type Query = Pick<History, 'query'>;

export interface Scope {
  workspace: string;
  definition: string;
  /** Of the definition, in its order. */
  stages: readonly string[];
  /** Epoch ms; null: from the beginning, to the end. `to` is exclusive. */
  from: number | null;
  to: number | null;
  segment: Segment | null;
}

/** Journeys of which the named property has one of the values. */
export interface Segment {
  name: SegmentName | `trait.${string}`;
  values: readonly string[];
}
export const SEGMENT_NAMES = ['unit', 'status', 'qualification', 'owner', 'channel', 'role'] as const;
export type SegmentName = (typeof SEGMENT_NAMES)[number];

export type TouchpointBy = 'event' | 'channel';

/** Hand-overs are followed so often: anonymous → person → account, and two merges of accounts. */
const ABSORPTIONS_FOLLOWED = 4;
const EARLIEST_MS = -2_208_988_800_000;
const LATEST_MS = 10_413_791_999_000;

export function scopeParams({ workspace, definition, stages, from, to, segment }: Scope): Record<string, unknown> {
  return {
    workspace,
    definition,
    stages,
    from: from ?? EARLIEST_MS,
    to: to ?? LATEST_MS,
    segmentValues: segment?.values ?? [],
    segmentTrait: segment?.name.startsWith('trait.') ? segment.name.slice('trait.'.length) : '',
  };
}

const OF_DEFINITION = `workspace = {workspace: String} AND definition = {definition: String}`;
export const IN_RANGE = (column: string): string => `${column} >= {from: Int64} AND ${column} < {to: Int64}`;

/**
 * Living journeys: k (its key), journey_id, subject_id, status, stages, entered, lefts (epoch ms; a visit's end, or the outcome's time;
 * 0 while it lasts), started, ended (epoch ms, 0: not), places (of `stages` in the definition, from 1; 0: no longer in it), onward (a
 * bit for each place from which it went to a later stage or was won).
 */
export function journeysSql(scope: Scope, sample: string | null = null): string {
  return `SELECT k, journey_id, subject_id, status, stages, entered, lefts, started, ended, places,
      arrayReduce('groupBitOr', arrayPushBack(arrayMap((place, i) ->
        if(status = 'won' OR arrayExists(later -> later > place, arraySlice(places, i + 1)), bitShiftLeft(toUInt64(1), place), toUInt64(0)),
        places, arrayEnumerate(places)), toUInt64(0))) AS onward
    FROM (
      SELECT journey_key AS k, journey_id, subject_id, status, stages,
        arrayMap(e -> toUnixTimestamp64Milli(e), entered) AS entered,
        toUnixTimestamp64Milli(started_at) AS started, toUnixTimestamp64Milli(ended_at) AS ended,
        arrayPushBack(arrayPopFront(entered), if(ended > 0, greatest(ended, entered[-1]), 0)) AS lefts,
        arrayMap(stage -> indexOf({stages: Array(String)}, stage), stages) AS places
      FROM ${visitsSql(scope, sample)})`;
}

/** The newest row of each living journey, in the columns of the table and with its key. */
function visitsSql({ segment }: Scope, sample: string | null): string {
  return `(SELECT *, journey_key FROM journey_visits FINAL WHERE ${OF_DEFINITION} AND status != 'absorbed' AND notEmpty(stages)
    ${sample === null ? '' : `AND journey_id < {sample: String}`} ${segment ? `AND ${segmentSql(segment)}` : ''})`;
}

function segmentSql({ name }: Segment): string {
  switch (name) {
    case 'unit':
    case 'status':
    case 'qualification':
    case 'owner':
      return `${name} IN {segmentValues: Array(String)}`;
    case 'channel':
    case 'role':
      return `hasAny(${name}s, {segmentValues: Array(String)})`;
    default:
      return `trim(BOTH '"' FROM JSONExtractRaw(traits, {segmentTrait: String})) IN {segmentValues: Array(String)}`;
  }
}

/** What is special in a definition's history; where nothing is, the touches are read straight off, in the order they lie. */
export interface Corrections {
  /** Journeys whose stages came to be known late, or that absorbed others. */
  rebuilt: boolean;
  /** Touchpoints that a split or a link moved. */
  moved: boolean;
  /** Touchpoints that say how the buyer felt, or what they paid. */
  values: boolean;
}

export async function readCorrections(history: Query, scope: Scope): Promise<Corrections> {
  const [row] = await history.query<Record<keyof Corrections, number | string>>(
    `SELECT (SELECT count() FROM journey_rebuilds WHERE ${OF_DEFINITION}) AS rebuilt,
            (SELECT count() FROM touchpoint_moves WHERE workspace = {workspace: String}) AS moved,
            (SELECT count() FROM touchpoint_values WHERE workspace = {workspace: String}) AS values`,
    scopeParams(scope),
  );
  return { rebuilt: Number(row?.rebuilt) > 0, moved: Number(row?.moved) > 0, values: Number(row?.values) > 0 };
}

const A_TOUCH = `${OF_DEFINITION} AND touchpoint_id != '' AND direction IN ('inbound', 'outbound') AND event != ''`;
const AT = `toUnixTimestamp64Milli(least(touchpoint_at, at))`;
const STAGE_AT = `stages[greatest(1, arrayLastIndex(e -> e <= at, entered))]`;
const MOVES = `(SELECT touchpoint_id, argMax(subject_id, version) AS subject_id FROM touchpoint_moves
    WHERE workspace = {workspace: String} GROUP BY touchpoint_id)`;

/** Touches: k, at (epoch ms), seq, stage, event, channel, direction, before (no outcome had been reached when it was taken). */
export function touchesSql(
  scope: Scope,
  { rebuilt, moved }: Omit<Corrections, 'values'>,
  sample: string | null = null,
): string {
  const sampled = sample === null ? '' : `AND journey_id < {sample: String}`;
  const parts = [
    `SELECT journey_key AS k, ${AT} AS at, seq, stage, event, channel, direction, status NOT IN ('won', 'lost') AS before
       FROM journey_changes
      WHERE ${A_TOUCH} ${sampled}
        ${rebuilt ? `AND journey_id NOT IN (SELECT journey_id FROM journey_rebuilds WHERE ${OF_DEFINITION})` : ''}
        ${moved ? `AND touchpoint_id NOT IN (SELECT touchpoint_id FROM touchpoint_moves WHERE workspace = {workspace: String})` : ''}`,
  ];
  if (rebuilt)
    parts.push(
      `SELECT k, at, seq, ${STAGE_AT} AS stage, event, channel, direction, ended = 0 OR at < ended AS before
         FROM (SELECT journey_id, ${AT} AS at, seq, event, channel, direction FROM journey_changes
                WHERE ${A_TOUCH} AND journey_id IN (SELECT journey_id FROM journey_rebuilds WHERE ${OF_DEFINITION})
                  ${moved ? `AND touchpoint_id NOT IN (SELECT touchpoint_id FROM touchpoint_moves WHERE workspace = {workspace: String})` : ''}) AS c
        INNER JOIN (${livingSql()}) AS l ON l.id = c.journey_id
        INNER JOIN (${journeysSql({ ...scope, segment: null }, sample)}) AS j ON j.journey_id = l.living`,
    );
  if (moved)
    parts.push(
      `SELECT k, at, seq, ${STAGE_AT} AS stage, event, channel, direction, ended = 0 OR at < ended AS before
         FROM (SELECT touchpoint_id, ${AT} AS at, seq, event, channel, direction FROM journey_changes
                WHERE ${A_TOUCH} AND touchpoint_id IN (SELECT touchpoint_id FROM touchpoint_moves WHERE workspace = {workspace: String})
                LIMIT 1 BY touchpoint_id) AS c
        INNER JOIN ${MOVES} AS m ON m.touchpoint_id = c.touchpoint_id
        INNER JOIN (${journeysSql({ ...scope, segment: null }, sample)}) AS j ON j.subject_id = m.subject_id`,
    );
  return parts.join('\nUNION ALL\n');
}

/** id → living: of the journeys that were rebuilt, which one lives on. */
function livingSql(): string {
  const absorbed = `(SELECT journey_id AS id, absorbed_into AS into FROM journey_visits FINAL WHERE ${OF_DEFINITION} AND status = 'absorbed')`;
  let sql = `SELECT DISTINCT journey_id AS id, journey_id AS living FROM journey_rebuilds WHERE ${OF_DEFINITION}`;
  for (let step = 0; step < ABSORPTIONS_FOLLOWED; step++)
    sql = `SELECT r.id AS id, if(a.into = '', r.living, a.into) AS living FROM (${sql}) AS r LEFT JOIN ${absorbed} AS a ON a.id = r.living`;
  return sql;
}

/** subject_id → its journey's visits, also of subjects that were absorbed: for what is known of a subject and not of a journey. */
export function subjectsSql(scope: Scope, { rebuilt }: Pick<Corrections, 'rebuilt'>): string {
  const known = `(SELECT subject_id FROM touchpoint_values WHERE workspace = {workspace: String})`;
  if (!rebuilt)
    return `SELECT subject_id, k, stages, entered, status FROM (${journeysSql(scope)}) WHERE subject_id IN ${known}`;
  const absorbed = `(SELECT journey_id AS id, absorbed_into AS into FROM journey_visits FINAL WHERE ${OF_DEFINITION} AND status = 'absorbed')`;
  let sql = `SELECT subject_id, journey_id AS living FROM journey_visits FINAL WHERE ${OF_DEFINITION} AND subject_id IN ${known}`;
  for (let step = 0; step < ABSORPTIONS_FOLLOWED; step++)
    sql = `SELECT r.subject_id AS subject_id, if(a.into = '', r.living, a.into) AS living FROM (${sql}) AS r LEFT JOIN ${absorbed} AS a ON a.id = r.living`;
  return `SELECT s.subject_id AS subject_id, j.k AS k, j.stages AS stages, j.entered AS entered, j.status AS status
    FROM (${sql}) AS s INNER JOIN (${journeysSql(scope)}) AS j ON j.journey_id = s.living`;
}

export const STAGE_AT_TIME = STAGE_AT;
