import { idOf } from '@cairn/contracts/ids.ts';
import { keyOf } from '@cairn/contracts/topics.ts';
import type { PersonErased } from '@cairn/contracts/generated/identity.ts';
import type { SubjectRef } from '@cairn/contracts/generated/stitched.ts';
import { forgetMembers } from './company-accounts.ts';
import { takeBackAbout, takeBackOf } from './decisions.ts';
import { identifierKey } from './identifier-key.ts';
import {
  ownerOf,
  put,
  putGone,
  putNode,
  readAnyone,
  readNode,
  readPerson,
  type Draft,
  type GonePerson,
} from './identity-graph.ts';
import { holdersOf } from './merge-people.ts';
import { mergedKey, type PersonRecord } from './person-record.ts';
import { wholePerson } from './summaries.ts';
import { hashOf, suppress } from './suppression.ts';

/**
 * Erases a person and everyone it absorbed from the graph. What stays is that the ids were used (no name, no identifier): a later
 * touchpoint with the same identifier is a new person with another id. Returns what a dry run lists, which changes nothing.
 */
export function erasePerson(
  draft: Draft,
  personId: string,
  options: { dryRun: boolean; suppress: boolean },
): readonly object[] {
  const person = readPerson(draft, personId)!;
  const { ids, mergedFrom } = wholePerson(draft, personId, person);
  if (options.dryRun) return [{ type: 'erase.dry-run', personId, absorbed: mergedFrom, ids }];
  for (const { namespace, value } of ids) {
    const key = identifierKey(namespace, value);
    // A shared identifier that goes on under another person is not this one's to erase.
    if (ownerOf(readNode(draft, key)) === personId) putNode(draft, key, null);
    put(draft, `reach/${key}`, null);
    takeBackAbout(draft, namespace, value);
  }
  // Not shared ones: others come with them, too.
  const unwanted = options.suppress ? person.ids.filter((key) => person.marks?.[key] === undefined) : [];
  if (options.suppress) suppress(draft, unwanted);
  const holders = everyHolder(draft, personId, person);
  for (const { source, of } of person.memberships ?? [])
    if (source === 'domain') forgetMembers(draft, of, new Set([personId, ...mergedFrom]));
  for (const key of person.told ?? []) tombstone(draft, keyOf.person(draft.workspace, key));
  for (const id of [personId, ...mergedFrom]) {
    takeBackOf(draft, id);
    const { version, order, createdAt } = readAnyone(draft, id)!;
    putGone(draft, id, { into: null, version: version + 1, order, createdAt } satisfies GonePerson);
    tombstone(draft, keyOf.person(draft.workspace, id));
    tombstone(draft, keyOf.person(draft.workspace, mergedKey(personId, id)));
  }
  const hashes = ids.map(({ namespace, value }) => hashOf(draft.workspace, identifierKey(namespace, value)));
  const suppressed = unwanted.map((key) => hashOf(draft.workspace, key));
  tellErased(draft, { personId, absorbed: mergedFrom, hashes, suppressed, holders });
  return [];
}

/** Besides those who hold it now: where journeys of its own, or of anyone absorbed, were handed over, their last records remain. */
function everyHolder(draft: Draft, personId: string, person: PersonRecord): SubjectRef[] {
  const holders = holdersOf(draft, personId, person);
  for (const id of [personId, ...(person.mergedFrom ?? [])])
    if (!holders.some((holder) => holder.id === id)) holders.push({ unit: 'person', id });
  return holders;
}

/** On a compacted topic: the newest of a key counts, so what was told under it is gone. */
function tombstone(draft: Draft, key: string): void {
  (draft.facts ??= []).push({ to: 'identities', key, message: null });
}

function tellErased(
  draft: Draft,
  {
    personId,
    absorbed,
    hashes,
    suppressed,
    holders,
  }: {
    personId: string;
    absorbed: readonly string[];
    hashes: string[];
    suppressed: string[];
    holders: ReturnType<typeof holdersOf>;
  },
): void {
  const { workspace, now: at, cause } = draft;
  const erased = { workspace, at, personId, absorbed: [...absorbed], cause };
  const fact: PersonErased = {
    type: 'person.erased',
    factId: idOf('fct', workspace, 'person.erased', personId, cause),
    ...erased,
    hashes,
    ...(suppressed.length ? { suppressed } : {}),
  };
  (draft.facts ??= []).push({ to: 'identities', key: `${keyOf.person(workspace, personId)}/erased`, message: fact });
  for (const subject of holders)
    (draft.notices ??= []).push({
      to: 'subject',
      subjectId: subject.id,
      message: { type: 'person.erased', ...erased, ...(suppressed.length ? { suppressed } : {}), subject },
    });
}
