import { accountId } from '@cairn/contracts/ids.ts';
import type { Touchpoint } from '@cairn/contracts/generated/touchpoint.ts';
import { namespaceOf } from './plain-identifiers.ts';

/**
 * For the oracle alone (`plain-identities.ts`): who belongs to which account and who owns a company's domain, worked out from lists that
 * are looked through from end to end. Not covered: domains that an account claims by a trait, sub-domains, public suffixes; the traffic
 * has none (`companyOf` throws at a domain it does not know).
 */
export interface PlainMembership {
  source: 'link' | 'group' | 'crm' | 'domain';
  /** Account id, or the domain. */
  of: string;
  /** The identifier that said so; null: the person's own address. */
  by: string | null;
  from: number;
  /** When it was declared last. */
  declared: number;
  isOpen: boolean;
}

/** An account claims a domain because of a member who writes from it. */
export interface PlainClaim {
  domain: string;
  account: string;
  member: string;
}

const COMPANIES = ['acme.example', 'globex.example'];
const FREE = ['gmail.com'];
const RANKS = ['link', 'group', 'crm', 'domain'];
/** The stitcher remembers no more members of a claim. */
const MEMBERS_OF_A_CLAIM = 5;

export function companyOf(email: string): string | null {
  const domain = email.slice(email.lastIndexOf('@') + 1);
  if (COMPANIES.includes(domain)) return domain;
  if (FREE.includes(domain)) return null;
  throw new Error(`the oracle does not know whose domain ${domain} is`);
}

export function ownerOfDomain(workspace: string, claims: readonly PlainClaim[], domain: string): string | null {
  const accounts = new Set(claims.filter((claim) => claim.domain === domain).map(({ account }) => account));
  if (accounts.size === 0) return accountId(workspace, 'domain', domain);
  return accounts.size === 1 ? [...accounts][0]! : null;
}

/** The account that a touchpoint names; a domain trait would be a claim. */
export function namedAccount({ workspace, groupId, kind, traits }: Touchpoint): string | null {
  if (kind === 'group' && ('domain' in traits || 'website' in traits))
    throw new Error('the oracle knows no claims by trait');
  return groupId === null ? null : accountId(workspace, 'group', groupId.trim().normalize('NFC'));
}

export function crmAccounts({ workspace, context, traits }: Touchpoint): string[] {
  if ('company' in traits) throw new Error('the oracle knows no company trait');
  const entries = (context.externalIds ?? []) as { id: string; collection?: string }[];
  return entries.filter(({ collection }) => collection === 'accounts').map(({ id }) => accountId(workspace, 'crm', id));
}

export function withDeclared(
  memberships: readonly PlainMembership[],
  { source, of, by }: Pick<PlainMembership, 'source' | 'of' | 'by'>,
  at: number,
): PlainMembership[] {
  const known = memberships.find((one) => one.isOpen && one.source === source && one.of === of && one.by === by);
  if (!known) return [...memberships, { source, of, by, from: at, declared: at, isOpen: true }];
  const from = Math.min(known.from, at);
  const declared = source === 'domain' ? from : Math.max(known.declared, at);
  return memberships.map((one) => (one === known ? { ...known, from, declared } : one));
}

/** The open membership that ranks highest, of equals the one declared last. */
export function currentMembership(memberships: readonly PlainMembership[]): PlainMembership | null {
  let best: PlainMembership | null = null;
  for (const one of memberships.filter(({ isOpen }) => isOpen)) {
    const rank = best ? RANKS.indexOf(one.source) - RANKS.indexOf(best.source) : -1;
    if (rank < 0 || (rank === 0 && one.declared >= best!.declared)) best = one;
  }
  return best;
}

/** Claims that a person's open memberships make: each group or CRM account, on the domain it writes from now. */
export function claimsOf(member: string, memberships: readonly PlainMembership[]): PlainClaim[] {
  const open = memberships.filter(({ isOpen }) => isOpen);
  const domain = currentMembership(open.filter(({ source }) => source === 'domain'))?.of;
  if (domain === undefined) return [];
  return open
    .filter(({ source }) => source === 'group' || source === 'crm')
    .map(({ of }) => ({ domain, account: of, member }));
}

export function withClaims(claims: readonly PlainClaim[], added: readonly PlainClaim[]): PlainClaim[] {
  const all = [...claims];
  for (const claim of added) {
    const same = all.filter(({ domain, account }) => domain === claim.domain && account === claim.account);
    if (same.some(({ member }) => member === claim.member)) continue;
    if (same.length + 1 >= MEMBERS_OF_A_CLAIM) throw new Error('the oracle follows no claim with so many members');
    all.push(claim);
  }
  return all;
}

export const writesFrom = (keys: readonly string[], domain: string): boolean =>
  keys.some((key) => namespaceOf(key) === 'email' && companyOf(key) === domain);
