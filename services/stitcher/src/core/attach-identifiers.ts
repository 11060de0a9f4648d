import { tellDecision } from './decisions.ts';
import type { Identifier } from './identifiers-of.ts';
import {
  namespaceOf,
  putNode,
  putPerson,
  readNode,
  readPerson,
  type Draft,
  type IdNode,
  type PersonRecord,
} from './identity-graph.ts';
import { byDurability } from './merge-people.ts';

/**
 * Attaches new identifiers to a person within the limits, and keeps the edges between those that were seen together: what a later
 * split cuts. Nothing changes where everything was known.
 */

/** Returns the identifiers that belong to the person now, those that were known included. */
export function attachIdentifiers(draft: Draft, personId: string, ids: readonly Identifier[]): readonly Identifier[] {
  let attached = ids;
  for (const identifier of ids) {
    if (readNode(draft, identifier.key)?.person) continue;
    const person = readPerson(draft, personId)!;
    const over = limitPassed(draft, person, identifier);
    if (over) {
      const { namespace, value } = identifier;
      tellDecision(draft, { personId, decision: 'limited', namespace, value, reason: over });
      attached = attached.filter((other) => other !== identifier);
    } else attach(draft, personId, person, identifier);
  }
  if (attached.length > 1) keepEdges(draft, attached);
  return attached;
}

export function attach(draft: Draft, personId: string, person: PersonRecord, identifier: Identifier): void {
  const { key, raw, value } = identifier;
  const node = readNode(draft, key);
  putNode(draft, key, { ...node, person: personId, since: draft.at, ...(raw === value ? {} : { raw }) });
  const ids = person.ids.includes(key) ? person.ids : byDurability(draft.settings, [...person.ids, key]);
  putPerson(draft, personId, { ...person, ids }, true);
}

/** Limits count what was attached, also over merges; a merge itself is never stopped by them. */
function limitPassed(draft: Draft, person: PersonRecord, identifier: Identifier): string | null {
  if (person.ids.length >= draft.settings.maxIdsPerPerson) return 'too-many-ids';
  const { namespace, rule } = identifier;
  let count = 0;
  for (const key of person.ids) if (namespaceOf(key) === namespace && isInWindow(draft, key, rule.windowMs)) count++;
  return count >= rule.limit ? (rule.windowMs === null ? 'limit' : 'limit-in-window') : null;
}

function isInWindow(draft: Draft, key: string, windowMs: number | null): boolean {
  return windowMs === null || Math.abs((readNode(draft, key)?.since ?? 0) - draft.at) < windowMs;
}

function keepEdges(draft: Draft, ids: readonly Identifier[]): void {
  for (let low = 1; low < ids.length; low++)
    for (let high = 0; high < low; high++) keepEdge(draft, ids[high]!, ids[low]!);
}

/** The less durable of two keeps the edge: a userId may have a thousand devices, a device rarely has two userIds. */
export function keepEdge(draft: Draft, one: Identifier, other: Identifier): void {
  const swap = one.rule.priority === other.rule.priority && one.key > other.key;
  const high = swap ? other.key : one.key;
  const low = swap ? one.key : other.key;
  const node = readNode(draft, low)!;
  if (node.edges) for (const edge of node.edges) if (edge[0] === high) return;
  const grown: IdNode = { ...node, edges: [...(node.edges ?? []), [high, draft.cause]] };
  putNode(draft, low, node.edges ? withReach(draft, low, grown, high) : grown);
}

const DAY_MS = 86_400_000;

/** The identifier has reached somebody it was not known to reach today; over the limit it is quarantined. */
export function withReach(draft: Draft, key: string, node: IdNode, whom: string): IdNode {
  if (!reachesAnew(draft, node, whom)) return node;
  const day = dayOf(draft);
  const reach = { day, of: [...(node.reach?.day === day ? node.reach.of : []), whom] };
  // The first it ever reached is not in the list.
  if (reach.of.length < draft.settings.quarantineAbove) return { ...node, reach };
  const namespace = namespaceOf(key);
  const value = key.slice(namespace.length + 1);
  tellDecision(draft, {
    personId: node.person,
    decision: 'quarantined',
    namespace,
    value,
    reason: 'reached-too-many-people',
  });
  const { reach: _noLongerCounted, ...rest } = node;
  return { ...rest, quarantined: true };
}

export function reachesAnew(draft: Draft, node: IdNode, whom: string): boolean {
  if (node.quarantined) return false;
  return node.reach?.day !== dayOf(draft) || !node.reach.of.includes(whom);
}

const dayOf = (draft: Draft): number => Math.floor(draft.now / DAY_MS);
