/**
 * The heart: a journey and one input → the journey after it, and what is to be told. Pure: the same inputs in the same order give
 * the same journeys, alerts and timers, whenever they are run.
 */
import type { ActionCommand, ActionFact } from '@cairn/contracts/generated/action.ts';
import type { AlertCommand, AlertFact } from '@cairn/contracts/generated/alert.ts';
import type { JourneyChanged, TouchpointItem } from '@cairn/contracts/generated/journey.ts';
import type { AccountSummary, PersonSummary } from '@cairn/contracts/generated/stitched.ts';
import type { Touchpoint } from '@cairn/contracts/generated/touchpoint.ts';
import { adoptVersion } from './advance/adopt-version.ts';
import { takeCommand } from './advance/take-command.ts';
import { finishDraft, startDraft, type Draft } from './advance/draft.ts';
import { takeActionCommand } from './advance/take-action-command.ts';
import { settleOutreach } from './advance/settle-outreach.ts';
import { hasEnded } from './advance/settle-stall.ts';
import { takeMergedJourney, takeMergedPeople } from './advance/take-merge.ts';
import { takeTimer } from './advance/take-timer.ts';
import { takeTouchpoint } from './advance/take-touchpoint.ts';
import type { CompiledDefinition } from './definition/compile-definition.ts';
import type { DefinitionMemory, MemoryChange } from './next-best-action/memory.ts';
import { OUTREACH_TIMERS, type OpenAction, type OutreachTimer } from './next-best-action/outreach-state.ts';
import type { ActionTold } from './render-action.ts';
import type { JourneyModels } from './learn/predict.ts';
import type { PackedLesson } from './stall/learned/lesson.ts';
import { ALERT_KINDS, type AlertKind, type AlertState, type JourneyState, type SubjectState } from './state.ts';

/** What every input comes with. */
export interface JourneyOccasion {
  /** Of a journey that begins; one that is there knows its own. */
  journeyId: string;
  /** The subject as of this input: account and people are up to date. */
  subject: SubjectState;
  /** Log time (epoch ms). */
  now: number;
  /** Touchpoint id, command id or timer. */
  cause: string;
  /** The learned models of the definition; absent: what is shipped. */
  models?: () => JourneyModels;
  /** What is learned and counted of the definition; absent: nothing yet. */
  memory?: () => DefinitionMemory;
  /** The definition in an older version; absent or null: not kept. */
  versionOf?: (version: number) => CompiledDefinition | null;
}

export type JourneyInput = JourneyOccasion &
  (
    | {
        type: 'touchpoint';
        touchpoint: Touchpoint;
        person: PersonSummary | null;
        account: AccountSummary | null;
        /** Of a journey that begins: where its seq goes on, 0 for a new one. */
        seqBefore: number;
      }
    | { type: 'timer'; purpose: TimerPurpose }
    | { type: 'command'; command: AlertCommand }
    | { type: 'action.command'; command: ActionCommand }
    /** A journey that was absorbed arrives; `journey` null: there is none yet here, and it lives on as this one. */
    | { type: 'journey.merged'; other: JourneyState; seqBefore: number }
    | { type: 'people.merged'; from: string; into: string }
    | { type: 'absorbed'; into: string }
    /** A new version of the definition is live. */
    | { type: 'definition' }
  );

export type TimerPurpose =
  OutreachTimer | 'stall' | 'learn' | 'roles' | `escalate-${AlertKind}` | `snooze-${AlertKind}`;

export const TIMER_PURPOSES: readonly TimerPurpose[] = [
  'stall',
  'learn',
  'roles',
  ...OUTREACH_TIMERS,
  ...ALERT_KINDS.flatMap((kind): TimerPurpose[] => [`escalate-${kind}`, `snooze-${kind}`]),
];

export type JourneyOutput =
  | {
      type: 'changed';
      events: JourneyChanged['events'];
      /** The stage before, for stage_changed. */
      from: string | null;
      touchpoint: TouchpointItem | null;
      imported: boolean;
      cause: string;
      /** Journey id; null while the journey lives. */
      absorbedInto: string | null;
    }
  | { type: 'alert'; fact: AlertFact['type']; alert: AlertState; commandId: string | null; imported: boolean }
  | { type: 'timer'; purpose: TimerPurpose; dueAt: number | null }
  | {
      type: 'action';
      fact: ActionFact['type'];
      action: OpenAction;
      /** What the fact says beyond the action as it is kept. */
      told: ActionTold;
      commandId: string | null;
    }
  | { type: 'memory'; change: MemoryChange }
  /** What a silence teaches, for the model of pauses. */
  | { type: 'lesson'; lesson: PackedLesson }
  | { type: 'refused'; commandId: string; code: string; message: string }
  | { type: 'action.refused'; commandId: string; code: string; message: string };

export interface Advanced {
  journey: JourneyState;
  outputs: readonly JourneyOutput[];
}

/** `journey` is null only where a touchpoint or a merged journey begins one. Null back: there is no such journey, nothing happens. */
export function advanceJourney(
  definition: CompiledDefinition,
  journey: JourneyState | null,
  input: JourneyInput,
): Advanced | null {
  const draft = startDraft(definition, journey, input);
  if (!draft) return null;
  if (draft.journey.version !== definition.version) adoptVersion(draft);
  take(draft, input);
  settleOutreach(draft, input);
  return finishDraft(draft, input);
}

function take(draft: Draft, input: JourneyInput): void {
  switch (input.type) {
    case 'touchpoint':
      return takeTouchpoint(draft, input);
    case 'timer':
      return takeTimer(draft, input.purpose);
    case 'command':
      return takeCommand(draft, input.command);
    case 'action.command':
      return takeActionCommand(draft, input.command);
    case 'journey.merged':
      return takeMergedJourney(draft, input.other);
    case 'people.merged':
      return takeMergedPeople(draft, input.from, input.into);
    case 'definition':
      // Whatever is not over shows which version it goes by.
      if (!hasEnded(draft.journey)) draft.changed = true;
      return;
    case 'absorbed':
      draft.changed = true;
      draft.absorbedInto = input.into;
      draft.events.push('absorbed');
      return;
    default:
      return input satisfies never;
  }
}
