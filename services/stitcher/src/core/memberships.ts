/**
 * The dated memberships of one person, as a list. Pure functions, list in, list out. Each knows the identifier that said so, so that a
 * split gives everybody their own back.
 */
export interface MembershipRecord {
  source: 'link' | 'group' | 'crm' | 'domain';
  /** An account id; for `domain` the domain, whose account is looked up when asked for: it may change owners. */
  of: string;
  /** Epoch ms, touchpoint time. */
  from: number;
  /** Closed by somebody. That a newer company closes an older one is not written: it follows from the two. */
  to?: number;
  /** When it was declared again, where that decided which membership is the current one. */
  seen?: number;
  /**
   * The identifier that said so (`namespace:value`). Left out: the person's most durable one; for a domain, the person's own address
   * there.
   */
  by?: string;
}

/** A person's hand is above a declaration, a declaration above what the e-mail domain suggests. */
const RANK = { link: 0, group: 1, crm: 2, domain: 3 };
/** More is a sync that declares everything of everybody; the oldest go first. */
export const MAX_MEMBERSHIPS = 200;

/** The account of the open membership that ranks highest, among equals of the one declared last; of companies by address the newest alone counts. */
export function currentAccount(
  memberships: readonly MembershipRecord[],
  ownerOf: (membership: MembershipRecord) => string | null,
): string | null {
  const best = currentMembership(memberships);
  return best && ownerOf(best);
}

export function currentMembership(memberships: readonly MembershipRecord[]): MembershipRecord | null {
  let best: MembershipRecord | null = null;
  for (const one of memberships) if (one.to === undefined && (best === null || isAbove(one, best))) best = one;
  return best;
}

function isAbove(one: MembershipRecord, other: MembershipRecord): boolean {
  const byRank = RANK[one.source] - RANK[other.source];
  return byRank < 0 || (byRank === 0 && (one.seen ?? one.from) >= (other.seen ?? other.from));
}

/** With one more declaration; the same list where it changes nothing. `at`: touchpoint time. */
export function withJoined(
  memberships: readonly MembershipRecord[],
  joined: Pick<MembershipRecord, 'source' | 'of' | 'by'>,
  at: number,
): readonly MembershipRecord[] {
  const { source, of, by } = joined;
  const index = memberships.findIndex(
    (one) => one.source === source && one.of === of && one.by === by && one.to === undefined,
  );
  if (index < 0)
    return [...memberships, { source, of, from: at, ...(by === undefined ? {} : { by }) }].slice(-MAX_MEMBERSHIPS);
  const before = memberships[index]!;
  if (at < before.from) return memberships.with(index, { ...before, from: at });
  // Declared again: only worth writing where it decides which one is current. Addresses are not declared again by being used.
  const isRivalled = memberships.some(
    (one, other) => other !== index && one.source === source && one.to === undefined && !isAbove(before, one),
  );
  if (source === 'domain' || !isRivalled || at <= (before.seen ?? before.from)) return memberships;
  return memberships.with(index, { ...before, seen: at });
}

/** Closes the open ones that `concerns` names; the same list where there are none. */
export function withLeft(
  memberships: readonly MembershipRecord[],
  concerns: (membership: MembershipRecord) => boolean,
  at: number,
): readonly MembershipRecord[] {
  if (!memberships.some((one) => one.to === undefined && concerns(one))) return memberships;
  return memberships.map((one) =>
    one.to === undefined && concerns(one) ? { ...one, to: Math.max(at, one.from) } : one,
  );
}

/** Of two people who become one; `by` is spelt out in both. */
export function mergedMemberships(
  one: readonly MembershipRecord[],
  other: readonly MembershipRecord[],
): readonly MembershipRecord[] {
  return other.length === 0 ? one : [...one, ...other].slice(-MAX_MEMBERSHIPS);
}

/** Open ones of these sources, what they are of, each once. Of companies by address the newest alone. */
export function openOf(
  memberships: readonly MembershipRecord[] | undefined,
  ...sources: readonly MembershipRecord['source'][]
): readonly string[] {
  const open = memberships?.filter((one) => one.to === undefined && sources.includes(one.source)) ?? [];
  if (sources.includes('domain') && open.length > 1)
    return [open.reduce((best, one) => (isAbove(one, best) ? one : best)).of];
  return [...new Set(open.map(({ of }) => of))];
}

/**
 * As people read them: the current one first, each once, and a company left for a newer one closed from the day of the newer; those
 * that ended last.
 */
export function datedMemberships(memberships: readonly MembershipRecord[]): readonly MembershipRecord[] {
  const dated = new Map<string, MembershipRecord>();
  for (const one of memberships) {
    const to = one.to ?? nextCompanyFrom(memberships, one);
    const key = `${one.source} ${one.of} ${to}`;
    const known = dated.get(key);
    if (!known || one.from < known.from) dated.set(key, { ...one, ...(to === undefined ? {} : { to }) });
  }
  return [...dated.values()].sort(byCurrency);
}

function byCurrency(one: MembershipRecord, other: MembershipRecord): number {
  const ended = Number(one.to !== undefined) - Number(other.to !== undefined);
  return ended || (isAbove(one, other) ? -1 : 1);
}

function nextCompanyFrom(memberships: readonly MembershipRecord[], one: MembershipRecord): number | undefined {
  if (one.source !== 'domain') return undefined;
  let next: number | undefined;
  for (const other of memberships) {
    const isLater = other.source === 'domain' && other.of !== one.of && other.to === undefined && isAbove(other, one);
    if (isLater && other !== one && (next === undefined || other.from < next)) next = other.from;
  }
  return next;
}
