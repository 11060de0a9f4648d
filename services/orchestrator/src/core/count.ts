/**
 * How many touchpoints of a kind there were lately: 3 pricing views in 7 days, no demo in 14 days. O(1) per touchpoint: of each count only as
 * many times are kept as its comparison can tell apart. Late touchpoints take their place in time.
 */
import { idOf } from '@cairn/contracts/ids.ts';
import type { Duration } from '@cairn/contracts/duration.ts';
import type { Condition } from '@cairn/contracts/generated/journey-definition.ts';
import type { BusinessTime } from './business-time.ts';
import type { Predicate, Scene } from './condition.ts';

export type CountSource = NonNullable<Condition['count']>;

export interface CompiledCount {
  /** What is counted: the same in every version of a definition that counts the same. */
  key: string;
  source: CountSource;
  within: Duration;
  holds: Predicate;
}
export type Counters = Map<string, CompiledCount>;

/** Count key → times of its touchpoints, oldest first, each with whose it was where it counts by person. */
export type Counts = Readonly<Record<string, readonly (number | readonly [number, string | null])[]>>;

/** By person, of all people together; a buying group is ten people. */
const KEPT_BY_PERSON = 50;
const KEY_CHARACTERS = 8;

export function countKey(source: CountSource): string {
  return idOf('', JSON.stringify(source)).slice(1, 1 + KEY_CHARACTERS);
}

export function holdsCount({ gte, lte, eq }: CountSource, count: number): boolean {
  if (gte === undefined && lte === undefined && eq === undefined) return count >= 1;
  return (
    (gte === undefined || count >= gte) && (lte === undefined || count <= lte) && (eq === undefined || count === eq)
  );
}

/** The counts after a touchpoint of time `at`. */
export function countTouchpoint(
  counters: readonly CompiledCount[],
  counts: Counts | undefined,
  scene: Scene,
  at: number,
): Counts | undefined {
  let next = counts;
  for (const { key, source, holds } of counters) {
    if (!holds(scene)) continue;
    const entry = source.by === 'person' ? ([at, scene.person?.id ?? null] as const) : at;
    const times = [...(next?.[key] ?? []), entry].sort((a, b) => timeOf(a) - timeOf(b));
    next = { ...next, [key]: times.slice(-keptOf(source)) };
  }
  return next;
}

/** How many lie within the window that ends now. What a touchpoint says of the future is not there yet. */
export function countWithin(
  { key, within }: CompiledCount,
  counts: Counts | undefined,
  time: BusinessTime,
  personId: string | null,
  now: number,
): number {
  const times = counts?.[key];
  if (!times) return 0;
  let count = 0;
  for (const entry of times) {
    if (typeof entry !== 'number' && entry[1] !== personId) continue;
    if (timeOf(entry) <= now && time.add(timeOf(entry), within) > now) count++;
  }
  return count;
}

/** When time alone changes the answer (epoch ms); null: it never does. */
export function nextTurnOfCount(
  { key, within, source }: CompiledCount,
  counts: Counts | undefined,
  time: BusinessTime,
  now: number,
): number | null {
  const times = counts?.[key];
  if (!times || !mayTurn(source, times.length)) return null;
  const ends = times.map((entry) => time.add(timeOf(entry), within)).filter((end) => end > now);
  const holds = holdsCount(source, ends.length);
  // Oldest first: with each that leaves the window there is one less.
  for (let left = ends.length - 1; left >= 0; left--)
    if (holdsCount(source, left) !== holds) return ends[ends.length - 1 - left]!;
  return null;
}

/** Whether fewer would be another answer: asked with every touchpoint, and mostly not. */
function mayTurn(source: CountSource, most: number): boolean {
  const holds = holdsCount(source, most);
  for (let count = 0; count < most; count++) if (holdsCount(source, count) !== holds) return true;
  return false;
}

export function mergeCounts(
  counters: readonly CompiledCount[],
  a: Counts | undefined,
  b: Counts | undefined,
): Counts | undefined {
  if (!a || !b) return a ?? b;
  const merged: Record<string, Counts[string]> = {};
  for (const { key, source } of counters) {
    const times = [...(a[key] ?? []), ...(b[key] ?? [])].sort(
      (x, y) => timeOf(x) - timeOf(y) || (JSON.stringify(x) < JSON.stringify(y) ? -1 : 1),
    );
    if (times.length > 0) merged[key] = times.slice(-keptOf(source));
  }
  return merged;
}

function keptOf({ by, gte = 1, lte = -1, eq = -1 }: CountSource): number {
  return by === 'person' ? KEPT_BY_PERSON : Math.max(gte, lte + 1, eq + 1);
}

function timeOf(entry: number | readonly [number, string | null]): number {
  return typeof entry === 'number' ? entry : entry[0];
}
