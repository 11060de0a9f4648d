import { createHash } from 'node:crypto';
import type { PlainClaim, PlainMembership } from './plain-accounts.ts';
import { namespaceOf, priorityOf } from './plain-identifiers.ts';

/**
 * For the oracle alone (`plain-identities.ts`): one workspace's people as lists, and what can happen to them. Everything is found by
 * looking through all of it; nothing is kept that could be worked out.
 */
export interface PlainPerson {
  id: string;
  /** The lower the older. */
  order: number;
  /** The most durable first, among equals the first attached. A shared identifier stays listed where it was seen first. */
  ids: { key: string; since: number }[];
  memberships: PlainMembership[];
  mergedFrom: string[];
  /** Who absorbed it; `erased`; null: it lives. */
  gone: string | null;
}

export interface PlainGraph {
  workspace: string;
  people: PlainPerson[];
  /** How many people there ever were: the age of the next. */
  born: number;
  /** Identifiers that were seen together. */
  edges: string[][];
  /** Identifiers that say nothing beside others, and the person whom each means alone. */
  apart: Map<string, { person: string | null; state: 'shared' | 'quarantined' }>;
  /** Whom an identifier reached on one day, besides the first. */
  reached: { key: string; day: number; whom: string[] }[];
  claims: PlainClaim[];
  accounts: Set<string>;
  /** The person who owns each touchpoint, the identifier that says so, and whom it was of before anybody was merged. */
  touchpoints: { id: string; stitchKey: string; person: string | null; first: string | null }[];
  settings: { sharedDevices: string; maxIdsPerPerson: number; maxMergesPerPerson: number; quarantineAbove: number };
  /** Command id → whether it was carried out. */
  answers: Map<string, boolean>;
}

export const ERASED = 'erased';

export const createPlainGraph = (workspace: string): PlainGraph => ({
  workspace,
  people: [],
  born: 0,
  edges: [],
  apart: new Map(),
  reached: [],
  claims: [],
  accounts: new Set(),
  touchpoints: [],
  settings: { sharedDevices: 'isolate', maxIdsPerPerson: 1_000, maxMergesPerPerson: 100, quarantineAbove: 20 },
  answers: new Map(),
});

export const living = (graph: PlainGraph): PlainPerson[] => graph.people.filter(({ gone }) => gone === null);

export const personOf = (graph: PlainGraph, id: string): PlainPerson => graph.people.find((one) => one.id === id)!;

/** The living person whom the identifier means. */
export function holderOf(graph: PlainGraph, key: string): string | null {
  const apart = graph.apart.get(key);
  if (apart) return apart.person;
  return living(graph).find(({ ids }) => ids.some((id) => id.key === key))?.id ?? null;
}

/** uuidv5 of workspace, identifier and incarnation, in Cairn's namespace. */
export function personId(workspace: string, key: string, incarnation: number): string {
  const digest = createHash('sha1')
    .update('6f0c3c5e4f1d4c0b9a4e7a1b2d9c8e10', 'hex')
    .update(JSON.stringify([workspace, key, incarnation]))
    .digest('hex');
  const variant = ((parseInt(digest[16]!, 16) & 3) | 8).toString(16);
  return `${digest.slice(0, 8)}-${digest.slice(8, 12)}-5${digest.slice(13, 16)}-${variant}${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
}

export function freeId(graph: PlainGraph, key: string): string {
  for (let incarnation = 0; ; incarnation++) {
    const id = personId(graph.workspace, key, incarnation);
    if (!graph.people.some((person) => person.id === id)) return id;
  }
}

export function bear(graph: PlainGraph, id: string): PlainPerson {
  const person = { id, order: graph.born++, ids: [], memberships: [], mergedFrom: [], gone: null };
  graph.people.push(person);
  return person;
}

export function give(person: PlainPerson, key: string, since: number): void {
  person.ids = [...person.ids, { key, since }].sort((a, b) => priorityOf(a.key) - priorityOf(b.key));
}

/** Whether each two of them are on one edge. */
export function areTogether(graph: PlainGraph, keys: readonly string[]): boolean {
  return keys.every((one) =>
    keys.every((other) => one === other || graph.edges.some((edge) => edge.includes(one) && edge.includes(other))),
  );
}

export function wouldHoldTwoUsers(keys: readonly string[]): boolean {
  return new Set(keys.filter((key) => namespaceOf(key) === 'userId')).size > 1;
}

export function wouldPassCap({ settings }: PlainGraph, people: readonly PlainPerson[]): boolean {
  const ids = people.reduce((sum, person) => sum + person.ids.length, 0);
  const merges = people.reduce((sum, person) => sum + person.mergedFrom.length, people.length - 1);
  return ids > settings.maxIdsPerPerson || merges > settings.maxMergesPerPerson;
}

export function absorb(graph: PlainGraph, survivor: PlainPerson, absorbed: PlainPerson): void {
  for (const { key, since } of absorbed.ids) {
    const known = survivor.ids.find((one) => one.key === key);
    if (known) known.since = Math.min(known.since, since);
    else give(survivor, key, since);
  }
  for (const [key, apart] of graph.apart)
    if (apart.person === absorbed.id) graph.apart.set(key, { ...apart, person: survivor.id });
  survivor.memberships = [...survivor.memberships, ...absorbed.memberships];
  survivor.mergedFrom = [...survivor.mergedFrom, absorbed.id, ...absorbed.mergedFrom];
  for (const person of graph.people) if (person.gone === absorbed.id) person.gone = survivor.id;
  for (const touchpoint of graph.touchpoints) if (touchpoint.person === absorbed.id) touchpoint.person = survivor.id;
  Object.assign(absorbed, { gone: survivor.id, ids: [], memberships: [], mergedFrom: [] });
}

export function forgetEdgesOf(graph: PlainGraph, keys: readonly string[]): void {
  graph.edges = graph.edges.map((edge) => edge.filter((key) => !keys.includes(key))).filter(({ length }) => length > 1);
}
