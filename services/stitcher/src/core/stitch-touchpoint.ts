import type { AccountSummary, PersonSummary, SubjectRef } from '@cairn/contracts/generated/stitched.ts';
import type { Touchpoint } from '@cairn/contracts/generated/touchpoint.ts';
import { digestOf, tellDecision } from './decisions.ts';
import { remember, seenKey, slotEntry } from './deduplicate.ts';
import { tellAll } from './facts.ts';
import { notesOf, type GraphEntry } from './graph-notes.ts';
import { identifiersOf, objectOf, type FoundIdentifiers } from './identifiers-of.ts';
import {
  draftOf,
  put,
  putPerson,
  read,
  readAccount,
  readPerson,
  type Draft,
  type GraphReader,
  type StitchOutput,
} from './identity-graph.ts';
import { knownPerson, notePerson } from './known-person.ts';
import { personIdOf } from './person-id.ts';
import { withPersonTraits } from './person-traits.ts';
import { resolveAccount } from './resolve-account.ts';
import { resolvePerson, type Resolved } from './resolve-person.ts';
import { DEFAULT_SETTINGS, type StitchSettings } from './settings.ts';
import { accountSummary, personSummary } from './summaries.ts';
import { isSuppressed } from './suppression.ts';

interface Change {
  key: string;
  value: unknown;
  entry?: GraphEntry | undefined;
}

export interface Stitched {
  /** Whole new values by state key; null removes the key. `entry`: the key's place in memory, where it is at hand. */
  changes: readonly Change[];
  /** In the order in which they are to be written. */
  outputs: readonly StitchOutput[];
  duplicate: boolean;
  /** Whether anything changed besides the memory of messageIds. */
  graphChanged: boolean;
}

const NOTHING: readonly never[] = Object.freeze([]);
const DUPLICATE: Stitched = Object.freeze({ changes: NOTHING, outputs: NOTHING, duplicate: true, graphChanged: false });

/**
 * The heart: whose touchpoint this is. Turns an admitted touchpoint into a stitched one, with the person, the account and the subject
 * as of now, and into the changes of the identity graph that it causes. Pure; the common case (one or two known identifiers) is O(1)
 * and changes nothing but the memory of its messageId. `now` is log time.
 */
export function stitchTouchpoint(
  graph: GraphReader,
  touchpoint: Touchpoint,
  now: number,
  defaults: StitchSettings = DEFAULT_SETTINGS,
): Stitched {
  const { workspace, id } = touchpoint;
  const notes = notesOf(graph, workspace);
  const known = slotEntry(notes, id);
  const slot = remember(known?.value as string | undefined, id, now);
  if (slot === null) return DUPLICATE;
  const seen = { key: known ? known.key : seenKey(workspace, id), value: slot, entry: known };

  const draft = draftOf(graph, { workspace, now, at: touchpoint.timestamp, cause: id }, defaults);
  const found = identifiersOf(draft, touchpoint);
  if (draft.settings.suppresses && isSuppressed(draft, found.ids)) return endingWith(draft, seen, null, null);
  if (found.ids.length && draft.changes === null) notePerson(draft, found.ids[0]!.entry);
  const resolved = found.ids.length ? resolvePerson(draft, found.ids, touchpoint.bot) : null;
  const personId = resolved?.personId ?? null;
  if (found.blocked) tellBlocked(draft, found, personId);
  if (resolved && !touchpoint.bot) keepTraits(draft, resolved, touchpoint);
  const account = resolveAccount(draft, touchpoint, found, resolved);
  const stitchKey =
    resolved?.stitchKey ?? (found.roleMailbox === null ? `touchpoint:${id}` : `email:${found.roleMailbox}`);
  const common = personId === null ? null : knownPerson(draft, personId);
  if (common && common.account === account && common.alone === (account === null) && draft.facts === null) {
    // Nothing has changed, and nobody is handed over.
    const { subject, summary, accountSummary: accountOf } = common;
    return {
      changes: [seen],
      outputs: [told(touchpoint, subject, summary, accountOf, stitchKey)],
      duplicate: false,
      graphChanged: false,
    };
  }
  const { subject, person } = subjectOfTouchpoint(draft, touchpoint, account, personId);
  const accountOf = account === null ? null : summaryOf(draft, account);
  return endingWith(draft, seen, personId, told(touchpoint, subject, person, accountOf, stitchKey));
}

function told(
  touchpoint: Touchpoint,
  subject: SubjectRef,
  person: PersonSummary | null,
  account: AccountSummary | null,
  stitchKey: string,
): StitchOutput {
  const { workspace } = touchpoint;
  return {
    to: 'subject',
    subjectId: subject.id,
    message: { type: 'touchpoint.stitched', workspace, subject, touchpoint, person, account, stitchKey },
  };
}

function endingWith(draft: Draft, seen: Change, touched: string | null, last: StitchOutput | null): Stitched {
  const outputs = tellAll(draft, touched, last);
  const changes = [seen];
  if (draft.changes) for (const [key, value] of draft.changes) changes.push({ key, value, entry: undefined });
  return { changes, outputs, duplicate: false, graphChanged: draft.changes !== null };
}

/** Each blocked value is told once, of whoever had it first: they come in millions. */
function tellBlocked(draft: Draft, found: FoundIdentifiers, personId: string | null): void {
  for (const { namespace, value, reason } of found.blocked!) {
    const key = `blocked/${digestOf('blocked', namespace, value)}`;
    if (read(draft, key) !== undefined) continue;
    put(draft, key, true);
    tellDecision(draft, { personId, decision: 'blocked', namespace, value, reason });
  }
}

/** For a group() call `traits` are the account's; `context.traits` are always the person's. */
function keepTraits(draft: Draft, resolved: Resolved, touchpoint: Touchpoint): void {
  const ofContext = objectOf(touchpoint.context.traits);
  if (ofContext) keepTraitsFrom(draft, resolved, ofContext);
  if (touchpoint.kind !== 'group') keepTraitsFrom(draft, resolved, touchpoint.traits);
}

function keepTraitsFrom(
  draft: Draft,
  { personId, stitchKey }: Resolved,
  traits: Readonly<Record<string, unknown>>,
): void {
  for (const _any in traits) {
    const change = withPersonTraits(readPerson(draft, personId)!, stitchKey, traits, draft.at);
    if (change) putPerson(draft, personId, change.person, change.visible);
    return;
  }
}

function subjectOfTouchpoint(
  draft: Draft,
  touchpoint: Touchpoint,
  account: string | null,
  personId: string | null,
): { subject: SubjectRef; person: PersonSummary | null } {
  const record = personId === null ? null : readPerson(draft, personId)!;
  const person = record && personSummary(personId!, record);
  if (account !== null) return { subject: { unit: 'account', id: account }, person };
  if (record && person) {
    if (!record.alone) putPerson(draft, person.id, { ...record, alone: true }, false);
    return { subject: { unit: 'person', id: person.id }, person };
  }
  // Nothing says who it was: a subject of this one touchpoint, which no journey is made of. The history keeps it.
  return {
    subject: { unit: 'person', id: personIdOf(draft.workspace, `touchpoint:${touchpoint.id}`, 0) },
    person: null,
  };
}

function summaryOf(draft: Draft, id: string): AccountSummary {
  return accountSummary(id, readAccount(draft, id)!);
}
