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
  type DomainRecord,
} from './identity-graph.ts';

/**
 * Who owns a company's e-mail domain: the domain's own account until a group or CRM account claims it, by naming it or by a member who
 * writes from it. Accounts merge nowhere else: the claiming one takes the domain's own account over.
 */

/** Two claims already leave a domain without an owner; the rest is for the list of candidates. */
const MAX_CLAIMS_PER_DOMAIN = 20;

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

/** An account says that the domain is its own. Its domain account is handed over, unless another one claims the domain too. */
export function claimDomain(draft: Draft, domain: string, account: string, kind: 'trait' | 'member'): void {
  const record = readDomain(draft, domain) ?? {};
  const claims = record.claims ?? [];
  const known = claims.find((claim) => claim[0] === account);
  if (known && (known[1] === 'trait' || known[1] === kind)) return;
  if (!known && claims.length >= MAX_CLAIMS_PER_DOMAIN) return;
  const claim = [account, kind] as const;
  const next = known ? claims.map((one) => (one === known ? claim : one)) : [...claims, claim];
  put(draft, `domain/${domain}`, { ...record, claims: next } satisfies DomainRecord);
  const owner = ownerOfDomain(draft, domain);
  if (owner === null) tellAmbiguous(draft, domain);
  if (owner !== account) return;
  const owning = readAccount(draft, account);
  if (owning && (owning.domain === undefined || kind === 'trait')) putAccount(draft, account, { ...owning, domain });
  takeOver(draft, record.account, account);
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
