/**
 * A person is erased: journeys of its own go, with a tombstone for each record of theirs; an account's journeys go on without it.
 * Messages that tell of it are withdrawn where they wait (`tell-identity.ts`).
 */
import type { ErasureTold } from '@cairn/contracts/generated/control.ts';
import type { PersonErasedNotice } from '@cairn/contracts/generated/stitched.ts';
import { keyOf, partitionOf } from '@cairn/contracts/topics.ts';
import { forgetPerson, withoutPerson } from '../../core/forget-person.ts';
import { slotOf } from '../../core/render-journey.ts';
import { isMoved, type MovedSubject, type SubjectState } from '../../core/state.ts';
import { advanceKeys } from './advance-keys.ts';
import type { AdvanceScope } from './advance-subject.ts';
import { sendToBudget } from './budget-desks.ts';
import { writeRecords } from './journey-records.ts';
import { modelsOf } from './learn-models.ts';
import { forgetConsent } from './consent-withdrawn.ts';
import { noteErased } from './erased-lately.ts';
import { forgetInRederivation, forgetRederivation } from './rederive-subject.ts';

type Stored = SubjectState | MovedSubject;

export function takePersonErased(scope: AdvanceScope, message: PersonErasedNotice): void {
  const { work, workspace } = scope;
  const { subject, personId, absorbed, cause } = message;
  const ids = new Set([personId, ...absorbed]);
  noteErased(scope, subject.id, ids);
  for (const id of ids) forgetConsent(work, workspace, id);
  if (subject.unit === 'person') {
    if (subject.id === personId) tellErasure(scope, message);
    forgetRederivation(scope, subject.id);
    return remove(scope, { id: subject.id, host: null });
  }
  forgetInRederivation(scope, subject.id, ids);
  for (const id of ids) remove(scope, { id, host: subject.id });
  const stored = work.get<Stored>(keyOf.subject(workspace, subject.id));
  if (stored && !isMoved(stored)) forget(scope, stored, ids, cause);
}

/** Topics that run out still name them: whoever reads those learns it as everything else that holds for a workspace. */
function tellErasure(
  { work, workspace, now: at }: AdvanceScope,
  { personId, absorbed, suppressed }: PersonErasedNotice,
): void {
  const more = suppressed ? { suppressed } : {};
  const value: ErasureTold = { type: 'erasure.told', workspace, personId, absorbed, ...more, at };
  work.output({ topic: 'control', partition: 0, key: keyOf.control(workspace, 'erasure', personId), value });
}

function remove(scope: AdvanceScope, place: Pick<SubjectState, 'id' | 'host'>): void {
  const { work, workspace, partitions } = scope;
  const key = advanceKeys.subject(workspace, place);
  const stored = work.get<Stored>(key);
  if (!stored) return;
  work.set(key, null);
  if (!isMoved(stored)) leaveBudgets(scope, stored);
  // Also those that were here once and were told empty since.
  const names = new Set([...Object.keys(stored.seqs ?? {}), ...(isMoved(stored) ? [] : Object.keys(stored.journeys))]);
  const partition = partitionOf(keyOf.subject(workspace, place.host ?? place.id), partitions('journeys'));
  for (const name of names)
    work.output({ topic: 'journeys', partition, key: keyOf.journey(workspace, slotOf(place), name), value: null });
}

/** Nobody waits for a slot of an alert that will never be. */
function leaveBudgets(scope: AdvanceScope, subject: SubjectState): void {
  for (const definition of scope.definitions) {
    const journey = subject.journeys[definition.name];
    const asked = journey?.stall.asked;
    if (!asked) continue;
    const output = { type: 'budget.withdrawn' as const, owner: asked.owner, askedAt: asked.at };
    sendToBudget(scope, { workspace: scope.workspace, subject, definition }, journey.id, output, scope.now);
  }
}

function forget(scope: AdvanceScope, before: SubjectState, ids: ReadonlySet<string>, cause: string): void {
  const { work, workspace, partitions, definitions, now } = scope;
  const subject = forgetPerson(before, ids);
  let journeys = subject.journeys;
  for (const definition of definitions) {
    const { name } = definition;
    const journey = journeys[name];
    const left = journey && withoutPerson(journey, ids);
    if (!left || left === journey) continue;
    const next = { ...left, seq: left.seq + 1, updatedAt: now };
    journeys = { ...journeys, [name]: next };
    const models = modelsOf(work, workspace, name);
    const changed = {
      type: 'changed' as const,
      events: ['rederived' as const],
      from: null,
      touchpoint: null,
      imported: true,
      cause,
      absorbedInto: null,
    };
    const place = { workspace, subject, definition, models };
    writeRecords(work, partitions, place, { journey: next, outputs: [changed] }, now, scope.renderJourney);
  }
  work.set(advanceKeys.subject(workspace, subject), { ...subject, journeys });
}
