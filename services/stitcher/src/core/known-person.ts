import type { AccountSummary, PersonSummary, SubjectRef } from '@cairn/contracts/generated/stitched.ts';
import { claimantOf } from './company-accounts.ts';
import type { GraphEntry, WorkspaceNotes } from './graph-notes.ts';
import { identifierKey } from './identifier-key.ts';
import { ownerOf, type AccountRecord, type DomainRecord, type Draft, type IdNode } from './identity-graph.ts';
import { currentMembership, type MembershipRecord } from './memberships.ts';
import type { PersonRecord } from './person-record.ts';
import { accountSummary, personSummary } from './summaries.ts';

/**
 * The way from an identifier to its person, the person's account and how both look, noted where it was gone before: seven touchpoints of
 * ten are of somebody known by whom nothing has changed. A note holds only for the very record that it was made of; the rest asks the graph.
 */

/** On an identifier's entry. */
interface NodeMemo {
  /** `namespace:value` */
  key: string;
  /** What the way below was noted of. */
  of: IdNode | null;
  notes: WorkspaceNotes | null;
  person: GraphEntry | null;
}

/** On a person's entry. */
interface PersonMemo {
  of: PersonRecord;
  notes: WorkspaceNotes;
  summary: PersonSummary;
  /** undefined: not noted. */
  account: KnownAccount | undefined;
}

/** The account that a person belongs to, and what says so. */
export interface KnownAccount {
  subject: SubjectRef;
  summary: AccountSummary;
  /** The entries that it follows from, besides the person's, and their values then. */
  domain: GraphEntry | null;
  domainWas: unknown;
  record: GraphEntry | null;
  recordWas: unknown;
}

/** `namespace:value` of an identifier that is in the graph, joined once. */
export function notedKey(entry: GraphEntry, namespace: string, value: string): string {
  const memo = entry.memo as NodeMemo | undefined;
  if (memo) return memo.key;
  const key = identifierKey(namespace, value);
  entry.memo = { key, of: null, notes: null, person: null } satisfies NodeMemo;
  return key;
}

/** Goes from an identifier of the touchpoint to its person. Only while the draft has changed nothing. */
export function notePerson(draft: Draft, entry: GraphEntry | undefined): void {
  const node = entry?.value as IdNode | undefined;
  const id = ownerOf(node);
  if (entry === undefined || id === null) return;
  const memo = entry.memo as NodeMemo;
  if (memo.of !== node || memo.notes !== draft.notes) {
    const person = draft.notes.entry(`${draft.prefix}person/${id}`);
    if (!person) return;
    memo.of = node!;
    memo.notes = draft.notes;
    memo.person = person;
    // The same text as in the record: comparing them costs nothing then.
    const { ids } = person.value as Partial<PersonRecord>;
    memo.key = ids?.[ids.indexOf(memo.key)] ?? memo.key;
  }
  draft.personEntry = memo.person;
  draft.lastPersonId = id;
  draft.lastPerson = memo.person!.value as PersonRecord;
}

export function summaryOfPerson(draft: Draft, id: string, record: PersonRecord): PersonSummary {
  return memoOf(draft, id, record)?.summary ?? personSummary(id, record);
}

/** The account of the person by its memberships, where it is noted (or can be); undefined: ask the graph. */
export function knownAccountOf(draft: Draft, id: string, record: PersonRecord): KnownAccount | undefined {
  if (draft.changes !== null || !record.memberships) return undefined;
  const memo = memoOf(draft, id, record);
  if (!memo) return undefined;
  const known = memo.account;
  if (known && known.domain?.value === known.domainWas && known.record?.value === known.recordWas) return known;
  return (memo.account = findAccount(draft, record.memberships));
}

function memoOf(draft: Draft, id: string, record: PersonRecord): PersonMemo | null {
  const entry = draft.personEntry;
  // A person that was changed by this touchpoint is another record than the entry's.
  if (entry === null || entry.value !== record) return null;
  const memo = entry.memo as PersonMemo | undefined;
  if (memo?.of === record && memo.notes === draft.notes) return memo;
  const made: PersonMemo = { of: record, notes: draft.notes, summary: personSummary(id, record), account: undefined };
  entry.memo = made;
  return made;
}

/** As `ownerOfMembership` and `accountSummary` would say; links, which may name an account that another took over, are left to these. */
function findAccount(draft: Draft, memberships: readonly MembershipRecord[]): KnownAccount | undefined {
  const current = currentMembership(memberships);
  if (current === null || current.source === 'link') return undefined;
  if (current.source !== 'domain') return accountKnown(draft, current.of, null);
  const domain = draft.notes.entry(`${draft.prefix}domain/${current.of}`);
  if (!domain) return undefined;
  const { account, claims } = domain.value as DomainRecord;
  const claimant = claims && claimantOf(claims);
  if (claimant) return accountKnown(draft, claimant, domain);
  if (claims || account === undefined) return undefined;
  // Nobody claimed it: then the account is as it was made.
  const made: AccountRecord = { source: 'domain', domain: current.of };
  return {
    subject: { unit: 'account', id: account },
    summary: accountSummary(account, made),
    domain,
    domainWas: domain.value,
    record: null,
    recordWas: undefined,
  };
}

function accountKnown(draft: Draft, id: string, domain: GraphEntry | null): KnownAccount | undefined {
  const record = draft.notes.entry(`${draft.prefix}account/${id}`);
  if (!record) return undefined;
  return {
    subject: { unit: 'account', id },
    summary: accountSummary(id, record.value as AccountRecord),
    domain,
    domainWas: domain?.value,
    record,
    recordWas: record.value,
  };
}
