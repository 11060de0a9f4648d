import { parseIsoTime } from '@cairn/clock/calendar.ts';

/**
 * A person's or account's own traits: of several values the newest by touchpoint time wins, whatever the order of arrival; at equal
 * times the later in the log.
 */
export interface Traited {
  traits?: Readonly<Record<string, unknown>>;
  /** Of each trait's value; one number where all have the same, as after most identify() calls. */
  traitTimes?: Readonly<Record<string, number>> | number;
}

/** Of all traits as JSON. Every stitched touchpoint carries them, and a person's record must stay far under a megabyte. */
export const MAX_TRAITS_CHARACTERS = 64_000;
/** More is a mistake of the sender (ids as keys). */
export const MAX_TRAITS = 100;
/** Of one value as JSON. The whole of it stays in the touchpoint's own record. */
export const MAX_TRAIT_CHARACTERS = 2_048;

export interface TraitChange {
  traits: Readonly<Record<string, unknown>>;
  traitTimes: Readonly<Record<string, number>> | number;
  /** Whether a value changed, or only the time at which it was last said. */
  visible: boolean;
}

/** null when nothing changes. `at`: touchpoint time. */
export function withTraits(
  record: Traited,
  incoming: Readonly<Record<string, unknown>>,
  at: number,
): TraitChange | null {
  let traits: Record<string, unknown> | null = null;
  let times: Record<string, number> | null = null;
  for (const name in incoming) {
    const value = incoming[name];
    if (name === '__proto__' || value === undefined) continue;
    const known = timeOf(record, name);
    if (known !== undefined && known > at) continue;
    const differs = known === undefined || !sameValue(record.traits?.[name], value);
    if (!differs && known === at) continue;
    if (differs) {
      if (!fits(value)) continue;
      traits ??= { ...record.traits };
      if (known === undefined && Object.keys(traits).length >= MAX_TRAITS) continue;
      traits[name] = value;
    }
    (times ??= timesOf(record))[name] = at;
  }
  if (!times) return null;
  if (traits && JSON.stringify(traits).length > MAX_TRAITS_CHARACTERS) return null;
  return { traits: traits ?? record.traits ?? {}, traitTimes: compact(times), visible: traits !== null };
}

function timeOf(record: Traited, name: string): number | undefined {
  const { traits, traitTimes } = record;
  if (!traits || !Object.hasOwn(traits, name)) return undefined;
  return typeof traitTimes === 'object' ? traitTimes[name] : traitTimes;
}

function timesOf({ traits = {}, traitTimes = 0 }: Traited): Record<string, number> {
  if (typeof traitTimes === 'object') return { ...traitTimes };
  return Object.fromEntries(Object.keys(traits).map((name) => [name, traitTimes]));
}

function compact(times: Record<string, number>): Record<string, number> | number {
  const [first, ...others] = Object.values(times);
  return first !== undefined && others.every((time) => time === first) ? first : times;
}

/** When the account of somebody was made: of two people who turn out to be one, the earlier. Segment's name and the two that CRMs send. */
const CREATION_DATES: ReadonlySet<string> = new Set(['createdAt', 'created_at', 'created']);

/**
 * Traits of two records that become one: of each the newest value, of a creation date the earliest. `keep`: those of `survivor` win and only
 * blanks are filled.
 */
export function mergedTraits(survivor: Traited, absorbed: Traited, mode: 'newest' | 'keep'): Traited {
  if (!absorbed.traits) return survivor.traits ? { traits: survivor.traits, traitTimes: survivor.traitTimes } : {};
  const traits: Record<string, unknown> = { ...survivor.traits };
  const times = timesOf(survivor);
  for (const name of Object.keys(absorbed.traits)) {
    const own = timeOf(survivor, name);
    const theirs = timeOf(absorbed, name) ?? 0;
    if (own !== undefined && (mode === 'keep' || winsOver(name, survivor, absorbed, own >= theirs))) continue;
    if (own === undefined && Object.keys(traits).length >= MAX_TRAITS) continue;
    traits[name] = absorbed.traits[name];
    times[name] = theirs;
  }
  return { traits, traitTimes: compact(times) };
}

function winsOver(name: string, survivor: Traited, absorbed: Traited, isNewer: boolean): boolean {
  if (!CREATION_DATES.has(name)) return isNewer;
  const [own, theirs] = [dateOf(survivor.traits![name]), dateOf(absorbed.traits![name])];
  return own === null || theirs === null || own === theirs ? isNewer : own < theirs;
}

/** 1e11 ms is March 1973, 1e11 s the year 5138: below it a number means seconds. */
const SECONDS_BELOW = 1e11;

/** A date as traits hold it: ISO text, or seconds or milliseconds since 1970. */
function dateOf(value: unknown): number | null {
  if (typeof value === 'number') return Math.abs(value) < SECONDS_BELOW ? value * 1_000 : value;
  return typeof value === 'string' ? parseIsoTime(value) : null;
}

/** What several said together: of each trait the newest value, at equal times that of the source that spoke last (the later in the list). */
export function combinedTraits(sources: readonly Traited[]): Traited {
  return sources.reduceRight<Traited>((all, source) => mergedTraits(all, source, 'newest'), {});
}

function sameValue(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  return typeof left === 'object' && typeof right === 'object' && JSON.stringify(left) === JSON.stringify(right);
}

function fits(value: unknown): boolean {
  if (typeof value === 'string') return value.length <= MAX_TRAIT_CHARACTERS;
  return typeof value !== 'object' || value === null || JSON.stringify(value).length <= MAX_TRAIT_CHARACTERS;
}
