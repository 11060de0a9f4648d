import { accountId } from '@cairn/contracts/ids.ts';
import type { Touchpoint } from '@cairn/contracts/generated/touchpoint.ts';
import { claimDomainsOf, currentAccountOf, join, joinByEmail } from './account-membership.ts';
import { isBlocked } from './blocked-values.ts';
import { accountOfEmail, claimDomain } from './company-accounts.ts';
import { companyDomain } from './company-domain.ts';
import { knownPerson } from './known-person.ts';
import { MAX_EXTERNAL_IDS, objectOf, type FoundIdentifiers } from './identifiers-of.ts';
import {
  putAccount,
  putPerson,
  readAccount,
  readNode,
  readPerson,
  type AccountRecord,
  type Draft,
} from './identity-graph.ts';
import { textOf } from './normalise-identifier.ts';
import type { Resolved } from './resolve-person.ts';
import { withTraits } from './traits.ts';
import { holds, mayHold } from './visited-accounts.ts';

/**
 * The account that a touchpoint was made for: the one it names, else that of its role mailbox, else the person's current one; and the
 * memberships that it declares on the way: group() above CRM ids above the company of an address.
 */
export function resolveAccount(
  draft: Draft,
  touchpoint: Touchpoint,
  found: FoundIdentifiers,
  resolved: Resolved | null,
): string | null {
  const member = touchpoint.bot ? null : resolved;
  const asked = namedAccount(draft, touchpoint);
  const named =
    asked !== null && resolved && !mayHold(draft, resolved.personId, asked, touchpoint.groupId) ? null : asked;
  if (named !== null && member && touchpoint.kind === 'group')
    join(draft, member.personId, 'group', named, member.stitchKey);
  if (member) {
    joinCrmAccounts(draft, member, touchpoint);
    joinCompanies(draft, member, found);
  }
  const ofMailbox = named === null && found.roleMailbox !== null ? accountOfEmail(draft, found.roleMailbox) : null;
  if (member && draft.changedPeople?.has(member.personId)) claimDomainsOf(draft, member.personId);
  const account = named ?? ofMailbox;
  // Also of one that joins nothing, as a bot: what it sent is with the account all the same.
  if (account !== null && resolved) visit(draft, resolved.personId, account);
  if (account !== null || !resolved) return account;
  const known = knownPerson(draft, resolved.personId);
  return known ? known.account! : currentAccountOf(draft, readPerson(draft, resolved.personId)!);
}

/** The group's account, made or with newer traits where the touchpoint is the first to name it or says more of it. */
function namedAccount(draft: Draft, touchpoint: Touchpoint): string | null {
  const groupId = accountKeyOf(draft, touchpoint.groupId);
  if (groupId === null) return null;
  const id = accountId(draft.workspace, 'group', groupId);
  keepAccount(draft, id, { source: 'group', groupId }, touchpoint.kind === 'group' ? touchpoint.traits : null);
  return id;
}

/** An account's id in another system: `context.externalIds` of the collection accounts, and `traits.company.id`. */
function joinCrmAccounts(draft: Draft, { personId, stitchKey }: Resolved, touchpoint: Touchpoint): void {
  const company = touchpoint.kind === 'group' ? null : objectOf(touchpoint.traits.company);
  const companyId = company && accountKeyOf(draft, company.id);
  if (companyId !== null) {
    const id = accountId(draft.workspace, 'crm', companyId);
    keepAccount(draft, id, { source: 'crm' }, company);
    if (mayHold(draft, personId, id, null)) join(draft, personId, 'crm', id, stitchKey);
  }
  const { externalIds } = touchpoint.context;
  if (!Array.isArray(externalIds)) return;
  for (const entry of externalIds.slice(0, MAX_EXTERNAL_IDS)) {
    const { id: crmId, collection } = objectOf(entry) ?? {};
    const key = collection === 'accounts' ? accountKeyOf(draft, crmId) : null;
    if (key === null) continue;
    const id = accountId(draft.workspace, 'crm', key);
    keepAccount(draft, id, { source: 'crm' }, null);
    if (mayHold(draft, personId, id, null)) join(draft, personId, 'crm', id, stitchKey);
  }
}

function accountKeyOf(draft: Draft, raw: unknown): string | null {
  if (raw === null || raw === undefined) return null;
  const key = textOf(raw)?.normalize('NFC') ?? '';
  return isBlocked(draft.settings, 'groupId', key) ? null : key;
}

/** `traits`: what is said of the account; null: nothing. A domain or website among them claims that domain. */
function keepAccount(
  draft: Draft,
  id: string,
  made: AccountRecord,
  traits: Readonly<Record<string, unknown>> | null,
): void {
  const known = readAccount(draft, id);
  const account = known ?? made;
  const change = traits && withTraits(account, traits, draft.at);
  if (!change) {
    if (!known) putAccount(draft, id, account);
    return;
  }
  putAccount(draft, id, { ...account, traits: change.traits, traitTimes: change.traitTimes }, change.visible || !known);
  if (!change.visible) return;
  for (const trait of [change.traits.domain, change.traits.website]) {
    const domain = typeof trait === 'string' ? companyDomain(trait, draft.settings.foldSubdomains) : null;
    if (domain !== null) claimDomain(draft, domain, id, null);
  }
}

/** Addresses that the person was not known by before this touchpoint, and the company of a role mailbox it wrote from. */
function joinCompanies(draft: Draft, { personId, stitchKey }: Resolved, found: FoundIdentifiers): void {
  if (draft.changedPeople?.has(personId)) {
    for (const { key, namespace, value, before } of found.ids)
      if (namespace === 'email' && !before && readNode(draft, key) === personId)
        joinByEmail(draft, personId, value, null);
  }
  if (found.roleMailbox !== null) joinByEmail(draft, personId, found.roleMailbox, stitchKey);
}

/** The account holds a touchpoint of the person from now on: it must hear of what becomes of them. */
function visit(draft: Draft, personId: string, account: string): void {
  const person = readPerson(draft, personId)!;
  if (holds(person, account)) return;
  putPerson(draft, personId, { ...person, visited: [...(person.visited ?? []), account] }, false);
}
