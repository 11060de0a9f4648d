import type { SubjectRef } from '@cairn/contracts/generated/stitched.ts';
import { ownerOfMembership } from './account-membership.ts';
import { holdersOfDomain } from './company-accounts.ts';
import { newestTold } from './decisions.ts';
import {
  isGone,
  ownerOf,
  putGone,
  putNode,
  putPerson,
  readAccount,
  readAnyone,
  readNode,
  readPerson,
  type Draft,
  type DraftMerge,
} from './identity-graph.ts';
import { mergedMemberships } from './memberships.ts';

import { mergedKey, spelledOut, unitedIds, type PersonRecord } from './person-record.ts';
import { withSources } from './person-traits.ts';
import { mergedTraits } from './traits.ts';
import { withFallen } from './visited-accounts.ts';

/**
 * Carries a merge out: the survivor takes the identifiers, traits, memberships and history of the absorbed, whose id stays behind as
 * a pointer of depth 1. Whether to merge is decided elsewhere. O(identifiers of the absorbed).
 */
export function mergePeople(draft: Draft, survivorId: string, absorbedId: string, edge: DraftMerge['edge']): void {
  const survivor = readPerson(draft, survivorId)!;
  const absorbed = readPerson(draft, absorbedId)!;
  for (const key of absorbed.ids) {
    const node = absorbed.marks?.[key] ? readNode(draft, key) : absorbedId;
    // A shared identifier stays listed where it was first seen, but belongs to a person of its own.
    if (ownerOf(node) !== absorbedId) continue;
    putNode(draft, key, typeof node === 'object' ? { ...node, person: survivorId } : survivorId);
  }
  (draft.merges ??= []).push({
    from: absorbedId,
    into: survivorId,
    edge,
    subjects: holdersOf(draft, absorbedId, absorbed),
    wasAlone: absorbed.alone === true,
  });
  for (const earlier of absorbed.mergedFrom ?? []) pointTo(draft, earlier, survivorId);
  putPerson(draft, survivorId, unite(draft, survivor, absorbed, absorbedId), true);
  const { version, order, createdAt } = absorbed;
  putGone(draft, absorbedId, { into: survivorId, version, order, createdAt });
  draft.changedPeople!.add(absorbedId);
}

function unite(draft: Draft, survivor: PersonRecord, absorbed: PersonRecord, absorbedId: string): PersonRecord {
  const { settings } = draft;
  const createdAt = Math.min(survivor.createdAt, absorbed.createdAt);
  const [own, theirs] = [spelledOut(survivor), spelledOut(absorbed)];
  const memberships = mergedMemberships(own.memberships ?? [], theirs.memberships ?? []);
  // Merges of the absorbed stand under its own key.
  const told = new Set([...(survivor.told ?? []), ...(absorbed.told ?? [])]);
  for (const earlier of absorbed.mergedFrom ?? []) told.add(mergedKey(absorbedId, earlier));
  const visited = [...new Set([...(survivor.visited ?? []), ...(absorbed.visited ?? [])])];
  const united: PersonRecord = {
    // Its own, also where somebody older was merged into it by hand: after a split the two are as old as they were, and never equally old.
    order: survivor.order,
    createdAt,
    version: Math.max(survivor.version, absorbed.version),
    ...unitedIds(settings, survivor, absorbed, createdAt),
    ...mergedTraits(survivor, absorbed, settings.traitsOnMerge),
    ...(memberships.length ? { memberships } : {}),
    ...(visited.length ? { visited } : {}),
    mergedFrom: [...(survivor.mergedFrom ?? []), absorbedId, ...(absorbed.mergedFrom ?? [])],
    ...(told.size ? { told: newestTold(draft, [...told]) } : {}),
    ...(survivor.alone ? { alone: true } : {}),
  };
  const all = [...(own.memberships ?? []), ...(theirs.memberships ?? [])];
  const complete = withFallen(united, all, (one) => ownerOfMembership(draft, one));
  return withSources(complete, { ...theirs.sources, ...own.sources });
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
  // A domain's own account may have been taken over since: what it held is with the one that did.
  const accounts = new Set((person.visited ?? []).map((id) => readAccount(draft, id)?.mergedInto ?? id));
  for (const membership of person.memberships ?? []) {
    const owner = ownerOfMembership(draft, membership);
    if (owner !== null) accounts.add(owner);
    if (membership.source === 'domain') for (const id of holdersOfDomain(draft, membership.of)) accounts.add(id);
  }
  const holders: SubjectRef[] = [...accounts].map((id) => ({ unit: 'account', id }));
  if (person.alone) holders.push({ unit: 'person', id: personId });
  return holders;
}
