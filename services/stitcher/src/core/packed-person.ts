import type { MembershipRecord } from './memberships.ts';
import type { PersonRecord } from './person-record.ts';

/**
 * A person as it is kept on disk: a list instead of an object, times from its creation on (docs/decisions/0031). A person of three
 * identifiers and the entries of these take 560 B instead of 690. Only the stored form: whoever reads state sees a `PersonRecord`. What an
 * older Cairn wrote (plain JSON) is read as it is. Places never change; new keys are added at the end and may be absent.
 */

/** Stands at the front of a packed person. A list that could not be read by this code would have another. */
const MARK = 'p1';

type Packed = readonly unknown[];

/** What is written for a value of the task's state: people packed, all else as it is. */
export function packStored(value: unknown): unknown {
  return isPlainPerson(value) ? packPerson(value) : value;
}

/** What was stored → what handlers see. */
export function unpackStored(value: unknown): unknown {
  return Array.isArray(value) && value[0] === MARK ? unpackPerson(value as Packed) : value;
}

/** Every key has its place; the compiler misses one that has none. */
const PLACES: Record<keyof PersonRecord, number> = {
  order: 1,
  createdAt: 2,
  version: 3,
  ids: 4,
  since: 5,
  edges: 6,
  traits: 7,
  traitTimes: 8,
  memberships: 9,
  alone: 10,
  raw: 11,
  marks: 12,
  sources: 13,
  visited: 14,
  mergedFrom: 15,
  told: 16,
};
const MEMBERSHIP_PLACES: Record<keyof MembershipRecord, number> = { source: 0, of: 1, from: 2, to: 3, seen: 4, by: 5 };

/** A record that another version of Cairn gave further keys is kept as it is. */
function isPlainPerson(value: unknown): value is PersonRecord {
  if (typeof value !== 'object' || value === null || !('ids' in value && 'since' in value && 'order' in value))
    return false;
  return hasNoOtherKeys(value, PLACES);
}

function hasNoOtherKeys(value: object, places: object): boolean {
  for (const key in value) if (!Object.hasOwn(places, key)) return false;
  return true;
}

function packPerson(person: PersonRecord): Packed {
  const { order, createdAt, version, ids, since, edges, traits, traitTimes, memberships } = person;
  const base = baseOf(createdAt);
  const packed: unknown[] = [
    MARK,
    order,
    createdAt,
    version,
    ids,
    since.every((one) => one === 0) ? 0 : since,
    edges,
    traits,
    typeof traitTimes === 'number' ? packTime(traitTimes, base) : traitTimes,
    memberships?.map((one) => packMembership(one, base)),
    person.alone ? 1 : undefined,
    person.raw,
    person.marks,
    person.sources,
    person.visited,
    person.mergedFrom,
    person.told,
  ];
  return trimmed(packed);
}

function unpackPerson(packed: Packed): PersonRecord {
  const [, order, createdAt, version, ids, since, edges, traits, traitTimes, memberships, alone] = packed as [
    string,
    number,
    number,
    number,
    PersonRecord['ids'],
    PersonRecord['since'] | 0,
    ...undefined[],
  ];
  const base = baseOf(createdAt);
  const person: Record<string, unknown> = {
    order,
    createdAt,
    version,
    ids,
    since: since === 0 ? ids.map(() => 0) : since,
  };
  if (edges) person.edges = edges;
  if (traits) person.traits = traits;
  if (traitTimes !== undefined && traitTimes !== null)
    person.traitTimes = typeof traitTimes === 'object' ? traitTimes : unpackTime(traitTimes, base);
  if (memberships) person.memberships = (memberships as Packed[]).map((one) => unpackMembership(one, base));
  if (alone) person.alone = true;
  for (const name of REST) {
    const value = packed[PLACES[name]];
    if (value !== undefined && value !== null) person[name] = value;
  }
  return person as unknown as PersonRecord;
}

/** Of few people. */
const REST = ['raw', 'marks', 'sources', 'visited', 'mergedFrom', 'told'] as const;

function packMembership(one: MembershipRecord, base: number): unknown {
  if (!hasNoOtherKeys(one, MEMBERSHIP_PLACES)) return one;
  const { source, of, from, to, seen, by } = one;
  return trimmed([source, of, packTime(from, base), packTime(to, base), packTime(seen, base), by]);
}

function unpackMembership(packed: unknown, base: number): MembershipRecord {
  if (!Array.isArray(packed)) return packed as MembershipRecord;
  const [source, of, from, to, seen, by] = packed as [
    MembershipRecord['source'],
    string,
    PackedTime,
    PackedTime?,
    PackedTime?,
    (string | null)?,
  ];
  const one: MembershipRecord = { source, of, from: unpackTime(from, base)! };
  const [closed, again] = [unpackTime(to, base), unpackTime(seen, base)];
  if (closed !== undefined) one.to = closed;
  if (again !== undefined) one.seen = again;
  if (typeof by === 'string') one.by = by;
  return one;
}

/** Milliseconds after the base; a time that is no whole number, as a text. */
type PackedTime = number | string | null;

function packTime(time: number | undefined, base: number): PackedTime {
  if (time === undefined) return null;
  return Number.isSafeInteger(time) ? time - base : String(time);
}

function unpackTime(packed: PackedTime | undefined, base: number): number | undefined {
  if (packed === null || packed === undefined) return undefined;
  return typeof packed === 'number' ? packed + base : Number(packed);
}

const baseOf = (createdAt: number): number => (Number.isSafeInteger(createdAt) ? createdAt : 0);

/** Without what is absent at its end. */
function trimmed(list: unknown[]): Packed {
  while (list.length && (list.at(-1) === undefined || list.at(-1) === null)) list.pop();
  return list;
}
