import type { SubjectRef } from '@cairn/contracts/generated/stitched.ts';
import { mergedMemberships, ownerOfMembership } from './account-membership.ts';
import {
  isGone,
  namespaceOf,
  putGone,
  putNode,
  putPerson,
  readAnyone,
  readNode,
  readPerson,
  type Draft,
  type DraftMerge,
  type PersonRecord,
} from './identity-graph.ts';
import { ruleOf, type StitchSettings } from './settings.ts';
import { mergedTraits } from './traits.ts';

/**
 * Carries a merge out: the survivor takes the identifiers, traits, memberships and history of the absorbed, whose id stays behind as
 * a pointer of depth 1. Whether to merge is decided elsewhere. O(identifiers of the absorbed).
 */
export function mergePeople(draft: Draft, survivorId: string, absorbedId: string, edge: DraftMerge['edge']): void {
  const survivor = readPerson(draft, survivorId)!;
  const absorbed = readPerson(draft, absorbedId)!;
  for (const key of absorbed.ids) {
    const node = readNode(draft, key)!;
    // A shared identifier stays listed where it was first seen, but belongs to a person of its own.
    if (node.person === absorbedId) putNode(draft, key, { ...node, person: survivorId });
  }
  (draft.merges ??= []).push({
    from: absorbedId,
    into: survivorId,
    edge,
    subjects: holdersOf(draft, absorbedId, absorbed),
    wasAlone: absorbed.alone === true,
  });
  for (const earlier of absorbed.mergedFrom ?? []) pointTo(draft, earlier, survivorId);
  putPerson(draft, survivorId, unite(draft.settings, survivor, absorbed, absorbedId), true);
  const { version, order, createdAt } = absorbed;
  putGone(draft, absorbedId, { into: survivorId, version, order, createdAt });
  draft.changedPeople!.add(absorbedId);
}

function unite(
  settings: StitchSettings,
  survivor: PersonRecord,
  absorbed: PersonRecord,
  absorbedId: string,
): PersonRecord {
  const memberships = mergedMemberships(survivor.memberships, absorbed.memberships);
  const visited = [...new Set([...(survivor.visited ?? []), ...(absorbed.visited ?? [])])];
  return {
    order: Math.min(survivor.order, absorbed.order),
    createdAt: Math.min(survivor.createdAt, absorbed.createdAt),
    version: Math.max(survivor.version, absorbed.version),
    ids: byDurability(settings, [...new Set([...survivor.ids, ...absorbed.ids])]),
    ...mergedTraits(survivor, absorbed, settings.traitsOnMerge),
    ...(memberships.length ? { memberships } : {}),
    ...(visited.length ? { visited } : {}),
    mergedFrom: [...(survivor.mergedFrom ?? []), absorbedId, ...(absorbed.mergedFrom ?? [])],
    ...(survivor.alone ? { alone: true } : {}),
  };
}

/** Absorbed earlier, now by somebody who was absorbed too: pointers keep the depth of 1. */
function pointTo(draft: Draft, goneId: string, survivorId: string): void {
  const gone = readAnyone(draft, goneId);
  if (!gone || !isGone(gone) || gone.into === null) return;
  putGone(draft, goneId, { ...gone, into: survivorId });
  (draft.changedPeople ??= new Set()).add(goneId);
}

/** Every subject whose journeys may name the person. */
export function holdersOf(draft: Draft, personId: string, person: PersonRecord): SubjectRef[] {
  const accounts = new Set(person.visited);
  for (const membership of person.memberships ?? []) {
    const owner = ownerOfMembership(draft, membership);
    if (owner !== null) accounts.add(owner);
  }
  const holders: SubjectRef[] = [...accounts].map((id) => ({ unit: 'account', id }));
  if (person.alone) holders.push({ unit: 'person', id: personId });
  return holders;
}

/** The most durable first; among equals the order given. */
export function byDurability(settings: StitchSettings, keys: readonly string[]): readonly string[] {
  if (keys.length < 2) return keys;
  const ranked = keys.map((key) => ({ key, priority: ruleOf(settings, namespaceOf(key)).priority }));
  ranked.sort((a, b) => a.priority - b.priority);
  return ranked.map(({ key }) => key);
}
