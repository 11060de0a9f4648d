import { isDecided, tellDecision } from './decisions.ts';
import { readPerson, type Draft } from './identity-graph.ts';
import { MAX_MEMBERSHIPS, type MembershipRecord } from './memberships.ts';
import type { PersonRecord } from './person-record.ts';

/**
 * Accounts that hold touchpoints of a person without it being a member, or not any more: they must hear of its merges, its splits and its
 * erasing. None may fall out of the list, or its journey would name the person for ever; so what would be too much is not given to the account.
 */

/** More is a sender that puts something else into groupId: 24 KB of accounts, written with each that is added. */
export const MAX_VISITED = 1_000;

/** Whether one more account may hold touchpoints of the person; else that is told of it, once. */
export function mayHold(draft: Draft, personId: string, account: string, named: string | null): boolean {
  const person = readPerson(draft, personId)!;
  if ((person.visited?.length ?? 0) < MAX_VISITED || holds(person, account)) return true;
  const limited = { personId, decision: 'limited' as const, namespace: 'groupId', value: named ?? account };
  if (!isDecided(draft, limited)) tellDecision(draft, { ...limited, reason: 'too-many-accounts' });
  return false;
}

export function holds(person: PersonRecord, account: string): boolean {
  return person.memberships?.some(({ of }) => of === account) === true || person.visited?.includes(account) === true;
}

/** Memberships that gave way to newer ones: their accounts hold touchpoints all the same. */
export function withFallen(
  person: PersonRecord,
  before: readonly MembershipRecord[],
  ownerOf: (membership: MembershipRecord) => string | null,
): PersonRecord {
  const { memberships = [], visited = [] } = person;
  if (before.length < MAX_MEMBERSHIPS) return person;
  const left = before.filter(({ source, of }) => !memberships.some((one) => one.source === source && one.of === of));
  const accounts = left.flatMap((one) => ownerOf(one) ?? []);
  return accounts.length ? { ...person, visited: [...new Set([...visited, ...accounts])] } : person;
}
