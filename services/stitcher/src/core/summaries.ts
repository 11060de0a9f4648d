import type { Identifier, Membership, Person } from '@cairn/contracts/generated/identity.ts';
import type { AccountSummary, PersonSummary } from '@cairn/contracts/generated/stitched.ts';
import { ownerOfMembership } from './account-membership.ts';
import { namespaceOf, valueOf } from './identifier-key.ts';
import type { AccountRecord, Draft } from './identity-graph.ts';
import { datedMemberships } from './memberships.ts';
import type { PersonRecord } from './person-record.ts';

/** How people and accounts look to the rest of Cairn: built from the records, never changing them. */

const NO_TRAITS: Readonly<Record<string, unknown>> = Object.freeze({});

/** O(1) for people with few identifiers of the durable namespaces: `ids` has the most durable first. */
export function personSummary(id: string, person: PersonRecord): PersonSummary {
  const userId = firstOf(person.ids, 'userId:');
  const email = emailOf(person);
  const traits = person.traits ?? NO_TRAITS;
  return { id, userId, name: nameOf(traits), email, anonymous: userId === null && email === null, traits };
}

export function accountSummary(id: string, account: AccountRecord): AccountSummary {
  const traits = account.traits ?? NO_TRAITS;
  const { groupId = null, domain = null } = account;
  return { id, groupId, name: textOrNull(traits.name), domain, traits };
}

/** The whole person, as told in `identities`. O(ids): only after a change. */
export function wholePerson(draft: Draft, id: string, person: PersonRecord): Person {
  return {
    id,
    workspace: draft.workspace,
    ids: person.ids.map((key, place) => wholeIdentifier(person, key, place)),
    edges: (person.edges ?? []).map(([cause, ...places]) => ({
      cause,
      ids: places.map((place) => person.ids[place]!),
    })),
    traits: person.traits ?? {},
    name: nameOf(person.traits ?? NO_TRAITS),
    createdAt: person.createdAt,
    accounts: wholeMemberships(draft, person),
    mergedFrom: [...(person.mergedFrom ?? [])],
    mergedInto: null,
    version: person.version,
  };
}

function wholeIdentifier(person: PersonRecord, key: string, place: number): Identifier {
  const value = valueOf(key);
  return {
    namespace: namespaceOf(key),
    value,
    raw: person.raw?.[key] ?? value,
    firstSeen: person.createdAt + person.since[place]!,
    shared: person.marks?.[key] === 'shared',
  };
}

function wholeMemberships(draft: Draft, person: PersonRecord): Membership[] {
  const whole: Membership[] = [];
  for (const membership of datedMemberships(person.memberships ?? [])) {
    const accountId = ownerOfMembership(draft, membership);
    if (accountId !== null)
      whole.push({ accountId, from: membership.from, to: membership.to ?? null, source: membership.source });
  }
  return whole;
}

export function nameOf(traits: Readonly<Record<string, unknown>>): string | null {
  const whole = textOrNull(traits.name);
  if (whole) return whole;
  const parts = [textOrNull(traits.firstName), textOrNull(traits.lastName)].filter((part) => part !== null);
  return parts.length ? parts.join(' ') : null;
}

/** The newest that the person gave as a trait, else the first identifier of that kind. */
function emailOf(person: PersonRecord): string | null {
  const given = textOrNull(person.traits?.email);
  return given?.includes('@') ? given.toLowerCase() : firstOf(person.ids, 'email:');
}

function firstOf(ids: readonly string[], prefix: string): string | null {
  for (const key of ids) if (key.startsWith(prefix)) return key.slice(prefix.length);
  return null;
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
}
