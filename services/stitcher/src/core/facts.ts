import { idOf } from '@cairn/contracts/ids.ts';
import { keyOf } from '@cairn/contracts/topics.ts';
import type { PersonMerged } from '@cairn/contracts/generated/identity.ts';
import type { SubjectRef } from '@cairn/contracts/generated/stitched.ts';
import { subjectOf } from './account-membership.ts';
import {
  isGone,
  putAnyone,
  putPerson,
  readAccount,
  readAnyone,
  readPerson,
  type Draft,
  type DraftMerge,
  type GonePerson,
  type StitchOutput,
} from './identity-graph.ts';
import { mergedKey } from './person-record.ts';
import { accountSummary, personSummary, wholePerson } from './summaries.ts';

/**
 * Turns what a draft changed into messages, once, at the end of an input: notices to subjects before the touchpoint that caused
 * them, facts for `identities`. `identities` is compacted, so each kind of fact has a key of its own and none hides another.
 */

/**
 * Raises the versions of changed people and returns everything to tell: merges, hand-overs, `last` (the touchpoint), facts.
 * `touched`: the person whose subject may be another than last time although nothing of its own changed.
 */
export function tellAll(draft: Draft, touched: string | null, last: StitchOutput | null): StitchOutput[] {
  // The common case: nothing has changed, nobody is handed over.
  if (
    last &&
    draft.changes === null &&
    draft.notices === null &&
    draft.facts === null &&
    !(touched !== null && isAlone(draft, touched))
  )
    return [last];
  const handedOver = draft.changedPeople || touched !== null ? handOvers(draft, touched) : null;
  const people = draft.changedPeople ? tellPeople(draft) : null;
  const outputs: StitchOutput[] = [];
  const facts: StitchOutput[] = [];
  for (const merge of draft.merges ?? []) {
    outputs.push(...mergeNotices(draft, merge));
    facts.push(mergeFact(draft, merge));
  }
  if (handedOver) outputs.push(...handedOver);
  if (draft.notices) outputs.push(...draft.notices);
  if (last) outputs.push(last);
  outputs.push(...facts);
  if (people) outputs.push(...people);
  for (const id of draft.changedAccounts ?? []) outputs.push(accountChanged(draft, id));
  if (draft.facts) outputs.push(...draft.facts);
  return outputs;
}

const isAlone = (draft: Draft, id: string): boolean => readPerson(draft, id)?.alone === true;

function tellPeople(draft: Draft): StitchOutput[] {
  const told: StitchOutput[] = [];
  for (const id of draft.changedPeople!) {
    const record = readAnyone(draft, id);
    if (!record) continue;
    const risen = { ...record, version: record.version + 1 };
    putAnyone(draft, id, risen);
    const person = isGone(risen) ? gonePerson(draft, id, risen) : wholePerson(draft, id, risen);
    const { workspace, now: at, cause } = draft;
    told.push({
      to: 'identities',
      key: keyOf.person(workspace, id),
      message: { type: 'person.changed', workspace, at, person, cause },
    });
  }
  return told;
}

function gonePerson(draft: Draft, id: string, gone: GonePerson): ReturnType<typeof wholePerson> {
  const { into: mergedInto, version, createdAt } = gone;
  const nothing = { ids: [], edges: [], traits: {}, name: null, accounts: [], mergedFrom: [] };
  return { id, workspace: draft.workspace, ...nothing, createdAt, mergedInto, version };
}

function mergeFact(draft: Draft, merge: DraftMerge): StitchOutput {
  const { workspace, now: at, cause } = draft;
  // A later merge of the same input may have absorbed the survivor.
  const survivor = readPerson(draft, merge.into);
  const fact: PersonMerged = {
    type: 'person.merged',
    factId: idOf('fct', workspace, 'person.merged', merge.from, merge.into, cause),
    workspace,
    at,
    from: merge.from,
    into: merge.into,
    absorbed: [...(survivor?.mergedFrom ?? [merge.from])],
    version: survivor?.version ?? 0,
    edge: merge.edge,
    cause,
  };
  return { to: 'identities', key: keyOf.person(workspace, mergedKey(merge.into, merge.from)), message: fact };
}

/** Before any hand-over, so that the state that is handed over carries the survivor already. */
function mergeNotices(draft: Draft, merge: DraftMerge): StitchOutput[] {
  const survivor = readPerson(draft, merge.into);
  if (!survivor) return [];
  const { workspace, now: at, cause } = draft;
  const person = personSummary(merge.into, survivor);
  return merge.subjects.map((subject) => ({
    to: 'subject',
    subjectId: subject.id,
    message: { type: 'person.merged', workspace, at, from: merge.from, into: merge.into, person, subject, cause },
  }));
}

/** Journeys of a person on its own go to whoever is its subject now; those of an account stay where they were made. */
function handOvers(draft: Draft, touched: string | null): StitchOutput[] {
  const outputs: StitchOutput[] = [];
  for (const { from, into, wasAlone } of draft.merges ?? []) {
    if (!wasAlone) continue;
    const survivor = readPerson(draft, into)!;
    const subject = subjectOf(draft, into, survivor);
    outputs.push(handOver(draft, from, subject, into));
    if (subject.unit === 'person' && !survivor.alone) putPerson(draft, into, { ...survivor, alone: true }, false);
  }
  const concerned = new Set(draft.changedPeople);
  if (touched !== null) concerned.add(touched);
  for (const id of concerned) {
    const person = readPerson(draft, id);
    if (!person?.alone) continue;
    const subject = subjectOf(draft, id, person);
    if (subject.unit === 'person') continue;
    const { alone: _handedOver, ...rest } = person;
    // Told, even where only the owner of its company's domain has changed: its accounts are others now.
    putPerson(draft, id, rest, true);
    outputs.push(handOver(draft, id, subject, id));
  }
  return outputs;
}

function handOver(draft: Draft, personId: string, into: SubjectRef, livingId: string): StitchOutput {
  const { workspace, now: at, cause } = draft;
  const from: SubjectRef = { unit: 'person', id: personId };
  return {
    to: 'subject',
    subjectId: personId,
    message: { type: 'subject.handed-over', workspace, at, from, into, personId: livingId, cause },
  };
}

function accountChanged(draft: Draft, id: string): StitchOutput {
  const account = readAccount(draft, id)!;
  const { workspace, now: at, cause } = draft;
  return {
    to: 'identities',
    key: `${workspace}/account/${id}`,
    message: {
      type: 'account.changed',
      workspace,
      at,
      account: accountSummary(id, account),
      mergedInto: account.mergedInto ?? null,
      cause,
    },
  };
}
