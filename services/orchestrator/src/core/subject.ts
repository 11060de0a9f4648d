/** A subject as touchpoints show it: its account, its people, what they are called. Bounded; never decides anything of a journey. */
import type { AccountSummary, PersonSummary, SubjectRef } from '@cairn/contracts/generated/stitched.ts';
import { ALIASES_KEPT, PEOPLE_KEPT, TRAITS_CHARS, type PersonInfo, type SubjectState } from './state.ts';

export function newSubject(subject: SubjectRef, host: string | null = null): SubjectState {
  return { unit: subject.unit, id: subject.id, host, account: null, people: {}, journeys: {} };
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
    people: person ? withPerson(subject.people, person.id, infoOf(person, now)) : subject.people,
  };
}

/** After two people turned out to be one. */
export function foldPeople(subject: SubjectState, from: string, into: PersonSummary, now: number): SubjectState {
  const { [from]: absorbed, ...others } = subject.people;
  const known = absorbed !== undefined || others[into.id] !== undefined;
  const aliases = Object.entries(subject.aliases ?? {})
    .filter(([old]) => old !== from)
    .map(([old, to]): [string, string] => [old, to === from ? into.id : to]);
  aliases.push([from, into.id]);
  return {
    ...subject,
    people: known ? withPerson(others, into.id, infoOf(into, absorbed?.seenAt ?? now)) : subject.people,
    aliases: Object.fromEntries(aliases.slice(-ALIASES_KEPT)),
  };
}

/** Everyone known on either side; the same whichever comes first. */
export function mergePeople(a: SubjectState['people'], b: SubjectState['people']): SubjectState['people'] {
  let merged: SubjectState['people'] = {};
  for (const id of [...new Set([...Object.keys(a), ...Object.keys(b)])].sort()) {
    const one = a[id];
    const other = b[id];
    merged = withPerson(merged, id, one && other ? newer(one, other) : (one ?? other)!);
  }
  return merged;
}

/** What people call it: the account's name, or the person's. */
export function nameOf(subject: SubjectState): string | null {
  if (subject.unit === 'account') {
    const { account } = subject;
    return account?.name ?? account?.domain ?? account?.groupId ?? null;
  }
  const person = subject.people[subject.id];
  return person?.name ?? person?.email ?? person?.userId ?? null;
}

/** Who looks after it: the trait `owner` of the account. */
export function ownerOf(subject: SubjectState): string | null {
  const owner = subject.account?.traits['owner'];
  return typeof owner === 'string' ? owner : null;
}

function newer(one: PersonInfo, other: PersonInfo): PersonInfo {
  if (one.seenAt !== other.seenAt) return one.seenAt > other.seenAt ? one : other;
  return JSON.stringify(one) > JSON.stringify(other) ? one : other;
}

function infoOf(person: PersonSummary, now: number): PersonInfo {
  return { name: person.name, email: person.email, userId: person.userId, seenAt: now };
}

function withPerson(people: SubjectState['people'], id: string, info: PersonInfo): SubjectState['people'] {
  const next = { ...people, [id]: info };
  const ids = Object.keys(next);
  if (ids.length <= PEOPLE_KEPT) return next;
  const oldest = ids.reduce((least, other) => (isOlder(next, other, least) ? other : least));
  const { [oldest]: _left, ...kept } = next;
  return kept;
}

function isOlder(people: SubjectState['people'], a: string, b: string): boolean {
  const difference = people[a]!.seenAt - people[b]!.seenAt;
  return difference < 0 || (difference === 0 && a < b);
}

/** Whole traits, as many as fit: one of 30 kB would be written again at each touchpoint. */
function boundTraits(account: AccountSummary): AccountSummary {
  if (JSON.stringify(account.traits).length <= TRAITS_CHARS) return account;
  let left = TRAITS_CHARS;
  const traits: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(account.traits)) {
    const length = (JSON.stringify(value)?.length ?? 0) + name.length + 4;
    if (length > left) continue;
    left -= length;
    traits[name] = value;
  }
  return { ...account, traits };
}
