import { attach, attachIdentifiers, keepEdge, reachesAnew, withReach } from './attach-identifiers.ts';
import { tellDecision } from './decisions.ts';
import type { Identifier } from './identifiers-of.ts';
import {
  namespaceOf,
  put,
  putNode,
  putPerson,
  read,
  readNode,
  readPerson,
  type Draft,
  type PersonRecord,
} from './identity-graph.ts';
import { mergePeople } from './merge-people.ts';
import { matchPeople, type Match } from './merge-policy.ts';
import { freePersonId } from './person-id.ts';
import { ruleOf } from './settings.ts';

/**
 * Finds or makes the person of a touchpoint: create, attach, merge or demote (DESIGN section 6, rules 2 to 4), with every change in
 * the draft. Deterministic: the same graph and identifiers give the same people.
 */
export interface Resolved {
  personId: string;
  /** `namespace:value` of the most durable identifier that counted. */
  stitchKey: string;
  /** Identifiers that belong to the person. */
  ids: readonly Identifier[];
}

/** `ids` is not empty, the most durable first. `bot`: what a bot shows makes no edges. */
export function resolvePerson(draft: Draft, ids: readonly Identifier[], bot: boolean): Resolved {
  const usable = usableOf(draft, ids);
  if (usable.length === 0) return resolveShared(draft, ids[0]!);
  const first = usable[0]!;
  if (bot && usable.length > 1) return resolvePerson(draft, [first], bot);
  const second = secondUniqueValue(usable);
  if (second) {
    const { namespace, value } = second;
    tellDecision(draft, {
      personId: null,
      decision: 'refused',
      namespace,
      value,
      reason: 'two-unique-values-in-one-touchpoint',
    });
    return resolvePerson(draft, [first], bot);
  }
  const match = matchPeople(draft, usable);
  const personId = personOf(draft, match);
  const attached = attachIdentifiers(draft, personId, match.kept);
  if (match.dropped.length) settleDropped(draft, match, personId, first);
  return { personId, stitchKey: first.key, ids: attached };
}

/** Shared and quarantined identifiers say nothing beside others. The common case copies nothing. */
function usableOf(draft: Draft, ids: readonly Identifier[]): readonly Identifier[] {
  for (const { key } of ids) {
    const node = readNode(draft, key);
    if (node?.shared || node?.quarantined) return ids.filter((other) => !isMute(draft, other.key));
  }
  return ids;
}

function isMute(draft: Draft, key: string): boolean {
  const node = readNode(draft, key);
  return node?.shared === true || node?.quarantined === true;
}

function secondUniqueValue(ids: readonly Identifier[]): Identifier | null {
  for (let i = 1; i < ids.length; i++)
    if (ids[i]!.rule.unique && ids.slice(0, i).some((other) => other.namespace === ids[i]!.namespace)) return ids[i]!;
  return null;
}

/** Nothing but shared identifiers: the anonymous person of the most durable one, the same each time. */
function resolveShared(draft: Draft, identifier: Identifier): Resolved {
  const node = readNode(draft, identifier.key)!;
  const personId = node.person ?? createPerson(draft, identifier.key);
  if (node.person === null) {
    putNode(draft, identifier.key, { ...node, person: personId });
    putPerson(draft, personId, { ...readPerson(draft, personId)!, ids: [identifier.key] }, true);
  }
  return { personId, stitchKey: identifier.key, ids: [identifier] };
}

function personOf(draft: Draft, { kept, people }: Match): string {
  const [oldest, ...others] = people;
  // The least durable identifier names the person: it is what an anonymous touchpoint that came first would have had.
  if (oldest === undefined) return createPerson(draft, kept[kept.length - 1]!.key);
  for (const absorbed of others) {
    const edge = kept.find(({ key }) => readNode(draft, key)?.person === absorbed)!;
    mergePeople(draft, oldest, absorbed, { namespace: edge.namespace, value: edge.value, touchpointId: draft.cause });
  }
  return oldest;
}

function createPerson(draft: Draft, key: string): string {
  const personId = freePersonId(draft, key);
  const order = read<number>(draft, 'people') ?? 0;
  put(draft, 'people', order + 1);
  putPerson(draft, personId, { order, createdAt: draft.now, version: 0, ids: [] } satisfies PersonRecord, true);
  return personId;
}

function settleDropped(draft: Draft, match: Match, personId: string, first: Identifier): void {
  const isNews = match.dropped.some(({ identifier }) => {
    const node = readNode(draft, identifier.key);
    return node !== undefined && reachesAnew(draft, node, first.key);
  });
  for (const { identifier, why } of match.dropped) {
    if (
      why === 'two-unique-values' &&
      isOfAnotherUser(draft, identifier, first) &&
      settleShared(draft, identifier, personId, first)
    )
      continue;
    const { key, namespace, value } = identifier;
    const node = readNode(draft, key);
    if (node && node.person !== personId) putNode(draft, key, withReach(draft, key, node, first.key));
    // The same pair again and again is told once a day.
    if (isNews) tellDecision(draft, { personId, decision: 'demoted', namespace, value, reason: why });
  }
}

/** A device's identifier that belongs to a person with another value of the unique namespace that this touchpoint holds. */
function isOfAnotherUser(draft: Draft, identifier: Identifier, first: Identifier): boolean {
  if (!identifier.rule.shareable || !first.rule.unique) return false;
  const owner = readNode(draft, identifier.key)?.person;
  const ownerIds = owner ? readPerson(draft, owner)!.ids : [];
  return ownerIds.some(
    (key) =>
      key !== first.key && namespaceOf(key) === first.namespace && ruleOf(draft.settings, first.namespace).unique,
  );
}

/** Returns whether the identifier's fate is settled; with `first` it stays where it was, like any demoted one. */
function settleShared(draft: Draft, identifier: Identifier, personId: string, first: Identifier): boolean {
  const { key, namespace, value } = identifier;
  const node = readNode(draft, key)!;
  const ownerId = node.person!;
  const owner = readPerson(draft, ownerId)!;
  switch (draft.settings.sharedDevices) {
    case 'first':
      return false;
    case 'last': {
      putPerson(draft, ownerId, { ...owner, ids: owner.ids.filter((other) => other !== key) }, true);
      const { edges: _ofTheFirst, ...rest } = node;
      putNode(draft, key, { ...rest, person: null });
      attach(draft, personId, readPerson(draft, personId)!, identifier);
      keepEdge(draft, first, identifier);
      break;
    }
    case 'isolate':
      putNode(draft, key, { ...node, person: null, shared: true });
      putPerson(draft, ownerId, owner, true);
      break;
  }
  tellDecision(draft, { personId, decision: 'shared', namespace, value, reason: 'seen-with-a-second-user' });
  return true;
}
