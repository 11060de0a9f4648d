import type { AccountSummary, PersonSummary, SubjectRef } from '@cairn/contracts/generated/stitched.ts';
import { claimantOf } from './company-accounts.ts';
import { MET, type GraphEntry, type WorkspaceNotes } from './graph-notes.ts';
import { identifierKey } from './identifier-key.ts';
import type { Identifier } from './identifiers-of.ts';
import {
  isGone,
  ownerOf,
  type AccountRecord,
  type DomainRecord,
  type Draft,
  type GonePerson,
  type IdNode,
} from './identity-graph.ts';
import { currentMembership } from './memberships.ts';
import { areTogether, type PersonRecord } from './person-record.ts';
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
  /** The identifier that it was last seen together with, and the person's record that said they were before. */
  besides: GraphEntry | null;
  togetherIn: unknown;
}

/** On a person's entry. */
export interface KnownPerson {
  of: PersonRecord;
  notes: WorkspaceNotes;
  summary: PersonSummary;
  /** The record's. */
  alone: boolean;
  /** By its memberships; null: none. undefined: not noted. */
  account: string | null | undefined;
  accountSummary: AccountSummary | null;
  /** Of what it does without naming an account. */
  subject: SubjectRef;
  /** The entries that the account follows from, besides the person's, and their values then. */
  domain: GraphEntry | null;
  domainWas: unknown;
  record: GraphEntry | null;
  recordWas: unknown;
}

/** `namespace:value` of an identifier that is in the graph, joined once. */
export function notedKey(entry: GraphEntry, namespace: string, value: string): string {
  const memo = nodeMemoOf(entry);
  if (memo) return memo.key;
  const key = identifierKey(namespace, value);
  if (entry.memo === undefined) {
    entry.memo = MET;
    return key;
  }
  const made: NodeMemo = { key, of: null, notes: null, person: null, besides: null, togetherIn: null };
  entry.memo = made;
  return key;
}

function nodeMemoOf({ memo }: GraphEntry): NodeMemo | null {
  return memo === undefined || memo === MET ? null : (memo as NodeMemo);
}

/** Goes from an identifier of the touchpoint to its person. Only while the draft has changed nothing. */
export function notePerson(draft: Draft, entry: GraphEntry | undefined): void {
  const node = entry?.value as IdNode | undefined;
  const id = ownerOf(node);
  const memo = entry && nodeMemoOf(entry);
  if (!memo || id === null) return;
  if (memo.of !== node || memo.notes !== draft.notes) {
    const person = draft.notes.entry(`${draft.prefix}person/${id}`);
    if (!person) return;
    memo.of = node!;
    memo.notes = draft.notes;
    memo.person = person;
    memo.besides = null;
    // The same text as in the record: comparing them costs nothing then.
    const { ids } = person.value as Partial<PersonRecord>;
    memo.key = ids?.[ids.indexOf(memo.key)] ?? memo.key;
  }
  const person = memo.person!;
  const record = person.value as PersonRecord | GonePerson;
  draft.lastPersonId = id;
  draft.lastPerson = record;
  const known = person.memo as Partial<KnownPerson> | undefined;
  if (known?.of === record && known.notes === draft.notes) draft.known = known as KnownPerson;
  else if (known === undefined) person.memo = MET;
  else if (!isGone(record)) person.memo = draft.known = newKnown(draft, id, record);
}

function newKnown(draft: Draft, id: string, of: PersonRecord): KnownPerson {
  return {
    of,
    notes: draft.notes,
    summary: personSummary(id, of),
    alone: of.alone === true,
    account: of.memberships ? undefined : null,
    accountSummary: null,
    subject: { unit: 'person', id },
    domain: null,
    domainWas: undefined,
    record: null,
    recordWas: undefined,
  };
}

/** What is noted of the person, with its account as of now; null: ask the graph. Only while the draft has changed nothing. */
export function knownPerson(draft: Draft, id: string): KnownPerson | null {
  const { known } = draft;
  if (known === null || draft.changes !== null || draft.lastPersonId !== id) return null;
  if (known.account !== undefined && known.domain?.value === known.domainWas && known.record?.value === known.recordWas)
    return known;
  return findAccount(draft, known, id) ? known : null;
}

/** As `ownerOfMembership` and `accountSummary` would say; links, which may name an account that another took over, are left to these. */
function findAccount(draft: Draft, known: KnownPerson, id: string): boolean {
  known.account = undefined;
  known.domain = known.record = null;
  known.domainWas = known.recordWas = undefined;
  const current = currentMembership(known.of.memberships ?? []);
  if (current === null) {
    known.account = known.accountSummary = null;
    known.subject = { unit: 'person', id };
    return true;
  }
  if (current.source === 'link') return false;
  if (current.source !== 'domain') return keepAccount(draft, known, current.of);
  const domain = draft.notes.entry(`${draft.prefix}domain/${current.of}`);
  if (!domain) return false;
  const { account, claims } = domain.value as DomainRecord;
  const claimant = claims && claimantOf(claims);
  if (claimant ? !keepAccount(draft, known, claimant) : claims || account === undefined) return false;
  known.domain = domain;
  known.domainWas = domain.value;
  if (claimant) return true;
  // Nobody claimed it: then the account is as it was made.
  const made: AccountRecord = { source: 'domain', domain: current.of };
  known.account = account!;
  known.accountSummary = accountSummary(account!, made);
  known.subject = { unit: 'account', id: account! };
  return true;
}

function keepAccount(draft: Draft, known: KnownPerson, id: string): boolean {
  const record = draft.notes.entry(`${draft.prefix}account/${id}`);
  if (!record) return false;
  known.account = id;
  known.accountSummary = accountSummary(id, record.value as AccountRecord);
  known.subject = { unit: 'account', id };
  known.record = record;
  known.recordWas = record.value;
  return true;
}

/** Whether the two, known to be one person's, were seen together before; asks the record once for each two in turn. */
export function wereTogether(draft: Draft, person: PersonRecord, ids: readonly Identifier[]): boolean {
  const [one, other] = [ids[0]!.entry, ids[1]!.entry];
  const memo = one && nodeMemoOf(one);
  if (ids.length > 2 || draft.changes !== null || !memo || !other) return areTogether(person, ids);
  if (memo.besides === other && memo.togetherIn === person && memo.notes === draft.notes) return true;
  if (!areTogether(person, ids)) return false;
  memo.besides = other;
  memo.togetherIn = person;
  return true;
}
