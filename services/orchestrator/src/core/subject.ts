/** A subject as touchpoints show it: its account, its people, what they are called. Bounded; never decides anything of a journey. */
import type { AccountSummary, PersonSummary, SubjectRef } from '@cairn/contracts/generated/stitched.ts';
import { byId, withItem, without } from './people.ts';
import { roughSize } from './rough-size.ts';
import { ALIASES_KEPT, PEOPLE_KEPT, TRAITS_CHARS, type PersonInfo, type SubjectState } from './state.ts';

/** Who was seen last matters only when there are too many; to the hour is enough, and most touchpoints then leave the list alone. */
const SEEN_TO_MS = 3_600_000;

export function newSubject(subject: SubjectRef, host: string | null = null): SubjectState {
  return { unit: subject.unit, id: subject.id, host, account: null, people: [], journeys: {} };
}

/** The subject after a touchpoint told of its account and of one of its people. */
export function seeSubject(
  subject: SubjectState,
  person: PersonSummary | null,
  account: AccountSummary | null,
  now: number,
): SubjectState {
  return {
    ...subject,
    account: account ? boundTraits(account) : subject.account,
    people: person ? withSeen(subject.people, person, now) : subject.people,
  };
}

/** Most touchpoints come from someone who was seen a moment ago and is called as before: then the list is the same one. */
function withSeen(people: readonly PersonInfo[], person: PersonSummary, now: number): readonly PersonInfo[] {
  const known = byId(people, person.id);
  if (known && now - known.seenAt < SEEN_TO_MS && isSame(known, person)) return people;
  return bounded(withItem(people, infoOf(person, now)));
}

/** After two people turned out to be one. */
export function foldPeople(subject: SubjectState, from: string, into: PersonSummary, now: number): SubjectState {
  const absorbed = byId(subject.people, from);
  const known = absorbed ?? byId(subject.people, into.id);
  const aliases = Object.entries(subject.aliases ?? {})
    .filter(([old]) => old !== from)
    .map(([old, to]): [string, string] => [old, to === from ? into.id : to]);
  aliases.push([from, into.id]);
  const others = without(subject.people, from);
  return {
    ...subject,
    people: known ? withPerson(others, infoOf(into, absorbed?.seenAt ?? now)) : others,
    aliases: Object.fromEntries(aliases.slice(-ALIASES_KEPT)),
  };
}

/** Everyone known on either side; the same whichever comes first. */
export function mergePeople(a: readonly PersonInfo[], b: readonly PersonInfo[]): readonly PersonInfo[] {
  const merged = new Map<string, PersonInfo>();
  for (const info of [...a, ...b]) {
    const known = merged.get(info.id);
    merged.set(info.id, known ? newer(known, info) : info);
  }
  return bounded([...merged.values()].sort((x, y) => (x.id < y.id ? -1 : 1)));
}

/** What people call it: the account's name, or the person's. */
export function nameOf(subject: SubjectState): string | null {
  if (subject.unit === 'account') {
    const { account } = subject;
    return account?.name ?? account?.domain ?? account?.groupId ?? null;
  }
  const person = byId(subject.people, subject.id);
  return person?.name ?? person?.email ?? person?.userId ?? null;
}

/** Who looks after it: the trait `owner` of the account. */
export function ownerOf(subject: SubjectState): string | null {
  const owner = subject.account?.traits['owner'];
  return typeof owner === 'string' ? owner : null;
}

function infoOf(person: PersonSummary, seenAt: number): PersonInfo {
  return { id: person.id, name: person.name, email: person.email, userId: person.userId, seenAt };
}

function withPerson(people: readonly PersonInfo[], info: PersonInfo): readonly PersonInfo[] {
  const known = byId(people, info.id);
  if (known && isSame(known, info) && info.seenAt - known.seenAt < SEEN_TO_MS) return people;
  return bounded(withItem(people, info));
}

function isSame(a: PersonInfo, b: Pick<PersonInfo, 'name' | 'email' | 'userId'>): boolean {
  return a.name === b.name && a.email === b.email && a.userId === b.userId;
}

function bounded(people: readonly PersonInfo[]): readonly PersonInfo[] {
  if (people.length <= PEOPLE_KEPT) return people;
  const leave = new Set([...people].sort(oldestFirst).slice(0, people.length - PEOPLE_KEPT));
  return people.filter((info) => !leave.has(info));
}

function oldestFirst(a: PersonInfo, b: PersonInfo): number {
  return a.seenAt - b.seenAt || (a.id < b.id ? -1 : 1);
}

function newer(one: PersonInfo, other: PersonInfo): PersonInfo {
  if (one.seenAt !== other.seenAt) return one.seenAt > other.seenAt ? one : other;
  return JSON.stringify(one) > JSON.stringify(other) ? one : other;
}

/** Whole traits, as many as fit: one of 30 kB would be written again at each touchpoint. */
function boundTraits(account: AccountSummary): AccountSummary {
  if (roughSize(account.traits, TRAITS_CHARS) <= TRAITS_CHARS) return account;
  let left = TRAITS_CHARS;
  const traits: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(account.traits)) {
    const size = roughSize(value, left) + name.length;
    if (size > left) continue;
    left -= size;
    traits[name] = value;
  }
  return { ...account, traits };
}
