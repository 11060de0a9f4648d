import type { IdentityFile } from '@cairn/contracts/generated/identity.ts';
import type { StitchedFile, SubjectRef } from '@cairn/contracts/generated/stitched.ts';
import { notesOf, type GraphEntry, type WorkspaceNotes } from './graph-notes.ts';
import type { KnownPerson } from './known-person.ts';
import type { PersonRecord } from './person-record.ts';
import { DEFAULT_SETTINGS, type StitchSettings } from './settings.ts';

/**
 * The identity graph of a workspace as state entries, and a draft: the graph with the changes of one input laid over it.
 * Identifiers are nodes, each with its edges to the more durable ones it was seen with; a person is a component of nodes. Records
 * are never mutated: whoever changes one puts a new one.
 */
export interface GraphReader {
  get<T>(key: string): T | undefined;
  /** The key's place in memory, where the graph has such; undefined: absent. See `graph-notes.ts`. */
  entry?(key: string): GraphEntry | undefined;
  /** Empty again whenever entries that were given out may no longer be the graph's. */
  readonly notes?: Map<string, unknown>;
}

/**
 * `w/<workspace>/id/<namespace>:<value>`: the living person it belongs to. Kept small: there are several for each person. A shared
 * one belongs to an anonymous person of its own (null before it was seen alone); a quarantined one still leads to its person, but
 * merges nobody any more.
 */
export type IdNode = string | { person: string | null; state: 'shared' | 'quarantined' };

export const ownerOf = (node: IdNode | undefined): string | null =>
  typeof node === 'object' ? node.person : (node ?? null);
export const isShared = (node: IdNode | undefined): boolean => typeof node === 'object' && node.state === 'shared';

/** What stays under the id of a person who was absorbed or erased. Holds nothing personal. */
export interface GonePerson {
  /** null: erased. */
  into: string | null;
  version: number;
  order: number;
  createdAt: number;
}

/** `w/<workspace>/account/<id>`. */
export interface AccountRecord {
  source: 'group' | 'crm' | 'domain';
  groupId?: string;
  domain?: string;
  traits?: Readonly<Record<string, unknown>>;
  traitTimes?: Readonly<Record<string, number>> | number;
  mergedInto?: string;
}

/** `w/<workspace>/domain/<domain>`: who owns a company's e-mail domain. */
export interface DomainRecord {
  /** The account made for the domain itself, if there is one. */
  account?: string;
  claims?: readonly DomainClaim[];
}

/** An account that says the domain is its own, or whose members write from it. */
export interface DomainClaim {
  account: string;
  kind: 'trait' | 'member';
  /** The first few members it rests on: when they turn out to be others (a split), the claim goes. */
  members?: readonly string[];
}

export type StitchOutput =
  /** To `journey-inbox`, the partition of the subject. */
  | { to: 'subject'; subjectId: string; message: StitchedFile }
  /** To `identities`, the partition of the workspace. null: a tombstone. */
  | { to: 'identities'; key: string; message: IdentityFile | null };

/** What a merge did, told at the end of the input, when the version is known. */
export interface DraftMerge {
  from: string;
  into: string;
  edge: { namespace: string; value: string; touchpointId: string | null };
  /** Those who hold the absorbed person. */
  subjects: readonly SubjectRef[];
  /** The absorbed person had journeys on its own. */
  wasAlone: boolean;
}

export interface Draft {
  readonly graph: GraphReader;
  readonly notes: WorkspaceNotes;
  readonly workspace: string;
  readonly prefix: string;
  readonly settings: StitchSettings;
  /** Log time, epoch ms. */
  readonly now: number;
  /** Touchpoint time, epoch ms; for a command its log time. */
  readonly at: number;
  /** Touchpoint or command id. */
  readonly cause: string;
  changes: Map<string, unknown> | null;
  /** The person read or put last: one input asks for the same one again and again, and a look-up costs half a microsecond. */
  lastPersonId: string | null;
  lastPerson: PersonRecord | GonePerson | undefined;
  /** And the one before: two who may become one are asked for in turn. */
  otherPersonId: string | null;
  otherPerson: PersonRecord | GonePerson | undefined;
  /** Of the person whom the touchpoint's first identifier leads to, while nothing has changed. */
  known: KnownPerson | null;
  lastAccountId: string | null;
  lastAccount: AccountRecord | undefined;
  /** Whose facts have to be told. */
  changedPeople: Set<string> | null;
  changedAccounts: Set<string> | null;
  merges: DraftMerge[] | null;
  notices: StitchOutput[] | null;
  facts: StitchOutput[] | null;
}

export function draftOf(
  graph: GraphReader,
  input: Pick<Draft, 'workspace' | 'now' | 'at' | 'cause'>,
  defaults: StitchSettings = DEFAULT_SETTINGS,
): Draft {
  const notes = notesOf(graph, input.workspace);
  return {
    graph,
    notes,
    workspace: input.workspace,
    prefix: notes.prefix,
    settings: graph.get<StitchSettings>(notes.settingsKey) ?? defaults,
    now: input.now,
    at: input.at,
    cause: input.cause,
    changes: null,
    lastPersonId: null,
    lastPerson: undefined,
    otherPersonId: null,
    otherPerson: undefined,
    known: null,
    lastAccountId: null,
    lastAccount: undefined,
    changedPeople: null,
    changedAccounts: null,
    merges: null,
    notices: null,
    facts: null,
  };
}

export function read<T>(draft: Draft, key: string): T | undefined {
  const fullKey = draft.prefix + key;
  if (draft.changes?.has(fullKey)) return (draft.changes.get(fullKey) ?? undefined) as T | undefined;
  return draft.graph.get<T>(fullKey);
}

/** null removes the entry. */
export function put(draft: Draft, key: string, value: unknown): void {
  (draft.changes ??= new Map()).set(draft.prefix + key, value);
}

export const readNode = (draft: Draft, key: string): IdNode | undefined => read<IdNode>(draft, `id/${key}`);
export const putNode = (draft: Draft, key: string, node: IdNode | null): void => put(draft, `id/${key}`, node);
export const readDomain = (draft: Draft, domain: string): DomainRecord | undefined => read(draft, `domain/${domain}`);
export function readAnyone(draft: Draft, id: string): PersonRecord | GonePerson | undefined {
  if (draft.lastPersonId === id) return draft.lastPerson;
  if (draft.otherPersonId === id) return draft.otherPerson;
  draft.otherPersonId = draft.lastPersonId;
  draft.otherPerson = draft.lastPerson;
  draft.lastPersonId = id;
  return (draft.lastPerson = read(draft, `person/${id}`));
}

/** Whoever lives or lived under the id, as it is from now on. */
export function putAnyone(draft: Draft, id: string, record: PersonRecord | GonePerson): void {
  put(draft, `person/${id}`, record);
  if (draft.lastPersonId !== id) {
    draft.otherPersonId = draft.lastPersonId;
    draft.otherPerson = draft.lastPerson;
  }
  draft.lastPersonId = id;
  draft.lastPerson = record;
}

export const putGone = (draft: Draft, id: string, gone: GonePerson): void => putAnyone(draft, id, gone);

export function isGone(record: PersonRecord | GonePerson): record is GonePerson {
  return (record as GonePerson).into !== undefined;
}

/** The person who lives under exactly this id. */
export function readPerson(draft: Draft, id: string): PersonRecord | undefined {
  const record = readAnyone(draft, id);
  return record && !isGone(record) ? record : undefined;
}

/** `visible` changes are told in `identities`, with a version that rises. */
export function putPerson(draft: Draft, id: string, person: PersonRecord, visible: boolean): void {
  putAnyone(draft, id, person);
  if (visible) (draft.changedPeople ??= new Set()).add(id);
}

export function readAccount(draft: Draft, id: string): AccountRecord | undefined {
  if (draft.lastAccountId === id) return draft.lastAccount;
  const account = read<AccountRecord>(draft, `account/${id}`);
  noteAccount(draft, id, account);
  return account;
}

/** What is known of an account without a look-up. */
export function noteAccount(draft: Draft, id: string, account: AccountRecord | undefined): void {
  draft.lastAccountId = id;
  draft.lastAccount = account;
}

/** `visible` changes are told in `identities`. */
export function putAccount(draft: Draft, id: string, account: AccountRecord, visible = true): void {
  put(draft, `account/${id}`, account);
  noteAccount(draft, id, account);
  if (!visible) return;
  (draft.changedAccounts ??= new Set()).add(id);
}
