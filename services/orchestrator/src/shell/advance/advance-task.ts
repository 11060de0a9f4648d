/**
 * The advance task: `journey-inbox` → journeys, alerts, deliveries to make. Says which message is which input; the deciding is in
 * core/. The inbox alone decides: definitions and endpoints come through it too.
 */
import type { ActionCommand } from '@cairn/contracts/generated/action.ts';
import type { AlertCommand } from '@cairn/contracts/generated/alert.ts';
import type {
  BudgetAsked,
  BudgetChosen,
  BudgetGranted,
  BudgetSilence,
  BudgetWithdrawn,
} from '@cairn/contracts/generated/budget.ts';
import type { DefinitionPut, EndpointPut, EndpointRemoved } from '@cairn/contracts/generated/control.ts';
import type { StitchedFile } from '@cairn/contracts/generated/stitched.ts';
import { keyOf, partitionOf } from '@cairn/contracts/topics.ts';
import type { LogRecord } from '@cairn/log/log.ts';
import type { TaskDefinition, TaskInput, TaskOutcome, TaskState } from '@cairn/task/task.ts';
import type { TimerPurpose } from '../../core/journey-input.ts';
import { packStored, unpackStored } from '../../core/packed-subject.ts';
import { isMoved, type MovedSubject, type SubjectState } from '../../core/state.ts';
import { takeAdoptionStep } from './adopt-definition.ts';
import { groupOf } from './adoption-groups.ts';
import { advanceKeys, isBudgetKey, isLessonsKey, readSubjectKey, readTimerPurpose } from './advance-keys.ts';
import type { AdvanceMetrics } from './advance-metrics.ts';
import {
  takeActionCommand,
  takeAlertCommand,
  takeGranted,
  takeTimer,
  takeTouchpoint,
  type AdvanceScope,
} from './advance-subject.ts';
import { takeBudgetMessage, takeBudgetTimer, takeChosen } from './budget-desks.ts';
import { createDeliverWork, type DeliverWork } from '../deliver/deliver-work.ts';
import { takePersonErased } from './erase-subject.ts';
import { isErasedKey } from './erased-lately.ts';
import { takeHandOver, takePersonMerged, takeSubjectState } from './hand-over.ts';
import { learnBucket } from './learn-pauses.ts';
import { refuseActionCommand, refuseCommand, type Partitions } from './journey-records.ts';
import { holdBack, isRederiveKey, readRederiveKey, takePages, takeRederive, takeRelease } from './rederive-subject.ts';
import { createLiveDefinitions, putEndpoint, type LiveDefinitions } from './live-definitions.ts';
import { isStitched, tellIdentity } from './tell-identity.ts';

export const ADVANCE_TASK = 'advance';

export interface AdvanceTaskDeps {
  partitions: Partitions;
  metrics: AdvanceMetrics;
  /** A replay that writes no journeys need not render them at each touchpoint. */
  renderJourney?: AdvanceScope['renderJourney'];
}

type BudgetIn = BudgetAsked | BudgetWithdrawn | BudgetSilence | BudgetGranted | BudgetChosen;
type Message = StitchedFile | ActionCommand | AlertCommand | BudgetIn | DefinitionPut | EndpointPut | EndpointRemoved;

/** How often a command was sent on after a subject that moved. */
const HOPS_HEADER = 'cairn-hops';
const HOPS_MAX = 20;

export function createAdvanceTask(deps: AdvanceTaskDeps): TaskDefinition {
  const definitions = createLiveDefinitions();
  return {
    name: ADVANCE_TASK,
    inbox: 'journey-inbox',
    stored: { write: packStored, read: unpackStored },
    handle: function advance(state, input, now) {
      const outcome = handleAdvance(definitions, deps, state, input, now);
      deps.metrics.advanced(input, outcome);
      return outcome;
    },
  };
}

function handleAdvance(
  definitions: LiveDefinitions,
  { partitions, renderJourney }: AdvanceTaskDeps,
  state: TaskState,
  input: TaskInput,
  now: number,
): TaskOutcome {
  const work = createDeliverWork(state);
  const scopeOf = (workspace: string): AdvanceScope => ({
    work,
    partitions,
    workspace,
    definitions: definitions.of(work, workspace),
    versionOf: (name, version) => definitions.versionOf(work, workspace, name, version),
    now,
    ...(renderJourney ? { renderJourney } : {}),
  });
  if (input.type === 'timer' && isLessonsKey(input.key)) {
    learnBucket(
      work,
      input.key,
      (workspace, name) => definitions.of(work, workspace).find((one) => one.name === name),
      now,
    );
    return work.outcome();
  }
  if (input.type === 'timer' && isBudgetKey(input.key)) {
    takeBudgetTimer(scopeOf, input.key, input.purpose);
    return work.outcome();
  }
  if (input.type === 'timer' && isRederiveKey(input.key)) {
    const { workspace, subjectId } = readRederiveKey(input.key);
    takeRelease(scopeOf(workspace), subjectId);
    return work.outcome();
  }
  if (input.type === 'timer' && isErasedKey(input.key)) {
    work.set(input.key, null);
    return work.outcome();
  }
  const group = input.type === 'timer' ? groupOf(work, input.key) : null;
  if (input.type === 'timer' && group) takeAdoptionStep(scopeOf(group.workspace), input.key, group);
  else if (input.type === 'timer') {
    const { workspace } = readSubjectKey(input.key);
    const { definition, purpose } = readTimerPurpose(input.purpose);
    takeTimer(scopeOf(workspace), input.key, definition, purpose as TimerPurpose);
  } else {
    const message = input.message as Message;
    if (isStitched(message)) tellIdentity(work, partitions, message, now);
    takeMessage(definitions, work, scopeOf, input.record, message, now);
  }
  return work.outcome();
}

function takeMessage(
  definitions: LiveDefinitions,
  work: DeliverWork,
  scopeOf: (workspace: string) => AdvanceScope,
  record: LogRecord,
  message: Message,
  now: number,
): void {
  switch (message.type) {
    case 'touchpoint.stitched': {
      // Nothing but blocked values: a journey of nobody helps nobody, and there may be millions. It is in the history.
      if (message.person === null && message.account === null) return;
      const scope = scopeOf(message.workspace);
      if (!holdBack(scope, message)) takeTouchpoint(scope, message);
      return;
    }
    case 'subject.rederive':
      return takeRederive(scopeOf(message.workspace), message);
    case 'subject.touchpoints':
      return takePages(scopeOf(message.workspace), message);
    case 'subject.handed-over':
      return takeHandOver(scopeOf(message.workspace), message);
    case 'subject.state':
      return takeSubjectState(scopeOf(message.workspace), message);
    case 'person.merged':
      return takePersonMerged(scopeOf(message.workspace), message);
    case 'person.split':
      // A word to endpoints; what the journeys make of it is ordered separately (`subject.rederive`).
      return;
    case 'person.erased':
      return takePersonErased(scopeOf(message.workspace), message);
    case 'alert.command':
    case 'action.command':
      return takeCommand(scopeOf(message.workspace), record, message);
    case 'budget.asked':
    case 'budget.withdrawn':
    case 'budget.silence':
      return takeBudgetMessage(scopeOf(message.workspace), message);
    case 'budget.granted':
      return takeGranted(scopeOf(message.workspace), message);
    case 'budget.chosen':
      return takeChosen(scopeOf(message.workspace), message);
    case 'definition.put':
      return definitions.put(work, message, now);
    case 'endpoint.put':
    case 'endpoint.removed':
      return putEndpoint(work, message);
    default:
      message satisfies never;
      throw new Error(`journey-inbox has no messages of type ${(message as { type: unknown }).type}`);
  }
}

/** To the subject of the alert or action, to where it moved, or to one of its people; else it is refused. */
function takeCommand(scope: AdvanceScope, { key, headers }: LogRecord, command: ActionCommand | AlertCommand): void {
  const { work, workspace, partitions } = scope;
  const subject = work.get<SubjectState | MovedSubject>(key);
  const hops = Number(headers[HOPS_HEADER] ?? 0);
  if (subject && isMoved(subject) && hops < HOPS_MAX) {
    const to = keyOf.subject(workspace, subject.moved.id);
    const partition = partitionOf(to, partitions('journey-inbox'));
    work.output({
      topic: 'journey-inbox',
      partition,
      key: to,
      value: command,
      headers: { [HOPS_HEADER]: String(hops + 1) },
    });
    return;
  }
  const take = (place: string): boolean =>
    command.type === 'action.command'
      ? takeActionCommand(scope, place, command)
      : takeAlertCommand(scope, place, command);
  if (take(key)) return;
  for (const place of work.keys(advanceKeys.peopleWithin(workspace, readSubjectKey(key).slot))) if (take(place)) return;
  const { commandId, type } = command;
  if (type === 'action.command') {
    const message = 'There is no such open action';
    return refuseActionCommand(work, partitions, workspace, key, { commandId, code: 'not-open', message });
  }
  refuseCommand(work, partitions, workspace, key, {
    commandId,
    code: 'not-open',
    message: 'There is no such open alert',
  });
}
