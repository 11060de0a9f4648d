/** One subject's journeys and one input: reads the subject, lets the core advance each journey, writes what came of it. */
import type { ActionCommand } from '@cairn/contracts/generated/action.ts';
import type { AlertCommand } from '@cairn/contracts/generated/alert.ts';
import type { BudgetGranted } from '@cairn/contracts/generated/budget.ts';
import type { StitchedTouchpoint, SubjectRef } from '@cairn/contracts/generated/stitched.ts';
import { advanceJourney } from '../../core/advance-journey.ts';
import type { JourneyInput, TimerPurpose } from '../../core/journey-input.ts';
import type { CompiledDefinition } from '../../core/definition/compile-definition.ts';
import { journeyIdOf, type renderJourney } from '../../core/render-journey.ts';
import { isMoved, type JourneyState, type MovedSubject, type SubjectState } from '../../core/state.ts';
import { newSubject, seeSubject } from '../../core/subject.ts';
import { advanceKeys } from './advance-keys.ts';
import { storedMemory } from './definition-memory.ts';
import type { DeliverWork } from '../deliver/deliver-work.ts';
import { modelsOf } from './learn-models.ts';
import { writeRecords, type Partitions } from './journey-records.ts';

export interface AdvanceScope {
  work: DeliverWork;
  partitions: Partitions;
  workspace: string;
  /** All of the workspace. */
  definitions: readonly CompiledDefinition[];
  /** A definition in an older version that is still kept, or null. */
  versionOf: (name: string, version: number) => CompiledDefinition | null;
  /** Log time. */
  now: number;
  /** How a journey is written with its facts; the whole resource unless said otherwise. */
  renderJourney?: typeof renderJourney;
}

/** `Omit` over each member of the union. */
type WithoutOccasion<T> = T extends unknown
  ? Omit<T, 'journeyId' | 'subject' | 'now' | 'models' | 'memory' | 'versionOf'>
  : never;
export type SubjectInput = WithoutOccasion<JourneyInput>;

/** The subject's journeys after an input to those definitions; the subject with them is written. False: nothing happened. */
export function advanceSubject(
  scope: AdvanceScope,
  subject: SubjectState,
  definitions: readonly CompiledDefinition[],
  inputOf: (definition: CompiledDefinition, journey: JourneyState | undefined) => SubjectInput | null,
): boolean {
  const { work, partitions, workspace, now } = scope;
  let journeys = subject.journeys;
  for (const definition of definitions) {
    const journey = journeys[definition.name];
    const input = inputOf(definition, journey);
    if (!input) continue;
    const models = modelsOf(work, workspace, definition.name, definition.budget !== null);
    const place = { workspace, subject, definition, models };
    const journeyId = journey?.id ?? journeyIdOf(place);
    const { name } = definition;
    const advanced = advanceJourney(definition, journey ?? null, {
      ...input,
      journeyId,
      subject,
      now,
      models: () => models,
      memory: () => storedMemory(work, workspace, name),
      versionOf: (version) => scope.versionOf(name, version),
    });
    if (!advanced) continue;
    journeys = { ...journeys, [definition.name]: advanced.journey };
    writeRecords(work, partitions, place, advanced, now, scope.renderJourney);
  }
  if (journeys === subject.journeys) return false;
  work.set(advanceKeys.subject(workspace, subject), { ...subject, journeys });
  return true;
}

/** Under definitions of unit person, each of an account's people has a journey within it. */
export function takeTouchpoint(scope: AdvanceScope, message: StitchedTouchpoint): void {
  const { subject, person } = message;
  const { definitions } = scope;
  if (subject.unit === 'person') return touch(scope, message, subject, null, definitions);
  touch(scope, message, subject, null, withUnit(definitions, 'account'));
  if (person) touch(scope, message, { unit: 'person', id: person.id }, subject.id, withUnit(definitions, 'person'));
}

function touch(
  scope: AdvanceScope,
  message: StitchedTouchpoint,
  ref: SubjectRef,
  host: string | null,
  definitions: readonly CompiledDefinition[],
): void {
  if (definitions.length === 0) return;
  const { touchpoint, person, account } = message;
  const subject = seeSubject(openSubject(scope, ref, host), person, account, scope.now);
  advanceSubject(scope, subject, definitions, ({ name }) => ({
    type: 'touchpoint',
    touchpoint,
    person,
    account,
    seqBefore: subject.seqs?.[name] ?? 0,
    cause: touchpoint.id,
  }));
}

/** The subject as it is, or a new one; one that was absorbed begins again, and its seqs go on. */
export function openSubject({ work, workspace }: AdvanceScope, ref: SubjectRef, host: string | null): SubjectState {
  const stored = work.get<SubjectState | MovedSubject>(advanceKeys.subject(workspace, { id: ref.id, host }));
  if (!stored) return newSubject(ref, host);
  return isMoved(stored) ? { ...newSubject(ref, host), seqs: stored.seqs } : stored;
}

export function takeTimer(scope: AdvanceScope, key: string, name: string, purpose: TimerPurpose): void {
  const subject = scope.work.get<SubjectState | MovedSubject>(key);
  if (!subject || isMoved(subject)) return;
  const definitions = scope.definitions.filter((definition) => definition.name === name);
  advanceSubject(scope, subject, definitions, (_definition, journey) =>
    journey ? { type: 'timer', purpose, cause: `timer ${purpose}` } : null,
  );
}

/** A stall has a slot of its owner's budget; one that asks no more is passed over by the core. */
export function takeGranted(scope: AdvanceScope, { place, definition: name, askedAt }: BudgetGranted): void {
  const subject = scope.work.get<SubjectState | MovedSubject>(place);
  if (!subject || isMoved(subject)) return;
  const definitions = scope.definitions.filter((definition) => definition.name === name);
  advanceSubject(scope, subject, definitions, (_definition, journey) =>
    journey?.stall.asked?.at === askedAt ? { type: 'budget.granted', askedAt, cause: 'budget' } : null,
  );
}

/** False: the subject has no such journey. */
export function takeAlertCommand(scope: AdvanceScope, key: string, command: AlertCommand): boolean {
  const subject = scope.work.get<SubjectState | MovedSubject>(key);
  if (!subject || isMoved(subject)) return false;
  // After a merge an alert goes on under the journey that lives: the alert decides, not the journey it was opened on.
  const holds = (journey: JourneyState): boolean =>
    Object.values(journey.alerts).some((alert) => alert.id === command.alertId);
  return advanceSubject(scope, subject, scope.definitions, (_definition, journey) =>
    journey && holds(journey) ? { type: 'command', command, cause: command.commandId } : null,
  );
}

/** False: the subject has no journey on which this action is open. */
export function takeActionCommand(scope: AdvanceScope, key: string, command: ActionCommand): boolean {
  const subject = scope.work.get<SubjectState | MovedSubject>(key);
  if (!subject || isMoved(subject)) return false;
  return advanceSubject(scope, subject, scope.definitions, (_definition, journey) =>
    journey?.outreach?.action?.id === command.actionId
      ? { type: 'action.command', command, cause: command.commandId }
      : null,
  );
}

export function withUnit(
  definitions: readonly CompiledDefinition[],
  unit: 'account' | 'person',
): readonly CompiledDefinition[] {
  return definitions.every((definition) => definition.unit === unit)
    ? definitions
    : definitions.filter((definition) => definition.unit === unit);
}
