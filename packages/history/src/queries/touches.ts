/**
 * The touches that the map, paths, attribution and metrics read: each in the stage that the journey was in when it happened. Absorbed
 * journeys count for the one that lives on, moved touchpoints for the journey they were moved to. Only touches of the buyer and of ours:
 * what has no direction (an `identify`, a nightly sync) is no touch. Keys are compared, not ids: numbers are found four times as fast.
 */
import {
  IN_PART,
  IN_RANGE,
  OF_DEFINITION,
  journeysSql,
  scopeParams,
  type Part,
  type Query,
  type Scope,
} from './journeys-scope.ts';
import { movedSubjectsSql } from './moved-subjects.ts';

/** Hand-overs are followed so often: anonymous → person → account, and two merges of accounts. */
const ABSORPTIONS_FOLLOWED = 4;

/** What is special in a definition's history; where nothing is, the touches are read straight off, in the order they lie. */
export interface Corrections {
  /** Journeys whose stages came to be known late, or that absorbed others. */
  rebuilt: boolean;
  /** Touchpoints that a split or a link moved; null: none was. */
  moved: MovedTouches | null;
  /** Touchpoints that say how the buyer felt, or what they paid. */
  values: boolean;
}

/** The journeys that they were in, as SQL within `IN (…)`. By id the order on disk finds them, by key they are left out fast. */
interface MovedTouches {
  ids: string;
  keys: string;
}

export async function readCorrections(history: Query, scope: Scope): Promise<Corrections> {
  const [row] = await history.query<Record<keyof Corrections, number | string>>(
    `SELECT (SELECT count() FROM journey_rebuilds WHERE ${OF_DEFINITION}) AS rebuilt,
            (SELECT count() FROM touchpoint_moves WHERE workspace = {workspace: String}) AS moved,
            (SELECT count() FROM touchpoint_values WHERE workspace = {workspace: String}) AS values`,
    scopeParams(scope),
  );
  return {
    rebuilt: Number(row?.rebuilt) > 0,
    moved: Number(row?.moved) > 0 ? await readMoved(history, scope) : null,
    values: Number(row?.values) > 0,
  };
}

/** Looked for once: it reads the ids of all touchpoints, which costs as much as counting them. */
async function readMoved(history: Query, scope: Scope): Promise<MovedTouches | null> {
  const rows = await history.query<{ id: string; key: string }>(
    `SELECT journey_id AS id, toString(any(journey_key)) AS key FROM journey_changes WHERE ${HAS_MOVED} GROUP BY id LIMIT ${MOVED_JOURNEYS_MAX + 1}`,
    scopeParams(scope),
  );
  if (rows.length === 0) return null;
  if (rows.length > MOVED_JOURNEYS_MAX)
    return {
      ids: `SELECT journey_id FROM journey_changes WHERE ${HAS_MOVED}`,
      keys: `SELECT journey_key FROM journey_changes WHERE ${HAS_MOVED}`,
    };
  return {
    ids: rows.map(({ id }) => `'${id.replaceAll(/[\\']/g, '\\$&')}'`).join(', '),
    keys: rows.map(({ key }) => `toUInt64(${BigInt(key)})`).join(', '),
  };
}

const A_TOUCH = `${OF_DEFINITION} AND touchpoint_id != '' AND direction IN ('inbound', 'outbound') AND event != ''`;
// The table's column, not the alias that is made of it.
const AT = `toUnixTimestamp64Milli(least(touchpoint_at, journey_changes.at))`;
const MOVED_IDS = `(SELECT touchpoint_id FROM touchpoint_moves WHERE workspace = {workspace: String})`;
const REBUILT_KEYS = `SELECT cityHash64(journey_id) FROM journey_rebuilds WHERE ${OF_DEFINITION}`;
/** More journeys than that are looked up anew in each query instead of being written into it (a query's text has at most 256 KB). */
const MOVED_JOURNEYS_MAX = 500;
const HAS_MOVED = `${OF_DEFINITION} AND touchpoint_id IN ${MOVED_IDS}`;
const ABSORBED = `(SELECT journey_id AS id, absorbed_into AS into FROM journey_visits FINAL WHERE ${OF_DEFINITION} AND status = 'absorbed')`;

export interface TouchesOptions {
  corrections: Omit<Corrections, 'values'>;
  part?: Part | null;
  /** Only those of the scope's range. */
  within?: boolean;
}

/** Touches: k, at (epoch ms), seq, stage, event, channel, direction, before (no outcome had been reached when it was taken). */
export function touchesSql(scope: Scope, { corrections, part = null, within = false }: TouchesOptions): string {
  const { rebuilt, moved } = corrections;
  const isBounded = within && (scope.from !== null || scope.to !== null);
  const columns = `${AT} AS at, seq, stage, event, channel, direction`;
  // A change is never before its touch: whole months before the range are left unread.
  const months = scope.from === null ? '' : `AND journey_changes.at >= fromUnixTimestamp64Milli({from: Int64})`;
  const inRange = isBounded ? `AND ${IN_RANGE(AT)} ${months}` : '';
  const stay = moved ? `AND touchpoint_id NOT IN ${MOVED_IDS}` : '';
  const ofPart = part ? `AND ${IN_PART}` : '';
  const wasMoved = `journey_id IN (${moved?.ids})`;
  const plain = `journey_key AS k, ${columns}, status NOT IN ('won', 'lost') AS before FROM journey_changes WHERE ${A_TOUCH} ${inRange} ${ofPart}`;
  const parts = [
    `SELECT ${plain} ${rebuilt ? `AND journey_key NOT IN (${REBUILT_KEYS})` : ''} ${moved ? `AND journey_key NOT IN (${moved.keys})` : ''}`,
  ];
  if (moved)
    parts.push(`SELECT ${plain} AND ${wasMoved} ${rebuilt ? `AND journey_key NOT IN (${REBUILT_KEYS})` : ''} ${stay}`);
  const placed = `c.seq AS seq, v.stage AS stage, c.event AS event, c.channel AS channel, c.direction AS direction, v.ended = 0 OR c.at < v.ended AS before`;
  if (rebuilt) {
    const visits = visitsSql(part, livingSql(), 'journey_id');
    parts.push(
      `SELECT v.k AS k, c.at AS at, ${placed}
         FROM (SELECT journey_key AS of, ${AT} AS at, seq, event, channel, direction FROM journey_changes
                WHERE ${A_TOUCH} ${inRange} AND journey_key IN (${part ? `SELECT cityHash64(l.of) FROM (${livingSql()}) AS l WHERE l.living IN (SELECT journey_id FROM journey_visits WHERE ${OF_DEFINITION} AND ${IN_PART})` : REBUILT_KEYS}) ${stay}) AS c
        ASOF INNER JOIN (${visits}) AS v ON v.of = c.of AND v.since <= c.at`,
    );
  }
  if (moved) {
    parts.push(
      `SELECT v.k AS k, c.at AS at, ${placed}
         FROM (SELECT cityHash64(touchpoint_id) AS of, ${AT} AS at, seq, event, channel, direction FROM journey_changes
                WHERE ${A_TOUCH} ${inRange} AND ${wasMoved} AND touchpoint_id IN ${MOVED_IDS}
                LIMIT 1 BY touchpoint_id) AS c
        ASOF INNER JOIN (${visitsSql(part, movedSubjectsSql(), 'subject_id')}) AS v ON v.of = c.of AND v.since <= c.at`,
    );
  }
  return parts.map((sql) => `SELECT * FROM (${sql})`).join('\nUNION ALL\n');
}

/** Names that can be told apart while they are numbers: the most frequent. Whoever has more has numbers in the names of their events. */
const NAMES_MAX = 4_000;

/** Names (values of an expression over the touches), the most frequent first; for `placeSql`. */
export async function knownNames(history: Query, scope: Scope, named: string): Promise<string[]> {
  const rows = await history.query<{ name: string }>(
    `SELECT ${named} AS name FROM journey_changes WHERE ${A_TOUCH} GROUP BY name ORDER BY count() DESC, name LIMIT ${NAMES_MAX}`,
    scopeParams(scope),
  );
  return rows.map(({ name }) => name);
}

/** A name's place in the parameter `names`, from 1; 0: not there. `transform` looks each different name up once, `indexOf` did for each row. */
export const placeSql = (column: string, names: string): string =>
  `transform(${column}, {${names}: Array(String)}, range(1, length({${names}: Array(String)}) + 1), 0)`;

/** A touch's key orders by time and then by arrival: milliseconds, and below them as many bits for the sequence. */
const SEQ_BITS = 20;
export const TOUCH_KEY = `bitOr(bitShiftLeft(at, ${SEQ_BITS}), toInt64(least(seq, ${2 ** SEQ_BITS - 1})))`;
export const timeOfKey = (key: string): string => `bitShiftRight(${key}, ${SEQ_BITS})`;

/**
 * of (the key of what `living` says about), k, ended, stage, since (epoch ms): a row from when on a journey was in a stage. Before the first
 * entry it counts as in its first stage; of visits that began at once, or after a later one, the last holds.
 */
function visitsSql(part: Part | null, living: string, by: 'journey_id' | 'subject_id'): string {
  return `SELECT of, k, ended, visit.1 AS since, visit.2 AS stage
    FROM (
      SELECT cityHash64(l.of) AS of, j.k AS k, j.ended AS ended,
        arrayPushFront(arrayFilter((visit, i) -> i = length(j.entered) OR visit.1 < arrayMin(arraySlice(j.entered, i + 1)),
          arrayZip(j.entered, j.stages) AS visits, arrayEnumerate(j.entered)), (toInt64(${BEFORE_ALL}), j.stages[1])) AS since_when
      FROM (${living}) AS l
      INNER JOIN (
        SELECT journey_key AS k, ${by} AS id, stages, toUnixTimestamp64Milli(ended_at) AS ended,
          arrayMap(e -> toUnixTimestamp64Milli(e), entered) AS entered
        FROM journey_visits FINAL
        WHERE ${OF_DEFINITION} AND status != 'absorbed' AND notEmpty(stages) ${part ? `AND ${IN_PART}` : ''}
      ) AS j ON j.id = l.living
    ) ARRAY JOIN since_when AS visit`;
}
const BEFORE_ALL = -9_000_000_000_000_000;

/** of → living: of the journeys that were rebuilt, which one lives on. */
function livingSql(): string {
  let sql = `SELECT DISTINCT journey_id AS of, journey_id AS living FROM journey_rebuilds WHERE ${OF_DEFINITION}`;
  for (let step = 0; step < ABSORPTIONS_FOLLOWED; step++)
    sql = `SELECT r.of AS of, if(a.into = '', r.living, a.into) AS living FROM (${sql}) AS r LEFT JOIN ${ABSORBED} AS a ON a.id = r.living`;
  return sql;
}

/** subject_id → its journey's visits, also of subjects that were absorbed: for what is known of a subject and not of a journey. */
export function subjectsSql(scope: Scope, { rebuilt }: Pick<Corrections, 'rebuilt'>): string {
  const known = `(SELECT subject_id FROM touchpoint_values WHERE workspace = {workspace: String})`;
  if (!rebuilt)
    return `SELECT subject_id, k, stages, entered, status FROM (${journeysSql(scope)}) WHERE subject_id IN ${known}`;
  let sql = `SELECT subject_id, journey_id AS living FROM journey_visits FINAL WHERE ${OF_DEFINITION} AND subject_id IN ${known}`;
  for (let step = 0; step < ABSORPTIONS_FOLLOWED; step++)
    sql = `SELECT r.subject_id AS subject_id, if(a.into = '', r.living, a.into) AS living FROM (${sql}) AS r LEFT JOIN ${ABSORBED} AS a ON a.id = r.living`;
  return `SELECT s.subject_id AS subject_id, j.k AS k, j.stages AS stages, j.entered AS entered, j.status AS status
    FROM (${sql}) AS s INNER JOIN (${journeysSql(scope)}) AS j ON j.journey_id = s.living`;
}

export const STAGE_AT_TIME = `stages[greatest(1, arrayLastIndex(e -> e <= at, entered))]`;
