import { idOf } from '@cairn/contracts/ids.ts';
import { keyOf } from '@cairn/contracts/topics.ts';
import type { PersonSplit } from '@cairn/contracts/generated/identity.ts';
import { ownerOfMembership, reviseClaimsOf, subjectOf } from './account-membership.ts';
import { companyDomainOf } from './company-domain.ts';
import { componentsOf } from './components.ts';
import { newestTold } from './decisions.ts';
import { namespaceOf, valueOf } from './identifier-key.ts';
import { normalisedKey } from './normalise-identifier.ts';
import {
  isGone,
  ownerOf,
  put,
  putGone,
  putNode,
  putPerson,
  read,
  readAnyone,
  readNode,
  readPerson,
  type Draft,
} from './identity-graph.ts';
import type { MembershipRecord } from './memberships.ts';
import { holdersOf } from './merge-people.ts';
import { freePersonId, incarnationsOf } from './person-id.ts';

import { mergedKey, spelledOut, splitKey, withOnly, type PersonRecord } from './person-record.ts';
import { sourcesOf, withTraitsOfSources } from './person-traits.ts';
import { orderRederivation } from './rederivation.ts';
import { Refused } from './refusal.ts';
import { personSummary } from './summaries.ts';

/**
 * Undoes a wrong merge: the identifiers that `cut` names leave, every edge between them and those that stay is cut, and each component
 * that results is a person: with its own identifiers, traits, memberships and absorbed. Who was absorbed lives again under the old
 * id. O(identifiers + edges) of the one person.
 */
export function splitPerson(draft: Draft, personId: string, cut: readonly string[]): void {
  const whole = spelledOut(readPerson(draft, personId)!);
  const owned = whole.ids.filter((key) => ownerOf(readNode(draft, key)) === personId);
  const leaving = new Set(cut.map((key) => ownKey(owned, key)));
  if (leaving.size === owned.length) throw new Refused('nothing-stays', 'Some identifier must stay with the person');
  const [kept, ...others] = componentsOf(whole, owned, leaving);
  if (!kept || others.length === 0) throw new Refused('nothing-to-cut', 'No edge would be cut');
  const holders = holdersOf(draft, personId, whole);
  const homes = homesOfAbsorbed(draft, personId, whole);
  const version = whole.version;

  const parts = [
    { id: personId, ids: kept },
    ...others.map((ids) => ({ id: idFor(draft, personId, ids, homes), ids })),
  ];
  for (const { id, ids } of parts) {
    const absorbed = (whole.mergedFrom ?? []).filter((gone) => gone !== id && homeOf(homes, parts, gone) === id);
    putPerson(draft, id, partOf(draft, whole, { personId, id }, new Set(ids), absorbed), true);
    if (id === personId) continue;
    for (const key of ids) moveNode(draft, key, id);
    for (const gone of absorbed) pointTo(draft, gone, id);
  }
  const were = new Set([personId, ...(whole.mergedFrom ?? [])]);
  const ids = parts.map(({ id }) => id);
  const released = reviseClaimsOf(draft, whole, were, ids);
  for (const id of ids) noteAlone(draft, id);
  const concerned = [...holders, ...released.map((id) => ({ unit: 'account' as const, id }))];
  tellSplit(draft, parts, version + 1, [...leaving], concerned);
  orderRederivation(draft, [...were], parts, concerned);
}

/** Who has no account has journeys on its own from now on: they are derived anew. */
export function noteAlone(draft: Draft, id: string): void {
  const person = readPerson(draft, id)!;
  if (!person.alone && subjectOf(draft, id, person).unit === 'person')
    putPerson(draft, id, { ...person, alone: true }, true);
}

/** People write identifiers as they see them: compared normalised. */
function ownKey(owned: readonly string[], key: string): string {
  const normalised = owned.includes(key) ? key : normalisedKey(key);
  if (!owned.includes(normalised)) throw new Refused('unknown-identifier', `The person does not hold ${key}`);
  return normalised;
}

function partOf(
  draft: Draft,
  whole: PersonRecord,
  { personId, id }: { personId: string; id: string },
  ids: ReadonlySet<string>,
  absorbed: readonly string[],
): PersonRecord {
  const isKept = id === personId;
  const { mergedFrom = [], told = [], memberships, alone: _alone, ...rest } = whole;
  // Listed without being owned (shared with others): stays where it was.
  const bare = withOnly(rest, (key) => ids.has(key) || (isKept && whole.marks?.[key] === 'shared'));
  const own = memberships?.filter(({ source, of, by }) => {
    // Said by an identifier that is nobody's any more: stays.
    if (by !== undefined) return ids.has(by) || (isKept && !whole.ids.includes(by));
    return source === 'domain' ? writesFrom(draft, ids, of) : isKept;
  });
  const visited = visitedBy(draft, whole, own ?? []);
  const sources = Object.fromEntries(Object.entries(sourcesOf(whole)).filter(([key]) => ids.has(key)));
  // The fact of the split names everybody; a merge that is undone is no longer found by who was absorbed.
  const undone = mergedFrom
    .filter((gone) => !isKept || !absorbed.includes(gone))
    .map((gone) => mergedKey(personId, gone));
  const part: PersonRecord = {
    ...bare,
    ...(isKept ? {} : ageOf(draft, bare, id)),
    ...(own?.length ? { memberships: own } : {}),
    ...(visited.length ? { visited } : {}),
    ...(absorbed.length ? { mergedFrom: absorbed } : {}),
    told: newestTold(draft, [...new Set([...told, ...undone, splitKey(personId, draft.cause)])]),
  };
  return withTraitsOfSources(part, sources);
}

/** Whose membership goes elsewhere may have left touchpoints with the account all the same: it has to hear of what becomes of them. */
function visitedBy(draft: Draft, whole: PersonRecord, own: readonly MembershipRecord[]): readonly string[] {
  const left = (whole.memberships ?? []).filter((one) => !own.includes(one));
  const accounts = left.flatMap((one) => ownerOfMembership(draft, one) ?? []);
  return [...new Set([...(whole.visited ?? []), ...accounts])];
}

function writesFrom(draft: Draft, ids: ReadonlySet<string>, domain: string): boolean {
  for (const key of ids)
    if (namespaceOf(key) === 'email' && companyDomainOf(valueOf(key), draft.settings.foldSubdomains) === domain)
      return true;
  return false;
}

/** Who lives again is as old as before; a new person is the youngest. */
function ageOf(
  draft: Draft,
  bare: PersonRecord,
  id: string,
): Pick<PersonRecord, 'order' | 'createdAt' | 'since' | 'version'> {
  const before = readAnyone(draft, id);
  const createdAt = before?.createdAt ?? draft.now;
  const since = bare.since.map((after) => bare.createdAt + after - createdAt);
  if (before) return { order: before.order, createdAt, since, version: Math.max(before.version, bare.version) };
  const order = read<number>(draft, 'people') ?? 0;
  put(draft, 'people', order + 1);
  return { order, createdAt, since, version: bare.version };
}

function moveNode(draft: Draft, key: string, id: string): void {
  const node = readNode(draft, key);
  putNode(draft, key, typeof node === 'object' ? { ...node, person: id } : id);
}

function pointTo(draft: Draft, goneId: string, into: string): void {
  const gone = readAnyone(draft, goneId);
  if (!gone || !isGone(gone)) return;
  putGone(draft, goneId, { ...gone, into });
  draft.changedPeople!.add(goneId);
}

/** The identifier that each absorbed person's id was made of: it goes where that identifier goes. */
function homesOfAbsorbed(draft: Draft, personId: string, whole: PersonRecord): ReadonlyMap<string, string> {
  const homes = new Map<string, string>();
  const absorbed = new Set(whole.mergedFrom);
  if (absorbed.size === 0) return homes;
  for (const key of whole.ids)
    for (const id of incarnationsOf(draft, key)) {
      const record = readAnyone(draft, id);
      if (absorbed.has(id) && record && isGone(record) && record.into === personId) homes.set(id, key);
    }
  return homes;
}

function homeOf(
  homes: ReadonlyMap<string, string>,
  parts: readonly { id: string; ids: readonly string[] }[],
  gone: string,
): string {
  const key = homes.get(gone);
  return (parts.find(({ ids }) => key !== undefined && ids.includes(key)) ?? parts[0]!).id;
}

/** The oldest of the absorbed whose identifier is in the part lives again; else the part is somebody new. */
function idFor(draft: Draft, personId: string, ids: readonly string[], homes: ReadonlyMap<string, string>): string {
  const returning = [...homes].filter(([, key]) => ids.includes(key)).map(([id]) => id);
  const age = (id: string): number => readAnyone(draft, id)!.order;
  if (returning.length) return returning.reduce((oldest, id) => (age(id) < age(oldest) ? id : oldest));
  return freePersonId(draft, ids[ids.length - 1]!);
}

function tellSplit(
  draft: Draft,
  parts: readonly { id: string; ids: readonly string[] }[],
  version: number,
  cut: readonly string[],
  holders: ReturnType<typeof holdersOf>,
): void {
  const { workspace, now: at, cause } = draft;
  const personId = parts[0]!.id;
  const fact: PersonSplit = {
    type: 'person.split',
    factId: idOf('fct', workspace, 'person.split', personId, cause),
    workspace,
    at,
    personId,
    into: parts.map(({ id, ids }) => ({ personId: id, ids: [...ids] })),
    version,
    cut: [...cut],
    cause,
  };
  (draft.facts ??= []).push({
    to: 'identities',
    key: keyOf.person(workspace, splitKey(personId, cause)),
    message: fact,
  });
  const results = parts.map(({ id, ids }) => {
    const person = readPerson(draft, id)!;
    return { person: personSummary(id, person), ids: [...ids], subject: subjectOf(draft, id, person) };
  });
  for (const subject of holders)
    (draft.notices ??= []).push({
      to: 'subject',
      subjectId: subject.id,
      message: { type: 'person.split', workspace, at, personId, parts: results, subject, cause },
    });
}
