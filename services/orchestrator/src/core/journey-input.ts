/** What comes to a journey and what it makes of it: the words between the task and the core. */
import type { ActionCommand, ActionFact } from '@cairn/contracts/generated/action.ts';
import type { AlertCommand, AlertFact } from '@cairn/contracts/generated/alert.ts';
import type { JourneyChanged, TouchpointItem } from '@cairn/contracts/generated/journey.ts';
import type { AccountSummary, PersonSummary } from '@cairn/contracts/generated/stitched.ts';
import type { Touchpoint } from '@cairn/contracts/generated/touchpoint.ts';
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
    /** The alert that was asked for then has a slot. */
    | { type: 'budget.granted'; askedAt: number }
    | { type: 'absorbed'; into: string }
    /** A new version of the definition is live. */
    | { type: 'definition' }
  );

export type TimerPurpose =
  OutreachTimer | 'stall' | 'budget' | 'learn' | 'roles' | `escalate-${AlertKind}` | `snooze-${AlertKind}`;

export const TIMER_PURPOSES: readonly TimerPurpose[] = [
  'stall',
  'budget',
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
  | BudgetOutput
  /** What a silence teaches, for the model of pauses. */
  | { type: 'lesson'; lesson: PackedLesson }
  | { type: 'refused'; commandId: string; code: string; message: string }
  | { type: 'action.refused'; commandId: string; code: string; message: string };

/** To the budget of the alert's owner: a due stall asks for a slot, asks no more, or a silence that could have had an alert is over. */
export type BudgetOutput =
  | { type: 'budget.asked'; owner: string; probability: number }
  | { type: 'budget.withdrawn'; owner: string; askedAt: number }
  | { type: 'budget.silence'; owner: string; probability: number; stalled: boolean; due: number };

export interface Advanced {
  journey: JourneyState;
  outputs: readonly JourneyOutput[];
}
