/**
 * Subjects that become one, across partitions: the absorbed one's journeys are closed here and its state is sent to the partition of
 * the one that lives on, which merges the two. What arrives for a subject that was itself absorbed meanwhile goes on after it.
 */
import { journeyId } from '@cairn/contracts/ids.ts';
import { keyOf, partitionOf } from '@cairn/contracts/topics.ts';
import type {
  PersonMergedNotice,
  SubjectHandedOver,
  SubjectRef,
  SubjectStateSent,
} from '@cairn/contracts/generated/stitched.ts';
import { TIMER_PURPOSES } from '../../core/journey-input.ts';
import { forgetEverywhere } from '../../core/forget-person.ts';
import { packSubject, unpackSubject } from '../../core/packed-subject.ts';
import { mergeSubjects, withAliases } from '../../core/merge-subjects.ts';
import { byId } from '../../core/people.ts';
import { slotOf } from '../../core/render-journey.ts';
import { isMoved, type MovedSubject, type SubjectState } from '../../core/state.ts';
import { foldPeople, newSubject } from '../../core/subject.ts';
import { advanceKeys, timerPurpose } from './advance-keys.ts';
import { erasedLately } from './erased-lately.ts';
import { markStale, passOn } from './rederive-subject.ts';
import { advanceSubject, openSubject, withUnit, type AdvanceScope } from './advance-subject.ts';

/** Merges of merges are this deep at most; more is a circle, and goes to the dead letters. */
const HOPS_MAX = 20;

type Stored = SubjectState | MovedSubject;

export function takeHandOver(scope: AdvanceScope, message: SubjectHandedOver): void {
  const { work, workspace } = scope;
  const { from, into, personId } = message;
  if (from.unit === 'person' || personId === null) passOn(scope, from, into);
  const key = keyOf.subject(workspace, from.id);
  const stored = work.get<Stored>(key);
  if (from.unit === 'account') {
    // One person leaves an account: its own journey stays with the others.
    const prefix = advanceKeys.peopleWithin(workspace, from.id);
    const leaving = personId === null ? [...work.keys(prefix)] : [`${prefix}${personId}`];
    for (const place of leaving) {
      const person = work.get<Stored>(place);
      if (person && !isMoved(person)) close(scope, message, place, person, person.id);
    }
    if (personId !== null) return;
  }
  if (stored && !isMoved(stored)) return close(scope, message, key, stored, personId ?? from.id);
  // Nothing was here yet, or it went before: whatever still comes for it goes on to where it is now.
  work.set(key, { moved: into, at: message.at, seqs: stored?.seqs ?? {} } satisfies MovedSubject);
}

/** Ends a subject's journeys here and sends what they held. `personId`: who they belong to where they arrive within an account. */
function close(
  scope: AdvanceScope,
  message: SubjectHandedOver,
  key: string,
  subject: SubjectState,
  personId: string,
): void {
  const { work, workspace, definitions } = scope;
  const { from, into, cause, at } = message;
  const within = (unit: 'account' | 'person'): boolean => unit === 'person' && into.unit === 'account';
  const slotIn = (unit: 'account' | 'person'): string =>
    within(unit) ? slotOf({ id: personId, host: into.id }) : into.id;
  advanceSubject(scope, subject, definitions, (definition, journey) =>
    journey ? { type: 'absorbed', into: journeyId(workspace, definition.name, slotIn(definition.unit)), cause } : null,
  );
  for (const unit of ['account', 'person'] as const) {
    const names = withUnit(definitions, unit).map((definition) => definition.name);
    const journeys = Object.fromEntries(Object.entries(subject.journeys).filter(([name]) => names.includes(name)));
    if (Object.keys(journeys).length === 0) continue;
    send(scope, {
      type: 'subject.state',
      workspace,
      at,
      from,
      into,
      personId: within(unit) ? personId : null,
      // As it is read from the store, whether it was or has just been changed here: a replay writes the same bytes.
      state: { ...unpackSubject(packSubject({ ...subject, journeys })) },
      cause,
      hops: 0,
    });
  }
  const written = work.get<SubjectState>(key)!;
  const last = Object.entries(written.journeys).map(([name, { seq }]): [string, number] => [name, seq]);
  const seqs = { ...subject.seqs, ...Object.fromEntries(last) };
  for (const name of Object.keys(subject.journeys))
    for (const purpose of TIMER_PURPOSES) work.timer(key, timerPurpose(name, purpose), null);
  work.set(key, { moved: into, at, seqs } satisfies MovedSubject);
}

export function takeSubjectState(scope: AdvanceScope, message: SubjectStateSent): void {
  const { work, workspace, definitions } = scope;
  const { into, personId, cause } = message;
  const living = work.get<Stored>(keyOf.subject(workspace, into.id));
  // Absorbed itself since it was decided: the state follows. Decided later than that: it lives again.
  if (living && isMoved(living) && living.at >= message.at) {
    if (message.hops >= HOPS_MAX) throw new Error(`the state of ${message.from.id} was sent on ${message.hops} times`);
    // From here on it is the later decision that counts: it may bring back whom an earlier one had absorbed.
    return send(scope, { ...message, at: living.at, into: living.moved, hops: message.hops + 1 });
  }
  const erased = erasedLately(scope, into.id);
  const sent = message.state as unknown as SubjectState;
  // Erased while it was on its way: nobody is left whose it would be.
  if ([into.id, personId, sent.id].some((id) => id !== null && erased.has(id))) return;
  markStale(scope, into.id);
  const ref: SubjectRef = personId === null ? into : { unit: 'person', id: personId };
  const subject = openSubject(scope, ref, personId === null ? null : into.id);
  const absorbed = erased.size ? forgetEverywhere(sent, erased) : sent;
  const host = living && !isMoved(living) ? living.aliases : {};
  const own = absorbed.unit === 'person' && ref.unit === 'person' ? { [absorbed.id]: ref.id } : {};
  const aliases = { ...host, ...subject.aliases, ...own };
  advanceSubject(scope, mergeSubjects(subject, absorbed, aliases), definitions, ({ name }) => {
    const other = absorbed.journeys[name];
    if (!other) return null;
    return { type: 'journey.merged', other: withAliases(other, aliases), seqBefore: subject.seqs?.[name] ?? 0, cause };
  });
}

/** Two people of a subject are one. It comes before any hand-over that follows from it. */
export function takePersonMerged(scope: AdvanceScope, message: PersonMergedNotice): void {
  const { work, workspace, now } = scope;
  const { subject: ref, from, into, person, cause } = message;
  const key = keyOf.subject(workspace, ref.id);
  const stored = work.get<Stored>(key);
  if (stored && isMoved(stored)) return send(scope, { ...message, subject: stored.moved });
  markStale(scope, ref.id);
  const before = stored ?? newSubject(ref);
  const folded = foldPeople(before, from, person, now);
  const advanced = advanceSubject(scope, folded, scope.definitions, (_definition, journey) =>
    journey && byId(journey.people, from) ? { type: 'people.merged', from, into, cause } : null,
  );
  if (!advanced) work.set(key, folded);
  if (ref.unit === 'account') joinWithin(scope, message);
}

/** The journeys that both had within the account (definitions of unit person) become one. */
function joinWithin(scope: AdvanceScope, { workspace, at, subject, from, into, cause }: PersonMergedNotice): void {
  const key = advanceKeys.subject(workspace, { id: from, host: subject.id });
  const absorbed = scope.work.get<Stored>(key);
  if (!absorbed || isMoved(absorbed)) return;
  close(
    scope,
    {
      type: 'subject.handed-over',
      workspace,
      at,
      from: { unit: 'person', id: from },
      into: subject,
      personId: into,
      cause,
    },
    key,
    absorbed,
    into,
  );
}

function send(scope: AdvanceScope, message: SubjectStateSent | PersonMergedNotice): void {
  const { work, workspace, partitions } = scope;
  const key = keyOf.subject(workspace, message.type === 'subject.state' ? message.into.id : message.subject.id);
  work.output({
    topic: 'journey-inbox',
    partition: partitionOf(key, partitions('journey-inbox')),
    key,
    value: message,
  });
}
