import { accountId } from '@cairn/contracts/ids.ts';
import { companyDomainOf } from './company-domain.ts';
import { tellDecision } from './decisions.ts';
import {
  noteAccount,
  put,
  putAccount,
  readAccount,
  readDomain,
  type Draft,
  type DomainClaim,
  type DomainRecord,
} from './identity-graph.ts';

/**
 * Who owns a company's e-mail domain: the domain's own account until a group or CRM account claims it, by naming it or by a member who
 * writes from it. Accounts merge nowhere else: the claiming one takes the domain's own account over.
 */

/** Two claims already leave a domain without an owner; the rest is for the list of candidates. */
const MAX_CLAIMS_PER_DOMAIN = 20;
/** Enough to see that a claim does not rest on one person alone. */
const MAX_MEMBERS_OF_A_CLAIM = 5;
/** No person's id. */
const SOMEBODY_ERASED = '';

/** A trait that names the domain is above a member who writes from it; two claims of the strongest kind attach to neither. */
export function ownerOfDomain(draft: Draft, domain: string): string | null {
  const record = readDomain(draft, domain);
  if (!record) return null;
  if (!record.claims) {
    // Nobody claimed it: then the account is as it was made, and need not be looked up.
    if (record.account !== undefined) noteAccount(draft, record.account, { source: 'domain', domain });
    return record.account ?? null;
  }
  return claimantOf(record.claims);
}

/** The one account whose claim is the strongest; null for several. */
export function claimantOf(claims: readonly DomainClaim[]): string | null {
  const byTrait = claims.filter(({ kind }) => kind === 'trait');
  const strongest = byTrait.length ? byTrait : claims;
  return strongest.length === 1 ? strongest[0]!.account : null;
}

/**
 * Every account that may hold what was done from the domain: whoever owns or claims it, and whoever took its own account over before
 * another claim came. Owners change; touchpoints stay where they were made.
 */
export function holdersOfDomain(draft: Draft, domain: string): readonly string[] {
  const { account, claims = [] } = readDomain(draft, domain) ?? {};
  const own = account === undefined ? [] : [readAccount(draft, account)?.mergedInto ?? account];
  return [...own, ...claims.map((claim) => claim.account)];
}

/** The company of an address; its account is made when nobody owns the domain yet. null: none, or claimed by several. */
export function accountOfEmail(draft: Draft, email: string): string | null {
  const domain = companyDomainOf(email, draft.settings.foldSubdomains);
  if (domain === null) return null;
  openDomain(draft, domain);
  return ownerOfDomain(draft, domain);
}

/** Makes the domain's own account where nobody owns the domain yet. */
export function openDomain(draft: Draft, domain: string): void {
  const record = readDomain(draft, domain);
  if (record?.account || record?.claims) return;
  const id = accountId(draft.workspace, 'domain', domain);
  put(draft, `domain/${domain}`, { ...record, account: id } satisfies DomainRecord);
  putAccount(draft, id, { source: 'domain', domain });
}

/**
 * An account says that the domain is its own, or a `member` of it writes from there. The domain's own account is handed over, unless
 * another one claims the domain too.
 */
export function claimDomain(draft: Draft, domain: string, account: string, member: string | null): void {
  const record = readDomain(draft, domain) ?? {};
  const claims = record.claims ?? [];
  const known = claims.find((claim) => claim.account === account);
  const claim = claimWith(known, account, member);
  if (claim === known || (!known && claims.length >= MAX_CLAIMS_PER_DOMAIN)) return;
  const next = known ? claims.map((one) => (one === known ? claim : one)) : [...claims, claim];
  put(draft, `domain/${domain}`, { ...record, claims: next } satisfies DomainRecord);
  if (known?.kind === claim.kind) return;
  const owner = ownerOfDomain(draft, domain);
  if (owner === null) tellAmbiguous(draft, domain);
  if (owner !== account) return;
  const owning = readAccount(draft, account);
  if (owning && (owning.domain === undefined || member === null)) putAccount(draft, account, { ...owning, domain });
  takeOver(draft, record.account, account);
}

function claimWith(known: DomainClaim | undefined, account: string, member: string | null): DomainClaim {
  if (known?.kind === 'trait') return known;
  if (member === null) return { account, kind: 'trait' };
  const { members = [] } = known ?? {};
  if (known && (members.includes(member) || members.length >= MAX_MEMBERS_OF_A_CLAIM)) return known;
  return { account, kind: 'member', members: [...members, member] };
}

/**
 * A member's claims are looked at anew: `were` (who turned out to be several people) is replaced by those of them who still support
 * it. A domain that nobody claims any more is its own account's again. Returns the accounts that live again.
 */
export function reviseClaims(
  draft: Draft,
  domain: string,
  were: ReadonlySet<string>,
  supporters: (account: string) => readonly string[],
): readonly string[] {
  const record = readDomain(draft, domain);
  const claims = record?.claims?.flatMap((claim): DomainClaim[] => {
    const { members } = claim;
    // A full list may have left somebody out: such a claim stays.
    if (!members?.some((member) => were.has(member)) || members.length >= MAX_MEMBERS_OF_A_CLAIM) return [claim];
    const left = [...members.filter((member) => !were.has(member)), ...supporters(claim.account)];
    return left.length ? [{ ...claim, members: left }] : [];
  });
  if (!record || !claims) return [];
  const { claims: _before, ...rest } = record;
  put(draft, `domain/${domain}`, claims.length ? { ...rest, claims } : rest);
  if (claims.length) return [];
  openDomain(draft, domain);
  const own = record.account === undefined ? undefined : readAccount(draft, record.account);
  if (own?.mergedInto === undefined) return [];
  const { mergedInto: _released, ...released } = own;
  putAccount(draft, record.account!, released);
  return [record.account!];
}

/** Members who are erased are named no more; what they showed of their company stays: it is the account's. */
export function forgetMembers(draft: Draft, domain: string, ids: ReadonlySet<string>): void {
  const record = readDomain(draft, domain);
  if (!record?.claims?.some(({ members }) => members?.some((member) => ids.has(member)))) return;
  const claims = record.claims.map((claim): DomainClaim => {
    const left = claim.members?.filter((member) => !ids.has(member));
    return left ? { ...claim, members: left.length ? left : [SOMEBODY_ERASED] } : claim;
  });
  put(draft, `domain/${domain}`, { ...record, claims } satisfies DomainRecord);
}

/** Told in `identities`: the candidates are the claims, a person may link. */
function tellAmbiguous(draft: Draft, domain: string): void {
  const reason = 'claimed-by-several-accounts';
  tellDecision(draft, { personId: null, decision: 'ambiguous', namespace: 'domain', value: domain, reason });
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
