import { accountId } from '@cairn/contracts/ids.ts';
import type { SubjectRef } from '@cairn/contracts/generated/stitched.ts';
import { companyDomainOf } from './company-domain.ts';
import { tellDecision } from './decisions.ts';
import {
  noteAccount,
  put,
  putAccount,
  putPerson,
  readAccount,
  readDomain,
  readPerson,
  type Draft,
  type DomainRecord,
} from './identity-graph.ts';
import type { MembershipRecord, PersonRecord } from './person-record.ts';

/**
 * Accounts: a graph of dated memberships beside the people's. Decides which account a person belongs to now and who owns a company's
 * e-mail domain. Never merges people, and accounts merge only where a group or CRM account takes over its domain's.
 */

/** A person's hand is above a declaration, a declaration above what the e-mail domain suggests. */
const RANK = { link: 0, group: 1, crm: 2, domain: 3 };
/** Two claims already leave a domain without an owner; the rest is for the list of candidates. */
const MAX_CLAIMS_PER_DOMAIN = 20;
/** More is a sync that declares everything of everybody; the oldest closed ones go first. */
const MAX_MEMBERSHIPS = 200;

/** The subject of what a person does without naming an account. */
export function subjectOf(draft: Draft, personId: string, person: PersonRecord): SubjectRef {
  const account = currentAccountOf(draft, person);
  return account === null ? { unit: 'person', id: personId } : { unit: 'account', id: account };
}

/** The account of the open membership that ranks highest, among equals the one declared last. O(memberships), almost always one. */
export function currentAccountOf(draft: Draft, person: PersonRecord): string | null {
  let best: MembershipRecord | null = null;
  let account: string | null = null;
  for (const membership of person.memberships ?? []) {
    if (membership.to !== undefined || (best && !isAbove(membership, best))) continue;
    const owner = ownerOfMembership(draft, membership);
    if (owner === null) continue;
    best = membership;
    account = owner;
  }
  return account;
}

function isAbove(membership: MembershipRecord, best: MembershipRecord): boolean {
  const byRank = RANK[membership.source] - RANK[best.source];
  return byRank < 0 || (byRank === 0 && (membership.seen ?? membership.from) >= (best.seen ?? best.from));
}

/** The living account behind a membership; null for a domain that nobody owns alone. */
export function ownerOfMembership(draft: Draft, membership: MembershipRecord): string | null {
  if (membership.source === 'domain') return ownerOfDomain(draft, membership.of);
  // Only a link can name a domain's account, which a group may have taken over since.
  return membership.source === 'link'
    ? (readAccount(draft, membership.of)?.mergedInto ?? membership.of)
    : membership.of;
}

/** A trait that names the domain is above a member who writes from it; two claims of the strongest kind attach to neither. */
export function ownerOfDomain(draft: Draft, domain: string): string | null {
  const record = readDomain(draft, domain);
  if (!record) return null;
  if (!record.claims) {
    // Nobody claimed it: then the account is as it was made, and need not be looked up.
    if (record.account !== undefined) noteAccount(draft, record.account, { source: 'domain', domain });
    return record.account ?? null;
  }
  const byTrait = record.claims.filter((claim) => claim[1] === 'trait');
  const strongest = byTrait.length ? byTrait : record.claims;
  return strongest.length === 1 ? strongest[0]![0] : null;
}

/** The person has declared, or shown by an address, to belong to an account. `at`: touchpoint time. */
export function join(draft: Draft, personId: string, source: MembershipRecord['source'], of: string): void {
  const person = readPerson(draft, personId);
  if (!person) return;
  const known = person.memberships ?? [];
  const index = known.findIndex((one) => one.source === source && one.of === of && one.to === undefined);
  const joined: MembershipRecord = { source, of, from: draft.at };
  if (index < 0) return setMemberships(draft, personId, person, settle([...known, joined]), true);
  // Declared again: only worth writing where it decides which one is current, or was so earlier than thought.
  const before = known[index]!;
  const rival = known.some(
    (one, at) => at !== index && one.source === source && one.to === undefined && !isAbove(before, one),
  );
  if (draft.at < before.from)
    return setMemberships(draft, personId, person, replace(known, index, { ...before, from: draft.at }), true);
  if (rival && draft.at > (before.seen ?? before.from))
    setMemberships(draft, personId, person, replace(known, index, { ...before, seen: draft.at }), false);
}

/** Closes an open membership; false when there is none. */
export function leave(draft: Draft, personId: string, account: string): boolean {
  const person = readPerson(draft, personId);
  let found = false;
  const left = person?.memberships?.map((one) => {
    if (one.to !== undefined || ownerOfMembership(draft, one) !== account) return one;
    found = true;
    return { ...one, to: Math.max(draft.at, one.from) };
  });
  if (found) setMemberships(draft, personId, person!, left!, true);
  return found;
}

/** Memberships of two records that become one. */
export function mergedMemberships(
  one: readonly MembershipRecord[] = [],
  other: readonly MembershipRecord[] = [],
): readonly MembershipRecord[] {
  const merged = [...one];
  for (const membership of other) {
    const index = merged.findIndex(
      (known) => known.source === membership.source && known.of === membership.of && known.to === membership.to,
    );
    if (index < 0) merged.push(membership);
    else if (membership.from < merged[index]!.from) merged[index] = { ...merged[index]!, from: membership.from };
  }
  return settle(merged);
}

/** A person works for one company at a time as far as addresses tell: a newer domain closes the older one, a late one stays in the past. */
function settle(memberships: readonly MembershipRecord[]): readonly MembershipRecord[] {
  const open = memberships.filter((one) => one.source === 'domain' && one.to === undefined);
  let settled = [...memberships];
  if (open.length > 1) {
    const latest = open.reduce((last, one) => (one.from >= last.from ? one : last));
    settled = settled.map((one) => (one !== latest && open.includes(one) ? { ...one, to: latest.from } : one));
  }
  while (settled.length > MAX_MEMBERSHIPS)
    settled.splice(
      Math.max(
        0,
        settled.findIndex((one) => one.to !== undefined),
      ),
      1,
    );
  return settled;
}

function setMemberships(
  draft: Draft,
  personId: string,
  person: PersonRecord,
  memberships: readonly MembershipRecord[],
  visible: boolean,
): void {
  putPerson(draft, personId, { ...person, memberships }, visible);
}

/** The person writes from this address: its company's domain is theirs from now on. */
export function joinByEmail(draft: Draft, personId: string, email: string): void {
  const domain = companyDomainOf(email, draft.settings.foldSubdomains);
  if (domain === null) return;
  for (const account of declaredBy(readPerson(draft, personId))) claimDomain(draft, domain, account, 'member');
  openDomain(draft, domain);
  join(draft, personId, 'domain', domain);
}

/** The company of an address; its account is made when nobody owns the domain yet. null: none, or claimed by several. */
export function accountOfEmail(draft: Draft, email: string): string | null {
  const domain = companyDomainOf(email, draft.settings.foldSubdomains);
  if (domain === null) return null;
  openDomain(draft, domain);
  return ownerOfDomain(draft, domain);
}

function openDomain(draft: Draft, domain: string): void {
  const record = readDomain(draft, domain);
  if (record?.account || record?.claims) return;
  const id = accountId(draft.workspace, 'domain', domain);
  put(draft, `domain/${domain}`, { ...record, account: id } satisfies DomainRecord);
  putAccount(draft, id, { source: 'domain', domain });
}

/** The accounts of which a person is a member take over the accounts of the domains that it writes from. */
export function claimDomainsOf(draft: Draft, personId: string): void {
  const person = readPerson(draft, personId);
  for (const one of person?.memberships ?? [])
    if (one.source === 'domain' && one.to === undefined)
      for (const account of declaredBy(person)) claimDomain(draft, one.of, account, 'member');
}

function declaredBy(person: PersonRecord | undefined): string[] {
  const declared = person?.memberships?.filter(
    (one) => one.to === undefined && (one.source === 'group' || one.source === 'crm'),
  );
  return declared?.map((one) => one.of) ?? [];
}

/** An account says that the domain is its own. Its domain account is handed over, unless another one claims the domain too. */
export function claimDomain(draft: Draft, domain: string, account: string, kind: 'trait' | 'member'): void {
  const record = readDomain(draft, domain) ?? {};
  const claims = record.claims ?? [];
  const known = claims.find((claim) => claim[0] === account);
  if (known && (known[1] === 'trait' || known[1] === kind)) return;
  if (!known && claims.length >= MAX_CLAIMS_PER_DOMAIN) return;
  const claim = [account, kind] as const;
  put(draft, `domain/${domain}`, {
    ...record,
    claims: known ? claims.map((one) => (one === known ? claim : one)) : [...claims, claim],
  });
  const owner = ownerOfDomain(draft, domain);
  if (owner === null)
    return tellDecision(draft, {
      personId: null,
      decision: 'ambiguous',
      namespace: 'domain',
      value: domain,
      reason: 'claimed-by-several-accounts',
    });
  if (owner !== account) return;
  const owning = readAccount(draft, account);
  if (owning && (owning.domain === undefined || kind === 'trait')) putAccount(draft, account, { ...owning, domain });
  takeOver(draft, record.account, account);
}

function takeOver(draft: Draft, domainAccount: string | undefined, account: string): void {
  const absorbed = domainAccount === undefined ? undefined : readAccount(draft, domainAccount);
  if (!absorbed || absorbed.mergedInto !== undefined) return;
  putAccount(draft, domainAccount!, { ...absorbed, mergedInto: account });
  (draft.notices ??= []).push({
    to: 'subject',
    subjectId: domainAccount!,
    message: {
      type: 'subject.handed-over',
      workspace: draft.workspace,
      at: draft.now,
      from: { unit: 'account', id: domainAccount! },
      into: { unit: 'account', id: account },
      personId: null,
      cause: draft.cause,
    },
  });
}

function replace<T>(list: readonly T[], index: number, value: T): T[] {
  const copy = [...list];
  copy[index] = value;
  return copy;
}
