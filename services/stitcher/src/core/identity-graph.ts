import type { IdentityFile } from '@cairn/contracts/generated/identity.ts';
import type { StitchedFile, SubjectRef } from '@cairn/contracts/generated/stitched.ts';
import { DEFAULT_SETTINGS, type StitchSettings } from './settings.ts';

/**
 * The identity graph of a workspace as state entries, and a draft: the graph with the changes of one input laid over it.
 * Identifiers are nodes, each with its edges to the more durable ones it was seen with; a person is a component of nodes. Records
 * are never mutated: whoever changes one puts a new one.
 */
export interface GraphReader {
  get<T>(key: string): T | undefined;
}

/** `w/<workspace>/id/<namespace>:<value>`. Kept small: there are several for each person. */
export interface IdNode {
  /** The living person it belongs to; for a shared node the anonymous person of its own, null before it was seen alone. */
  person: string | null;
  /** Touchpoint time (epoch ms) at which it was first seen. */
  since: number;
  /** As first seen, where that differs from the value. */
  raw?: string;
  /** More durable identifiers (`namespace:value`) it was seen with, each with the touchpoint or command that made the edge. */
  edges?: readonly (readonly [string, string])[];
  shared?: true;
  quarantined?: true;
  /** Whom it reached on one day (number of days since 1970, log time), from the second on. */
  reach?: { day: number; of: readonly string[] };
}

/** `w/<workspace>/person/<id>` of a person who lives. */
export interface PersonRecord {
  /** Counts the workspace's people; the lower the older. Log order: no device clock disturbs it. */
  order: number;
  /** Log time, epoch ms. */
  createdAt: number;
  version: number;
  /** `namespace:value`, the most durable first, among equals in the order of attachment. */
  ids: readonly string[];
  traits?: Readonly<Record<string, unknown>>;
  /** Touchpoint time of each trait's value. */
  traitTimes?: Readonly<Record<string, number>>;
  memberships?: readonly MembershipRecord[];
  /** Accounts that a touchpoint named without making the person a member: they hold this person, too. */
  visited?: readonly string[];
  mergedFrom?: readonly string[];
  /** There are journeys of this person on its own; they are handed over when it has an account. */
  alone?: true;
}

/** What stays under the id of a person who was absorbed or erased. Holds nothing personal. */
export interface GonePerson {
  /** null: erased. */
  into: string | null;
  version: number;
  order: number;
  createdAt: number;
}

export interface MembershipRecord {
  source: 'link' | 'group' | 'crm' | 'domain';
  /** An account id; for `domain` the domain, whose account is looked up when asked for: it may change owners. */
  of: string;
  /** Epoch ms, touchpoint time. */
  from: number;
  to?: number;
  /** When it was declared again, where that decided which membership is the current one. */
  seen?: number;
}

/** `w/<workspace>/account/<id>`. */
export interface AccountRecord {
  source: 'group' | 'crm' | 'domain';
  groupId?: string;
  domain?: string;
  traits?: Readonly<Record<string, unknown>>;
  traitTimes?: Readonly<Record<string, number>>;
  mergedInto?: string;
}

/** `w/<workspace>/domain/<domain>`: who owns a company's e-mail domain. */
export interface DomainRecord {
  /** The account made for the domain itself, if there is one. */
  account?: string;
  /** Accounts that say the domain is theirs, or whose members write from it. */
  claims?: readonly (readonly [string, 'trait' | 'member'])[];
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
  const prefix = `w/${input.workspace}/`;
  const settings = graph.get<StitchSettings>(`${prefix}settings`) ?? defaults;
  const { workspace, now, at, cause } = input;
  const nothingYet = { changes: null, changedPeople: null, changedAccounts: null, merges: null };
  return { graph, workspace, prefix, settings, now, at, cause, ...nothingYet, notices: null, facts: null };
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
export const readAccount = (draft: Draft, id: string): AccountRecord | undefined => read(draft, `account/${id}`);
export const readDomain = (draft: Draft, domain: string): DomainRecord | undefined => read(draft, `domain/${domain}`);
export const readAnyone = (draft: Draft, id: string): PersonRecord | GonePerson | undefined =>
  read(draft, `person/${id}`);
export const putGone = (draft: Draft, id: string, gone: GonePerson): void => put(draft, `person/${id}`, gone);

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
  put(draft, `person/${id}`, person);
  if (visible) (draft.changedPeople ??= new Set()).add(id);
}

export function putAccount(draft: Draft, id: string, account: AccountRecord): void {
  put(draft, `account/${id}`, account);
  (draft.changedAccounts ??= new Set()).add(id);
}

export const namespaceOf = (key: string): string => key.slice(0, key.indexOf(':'));
export const valueOf = (key: string): string => key.slice(key.indexOf(':') + 1);
