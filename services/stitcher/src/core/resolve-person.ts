import { attachIdentifiers, attachWith } from './attach-identifiers.ts';
import { tellDecision } from './decisions.ts';
import { namespaceOf } from './identifier-key.ts';
import type { Identifier } from './identifiers-of.ts';
import {
  ownerOf,
  put,
  putNode,
  putPerson,
  read,
  readNode,
  readPerson,
  type Draft,
  type IdNode,
} from './identity-graph.ts';
import { wereTogether } from './known-person.ts';
import { mergePeople } from './merge-people.ts';
import { matchPeople, type Match } from './merge-policy.ts';
import { freePersonId } from './person-id.ts';
import { withId, withMark, withOnly, type PersonRecord } from './person-record.ts';
import { noteReach } from './quarantine.ts';
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
  const usable = usableOf(ids);
  if (usable.length === 0) return resolveShared(draft, ids[0]!);
  const first = usable[0]!;
  const known = knownTogether(draft, usable);
  if (known !== null) return { personId: known, stitchKey: first.key, ids: usable };
  if (bot && usable.length > 1) return resolvePerson(draft, [first], bot);
  const second = secondUniqueValue(usable);
  if (second) {
    const { namespace, value } = second;
    const resolved = resolvePerson(draft, [first], bot);
    const reason = 'two-unique-values-in-one-touchpoint';
    tellDecision(draft, { personId: resolved.personId, decision: 'refused', namespace, value, reason });
    return resolved;
  }
  const match = matchPeople(draft, usable);
  const personId = personOf(draft, match);
  const attached = attachIdentifiers(draft, personId, match.kept);
  if (match.dropped.length) settleDropped(draft, match, { personId, first, top: attached[0]! });
  return { personId, stitchKey: attached[0]!.key, ids: attached };
}

/** The one person that all of them are known to be, when they were seen together before: the common case, which changes nothing. */
function knownTogether(draft: Draft, ids: readonly Identifier[]): string | null {
  const person = ownerOf(ids[0]!.before);
  if (person === null || ids.length === 1) return person;
  for (const { before } of ids) if (ownerOf(before) !== person) return null;
  return wereTogether(draft, readPerson(draft, person)!, ids) ? person : null;
}

/** Shared and quarantined identifiers say nothing beside others. The common case copies nothing. */
function usableOf(ids: readonly Identifier[]): readonly Identifier[] {
  for (const { before } of ids)
    if (typeof before === 'object') return ids.filter((other) => typeof other.before !== 'object');
  return ids;
}

function secondUniqueValue(ids: readonly Identifier[]): Identifier | null {
  for (let i = 1; i < ids.length; i++)
    if (ids[i]!.rule.unique && ids.slice(0, i).some((other) => other.namespace === ids[i]!.namespace)) return ids[i]!;
  return null;
}

/** Nothing but shared (or quarantined) identifiers: the anonymous person of the most durable one, the same each time. */
function resolveShared(draft: Draft, identifier: Identifier): Resolved {
  const { key } = identifier;
  const node = identifier.before as Exclude<IdNode, string>;
  let personId = node.person;
  if (personId === null) {
    personId = createPerson(draft, key);
    putNode(draft, key, { ...node, person: personId });
    const person = withId(draft.settings, readPerson(draft, personId)!, key, null, draft.at);
    putPerson(draft, personId, withMark(person, key, node.state), true);
  }
  return { personId, stitchKey: key, ids: [identifier] };
}

function personOf(draft: Draft, { kept, people }: Match): string {
  const [oldest, ...others] = people;
  // The least durable identifier names the person: it is what an anonymous touchpoint that came first would have had.
  if (oldest === undefined) return createPerson(draft, kept[kept.length - 1]!.key);
  for (const absorbed of others) {
    tellBridge(draft, kept, oldest, absorbed);
    const edge = kept.find(({ before }) => ownerOf(before) === absorbed)!;
    mergePeople(draft, oldest, absorbed, { namespace: edge.namespace, value: edge.value, touchpointId: draft.cause });
  }
  return oldest;
}

/** A login that joins people who share nothing else may be a shared account: it is told, so that somebody can look and split. */
function tellBridge(draft: Draft, kept: readonly Identifier[], oneId: string, otherId: string): void {
  const login = kept.find(({ rule }) => rule.unique);
  const [one, other] = [readPerson(draft, oneId)!, readPerson(draft, otherId)!];
  if (!login || !isSomebody(draft, one) || !isSomebody(draft, other)) return;
  if (one.memberships?.some(({ of }) => other.memberships?.some((membership) => membership.of === of))) return;
  const { namespace, value } = login;
  const reason = 'joins-people-who-share-nothing-else';
  tellDecision(draft, { personId: oneId, decision: 'bridged', namespace, value, reason });
}

/** Known by more than logins and devices. */
function isSomebody(draft: Draft, person: PersonRecord): boolean {
  return person.ids.some((key) => {
    const rule = ruleOf(draft.settings, namespaceOf(key));
    return !rule.unique && !rule.shareable;
  });
}

function createPerson(draft: Draft, key: string): string {
  const personId = freePersonId(draft, key);
  const order = read<number>(draft, 'people') ?? 0;
  put(draft, 'people', order + 1);
  putPerson(
    draft,
    personId,
    { order, createdAt: draft.now, version: 0, ids: [], since: [] } satisfies PersonRecord,
    true,
  );
  return personId;
}

/** `first`: the most durable identifier of the touchpoint; `top`: of those that belong to the person. A cap may have kept them apart. */
interface Landed {
  personId: string;
  first: Identifier;
  top: Identifier;
}

function settleDropped(draft: Draft, match: Match, landed: Landed): void {
  const { personId, first } = landed;
  const demoted: { identifier: Identifier; why: string }[] = [];
  let isNews = false;
  for (const { identifier, why } of match.dropped) {
    // Its person may have been merged with this one through what was kept: then it came along.
    if (ownerNow(draft, identifier) === personId) continue;
    const isShared = why === 'two-unique-values' && isOfAnotherUser(draft, identifier, first);
    if (isShared && settleShared(draft, identifier, landed)) isNews = true;
    else {
      demoted.push({ identifier, why });
      if (noteReach(draft, identifier.key, first.key)) isNews = true;
    }
  }
  // The same identifiers again and again are told once a day.
  if (!isNews) return;
  for (const { identifier, why } of demoted) {
    const { namespace, value } = identifier;
    tellDecision(draft, { personId, decision: 'demoted', namespace, value, reason: why });
  }
}

const ownerNow = (draft: Draft, { key }: Identifier): string | null => ownerOf(readNode(draft, key));

/** A device's identifier that belongs to a person with another value of the unique namespace that this touchpoint holds. */
function isOfAnotherUser(draft: Draft, identifier: Identifier, first: Identifier): boolean {
  if (!identifier.rule.shareable || !first.rule.unique) return false;
  const owner = ownerNow(draft, identifier);
  const ids = owner === null ? [] : readPerson(draft, owner)!.ids;
  return ids.some((key) => key !== first.key && namespaceOf(key) === first.namespace);
}

/** Returns whether the identifier's fate is settled; with `first` it stays where it was, like any demoted one. */
function settleShared(draft: Draft, identifier: Identifier, { personId, top }: Landed): boolean {
  const { key, namespace, value } = identifier;
  const ownerId = ownerNow(draft, identifier)!;
  const owner = readPerson(draft, ownerId)!;
  switch (draft.settings.sharedDevices) {
    case 'first':
      return false;
    case 'last':
      putPerson(
        draft,
        ownerId,
        withOnly(owner, (other) => other !== key),
        true,
      );
      attachWith(draft, personId, identifier, top);
      break;
    case 'isolate':
      putNode(draft, key, { person: null, state: 'shared' });
      putPerson(draft, ownerId, withMark(owner, key, 'shared'), true);
      break;
  }
  tellDecision(draft, { personId, decision: 'shared', namespace, value, reason: 'seen-with-a-second-user' });
  return true;
}
