import type { SubjectRef } from '@cairn/contracts/generated/stitched.ts';
import { claimDomain, openDomain, ownerOfDomain, reviseClaims } from './company-accounts.ts';
import { companyDomainOf } from './company-domain.ts';
import { putPerson, readAccount, readPerson, type Draft } from './identity-graph.ts';
import { currentAccount, openOf, withJoined, withLeft, type MembershipRecord } from './memberships.ts';
import type { PersonRecord } from './person-record.ts';
import { withFallen } from './visited-accounts.ts';

/**
 * Which account a person belongs to: by a link, by group(), by a CRM id, by the domain of its e-mail. Never merges people. Old
 * touchpoints stay where they were made, whatever changes later.
 */

/** The subject of what a person does without naming an account. */
export function subjectOf(draft: Draft, personId: string, person: PersonRecord): SubjectRef {
  const account = currentAccountOf(draft, person);
  return account === null ? { unit: 'person', id: personId } : { unit: 'account', id: account };
}

export function currentAccountOf(draft: Draft, person: PersonRecord): string | null {
  if (!person.memberships) return null;
  return currentAccount(person.memberships, (membership) => ownerOfMembership(draft, membership));
}

/** The living account behind a membership; null for a domain that nobody owns alone. */
export function ownerOfMembership(draft: Draft, { source, of }: MembershipRecord): string | null {
  if (source === 'domain') return ownerOfDomain(draft, of);
  // Only a link can name a domain's own account, which a group may have taken over since.
  return source === 'link' ? (readAccount(draft, of)?.mergedInto ?? of) : of;
}

/** The person has declared, or shown by an address, to belong to an account. `by`: the identifier that says so; null: its own address. */
export function join(
  draft: Draft,
  personId: string,
  source: MembershipRecord['source'],
  of: string,
  by: string | null,
): void {
  const person = readPerson(draft, personId)!;
  const before = person.memberships ?? [];
  const isPlain = by === null || (source !== 'domain' && by === person.ids[0]);
  const joined = { source, of, ...(isPlain ? {} : { by }) };
  const memberships = withJoined(before, joined, draft.at);
  if (memberships === before) return;
  putPerson(
    draft,
    personId,
    withFallen({ ...person, memberships }, before, (one) => ownerOfMembership(draft, one)),
    true,
  );
}

/** Closes the open memberships of an account; false when there are none. */
export function leave(draft: Draft, personId: string, account: string): boolean {
  const person = readPerson(draft, personId)!;
  const before = person.memberships ?? [];
  const memberships = withLeft(before, (one) => ownerOfMembership(draft, one) === account, draft.at);
  if (memberships === before) return false;
  putPerson(draft, personId, { ...person, memberships }, true);
  return true;
}

/** The person writes from this address: its company's domain is theirs from now on. `by`: null for an identifier of their own. */
export function joinByEmail(draft: Draft, personId: string, email: string, by: string | null): void {
  const domain = companyDomainOf(email, draft.settings.foldSubdomains);
  if (domain === null) return;
  for (const account of openOf(readPerson(draft, personId)!.memberships, 'group', 'crm'))
    claimDomain(draft, domain, account, personId);
  openDomain(draft, domain);
  join(draft, personId, 'domain', domain, by);
}

/** The accounts of which a person is a member take over the account of the domain that it writes from. */
export function claimDomainsOf(draft: Draft, personId: string): void {
  const { memberships } = readPerson(draft, personId)!;
  for (const domain of openOf(memberships, 'domain'))
    for (const account of openOf(memberships, 'group', 'crm')) claimDomain(draft, domain, account, personId);
}

/** A person turned out to be several: claims that rested on them together fall. Returns the domain accounts that live again. */
export function reviseClaimsOf(
  draft: Draft,
  whole: PersonRecord,
  were: ReadonlySet<string>,
  parts: readonly string[],
): string[] {
  const released: string[] = [];
  for (const domain of new Set(whole.memberships?.filter(({ source }) => source === 'domain').map(({ of }) => of)))
    released.push(
      ...reviseClaims(draft, domain, were, (account) =>
        parts.filter((id) => {
          const { memberships } = readPerson(draft, id)!;
          return (
            openOf(memberships, 'domain').includes(domain) && openOf(memberships, 'group', 'crm').includes(account)
          );
        }),
      ),
    );
  return released;
}
