/** Which journeys a question is about, and the living journeys of a definition with their visits: what the funnel reads, and the others beside `touches.ts`. */
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

export const OF_DEFINITION = `workspace = {workspace: String} AND definition = {definition: String}`;
export const IN_RANGE = (column: string): string => `${column} >= {from: Int64} AND ${column} < {to: Int64}`;

/** Journeys whose id is in one stretch of the order, which is the order on disk: only that stretch is read. */
export interface Part {
  /** Inclusive. */
  from: string;
  /** Exclusive. */
  to: string;
}
export const IN_PART = `journey_id >= {partFrom: String} AND journey_id < {partTo: String}`;
export const partParams = (part: Part | null): Record<string, string> =>
  part ? { partFrom: part.from, partTo: part.to } : {};

/** The order of a journey id's first character after `jrn_`; ids are hashes, so any stretch of the order is a fair sample. */
const ID_ORDER = '-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz';
const AFTER_ALL_IDS = '~';

/** The first `share` of the journeys, of 64 shares. */
export function firstPart(share: number): { part: Part | null; share: number } {
  const characters = Math.max(1, Math.round(ID_ORDER.length * share));
  if (characters >= ID_ORDER.length) return { part: null, share: 1 };
  return { part: { from: '', to: `jrn_${ID_ORDER[characters]!}` }, share: characters / ID_ORDER.length };
}

/** All journeys in about `count` parts, at most 64. */
export function allParts(count: number): Part[] {
  const step = Math.ceil(ID_ORDER.length / Math.max(1, count));
  const edges = [''];
  for (let at = step; at < ID_ORDER.length; at += step) edges.push(`jrn_${ID_ORDER[at]!}`);
  edges.push(AFTER_ALL_IDS);
  return edges.slice(1).map((to, i) => ({ from: edges[i]!, to }));
}

/**
 * Living journeys: k (its key), journey_id, subject_id, status, stages, entered, lefts (epoch ms; a visit's end, or the outcome's time;
 * 0 while it lasts), started, ended (epoch ms, 0: not), places (of `stages` in the definition, from 1; 0: no longer in it), onward (a
 * bit for each place from which it went to a later stage or was won).
 */
export function journeysSql(scope: Scope, part: Part | null = null): string {
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
      FROM ${visitsSql(scope, part)})`;
}

/** The newest row of each living journey, in the columns of the table and with its key. */
function visitsSql({ segment }: Scope, part: Part | null): string {
  return `(SELECT *, journey_key FROM journey_visits FINAL WHERE ${OF_DEFINITION} AND status != 'absorbed' AND notEmpty(stages)
    ${part ? `AND ${IN_PART}` : ''} ${segment ? `AND ${segmentSql(segment)}` : ''})`;
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
