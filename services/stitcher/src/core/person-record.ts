import { namespaceOf } from './identifier-key.ts';
import type { MembershipRecord } from './memberships.ts';
import { ruleOf, type StitchSettings } from './settings.ts';
import type { Traited } from './traits.ts';

/**
 * A person as state, and the arithmetic of its identifiers and edges. Pure functions, record in, record out. Kept small (a person
 * with three identifiers and their three entries is under 600 B): edges name identifiers by their place in `ids`.
 */
export interface PersonRecord {
  /** Counts the workspace's people; the lower the older. Log order: no device clock disturbs it. */
  order: number;
  /** Log time, epoch ms. */
  createdAt: number;
  version: number;
  /** `namespace:value`, the most durable first, among equals in the order of attachment. */
  ids: readonly string[];
  /** When each was first seen: touchpoint time, as milliseconds after `createdAt`. */
  since: readonly number[];
  /** As first seen, where that differs from the normalised value; by `namespace:value`. */
  raw?: Readonly<Record<string, string>>;
  edges?: readonly Edge[];
  /** Identifiers whose node says more than whose they are: see `IdNode`. */
  marks?: Readonly<Record<string, Mark>>;
  traits?: Readonly<Record<string, unknown>>;
  /** Touchpoint time of each trait's value; one number where all have the same. */
  traitTimes?: Readonly<Record<string, number>> | number;
  /** What each identifier said; left out: the most durable one said everything. */
  sources?: Readonly<Record<string, Traited>>;
  memberships?: readonly MembershipRecord[];
  /** Accounts that a touchpoint named without making the person a member: they hold this person, too. */
  visited?: readonly string[];
  mergedFrom?: readonly string[];
  /** Keys of facts in `identities` that name this person and that no other field leads to: its splits, merges that were undone. */
  told?: readonly string[];
  /** There are journeys of this person on its own; they are handed over when it has an account. */
  alone?: true;
}

/** `shared`: seen with a second user, belongs to nobody's past. `quarantined`: reached too many people, merges nobody any more. */
export type Mark = 'shared' | 'quarantined';

/** Identifiers that were seen together, by their places in `ids`, and the touchpoint or command that said so first. */
export type Edge = readonly [cause: string, ...places: number[]];

/**
 * Edges that connect nothing new are kept up to here (they decide how a split falls apart); over it a person is a data error whose
 * record would only grow.
 */
export const MAX_EDGES = 2_000;

/**
 * Of all identifiers of a person together: 1,000 of the usual length fit. Every fact about the person carries them three times over,
 * and a record over 1 MB could never be written.
 */
export const MAX_IDS_CHARACTERS = 64_000;

/** Of facts to be taken back when the person is erased; more is a person that is split and merged without end. */
export const MAX_TOLD = 400;

/** Under which keys of `identities`, after the workspace, merges and splits stand. */
export const mergedKey = (into: string, from: string): string => `${into}/merged/${from}`;
export const splitKey = (personId: string, cause: string): string => `${personId}/split/${cause}`;

export const charactersOf = ({ ids }: PersonRecord): number => ids.reduce((sum, key) => sum + key.length, 0);

/** With one more identifier. `since`: epoch ms. */
export function withId(
  settings: StitchSettings,
  person: PersonRecord,
  key: string,
  raw: string | null,
  since: number,
): PersonRecord {
  const place = placeFor(settings, person.ids, key);
  // Another identifier is the most durable one now: what was said without saying by whom was said by the one before.
  const before = place === 0 ? spelledOut(person) : person;
  return {
    ...before,
    ids: person.ids.toSpliced(place, 0, key),
    since: person.since.toSpliced(place, 0, since - person.createdAt),
    ...(raw === null ? {} : { raw: { ...person.raw, [key]: raw } }),
    ...(person.edges ? { edges: person.edges.map((edge) => remapped(edge, (at) => (at < place ? at : at + 1))) } : {}),
  };
}

/** The record with nothing left to the rule "said by the most durable identifier". */
export function spelledOut(person: PersonRecord): PersonRecord {
  const { ids, memberships, traits, traitTimes, sources } = person;
  const [first] = ids;
  if (first === undefined) return person;
  return {
    ...person,
    ...(memberships ? { memberships: memberships.map((one) => saidBy(one, first)) } : {}),
    ...(traits && !sources ? { sources: { [first]: { traits, traitTimes: traitTimes! } } } : {}),
  };
}

function saidBy(membership: MembershipRecord, key: string): MembershipRecord {
  return membership.by === undefined && membership.source !== 'domain' ? { ...membership, by: key } : membership;
}

function placeFor(settings: StitchSettings, ids: readonly string[], key: string): number {
  const { priority } = ruleOf(settings, namespaceOf(key));
  let place = ids.length;
  while (place > 0 && ruleOf(settings, namespaceOf(ids[place - 1]!)).priority > priority) place--;
  return place;
}

/** Only the identifiers that `keep` names, with the edges among them. */
export function withOnly(person: PersonRecord, keep: (key: string) => boolean): PersonRecord {
  const places = new Map<number, number>();
  const ids = person.ids.filter((key, place) => keep(key) && places.set(place, places.size));
  const since = person.since.filter((_, place) => places.has(place));
  const edges: Edge[] = [];
  for (const [cause, ...rest] of person.edges ?? []) {
    const left = rest.flatMap((place) => places.get(place) ?? []);
    if (left.length > 1) edges.push([cause, ...left]);
  }
  const raw = Object.entries(person.raw ?? {}).filter(([key]) => keep(key));
  const marks = Object.entries(person.marks ?? {}).filter(([key]) => keep(key));
  const { edges: _edges, raw: _raw, marks: _marks, ...others } = person;
  return {
    ...others,
    ids,
    since,
    ...(edges.length ? { edges } : {}),
    ...(raw.length ? { raw: Object.fromEntries(raw) } : {}),
    ...(marks.length ? { marks: Object.fromEntries(marks) } : {}),
  };
}

export function withMark(person: PersonRecord, key: string, mark: Mark): PersonRecord {
  return { ...person, marks: { ...person.marks, [key]: mark } };
}

/** The identifiers and edges of two records in one; an identifier that both list (a shared one) is there once. O((ids + edges) log ids). */
export function unitedIds(
  settings: StitchSettings,
  one: PersonRecord,
  other: PersonRecord,
  createdAt: number,
): Pick<PersonRecord, 'ids' | 'since' | 'raw' | 'edges' | 'marks'> {
  const seen = new Map<string, number>();
  for (const { ids, since, createdAt: base } of [one, other])
    ids.forEach((key, place) => seen.set(key, Math.min(base + since[place]!, seen.get(key) ?? Infinity)));
  const ranked = [...seen].map(([key, at]) => ({ key, at, priority: ruleOf(settings, namespaceOf(key)).priority }));
  ranked.sort((a, b) => a.priority - b.priority);
  const places = new Map(ranked.map(({ key }, place) => [key, place]));
  const edges = [one, other].flatMap(({ ids, edges: own = [] }) =>
    own.map((edge) => remapped(edge, (place) => places.get(ids[place]!)!)),
  );
  const raw = { ...other.raw, ...one.raw };
  const marks = { ...other.marks, ...one.marks };
  return {
    ids: ranked.map(({ key }) => key),
    since: ranked.map(({ at }) => at - createdAt),
    ...(Object.keys(raw).length ? { raw } : {}),
    ...(Object.keys(marks).length ? { marks } : {}),
    ...(edges.length ? { edges } : {}),
  };
}

/** With an edge between identifiers that it has; the same record where all of them were seen together before. */
export function withEdge(person: PersonRecord, keys: readonly string[], cause: string): PersonRecord {
  const places = keys.map((key) => person.ids.indexOf(key));
  if (areAllTogether(person, places)) return person;
  return { ...person, edges: [...(person.edges ?? []), [cause, ...places]] };
}

/** Whether each two of them were seen together; what the common case asks. O(edges), of which there are few. */
export function areTogether(person: PersonRecord, keys: readonly { key: string }[]): boolean {
  if (keys.length === 2) {
    const { ids, edges } = person;
    return edges !== undefined && isEdge(edges, ids.indexOf(keys[0]!.key), ids.indexOf(keys[1]!.key));
  }
  return areAllTogether(
    person,
    keys.map(({ key }) => person.ids.indexOf(key)),
  );
}

function areAllTogether(person: PersonRecord, places: readonly number[]): boolean {
  const { edges = [] } = person;
  for (let i = 1; i < places.length; i++)
    for (let j = 0; j < i; j++) if (!isEdge(edges, places[i]!, places[j]!)) return false;
  return true;
}

function isEdge(edges: readonly Edge[], one: number, other: number): boolean {
  for (const edge of edges) {
    let found = 0;
    for (let i = 1; i < edge.length; i++) if (edge[i] === one || edge[i] === other) found++;
    if (found === 2) return true;
  }
  return false;
}

function remapped([cause, ...places]: Edge, to: (place: number) => number): Edge {
  return [cause, ...places.map(to)];
}
