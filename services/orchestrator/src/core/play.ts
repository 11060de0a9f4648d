/**
 * Plays as programs: nested steps → a flat list that only goes forward, so that a place in it is one number and no step is done twice.
 * Decides the order of steps; never whether an action may be done.
 */
import type { Condition, JourneyDefinition } from '@cairn/contracts/generated/journey-definition.ts';
import { parseDuration, type Duration } from '@cairn/contracts/duration.ts';
import { alertsIn, asksForPerson, isMomentary, type Predicate } from './condition.ts';

type Source = NonNullable<JourneyDefinition['plays']>[number];
type Step = Source['steps'][number];
export type Compile = (condition: Condition | undefined, path: string) => Predicate | null;

export interface CompiledPlay {
  name: string;
  trigger: Predicate;
  /** Asks for the touchpoint itself: then every touchpoint that matches is a trigger, else only its coming true. */
  momentary: boolean;
  /** Kinds of alerts that the trigger names. */
  alerts: readonly string[];
  /** Asks who did something: without a touchpoint it is left as it was. */
  ofPerson: boolean;
  exit: Predicate | null;
  goal: Predicate | null;
  keepGoing: boolean;
  entry: { if: Predicate | null; atMost: number | null; every: Duration | null };
  steps: readonly PlayInstruction[];
}

export type PlayInstruction =
  | {
      do: 'wait';
      for: Duration | null;
      until: Predicate | null;
      momentary: boolean;
      at: number | null;
      businessHours: boolean;
    }
  | { do: 'action'; action: string }
  /** On to the next step, or (`if` does not hold, or the hash falls outside of `share`) to `otherwise`. */
  | { do: 'branch'; if: Predicate | null; share: number | null; otherwise: number }
  | { do: 'jump'; to: number }
  | { do: 'exit' };

export function compilePlay(play: Source, path: string, compile: Compile): CompiledPlay {
  const steps: PlayInstruction[] = [];
  compileSteps(steps, play.steps, `${path}.steps`, compile);
  return {
    name: play.name,
    trigger: compile(play.trigger, `${path}.trigger`)!,
    momentary: isMomentary(play.trigger),
    alerts: alertsIn(play.trigger),
    ofPerson: asksForPerson(play.trigger),
    exit: compile(play.exit, `${path}.exit`),
    goal: compile(play.goal, `${path}.goal`),
    keepGoing: play.keepGoing ?? false,
    entry: {
      if: compile(play.entry?.if, `${path}.entry.if`),
      atMost: play.entry?.atMost ?? null,
      every: durationOf(play.entry?.every),
    },
    steps,
  };
}

/** Whether a run at `step` still has this action before it, on any way. */
export function hasAhead(play: CompiledPlay, step: number, action: string): boolean {
  return play.steps.slice(step).some((one) => one.do === 'action' && one.action === action);
}

function compileSteps(into: PlayInstruction[], steps: readonly Step[], path: string, compile: Compile): void {
  steps.forEach((step, i) => {
    const at = `${path}[${i}]`;
    if (step.action !== undefined) into.push({ do: 'action', action: step.action });
    else if (step.exit) into.push({ do: 'exit' });
    else if (step.wait) {
      into.push({
        do: 'wait',
        for: durationOf(step.wait.for),
        until: compile(step.wait.until, `${at}.wait.until`),
        momentary: step.wait.until !== undefined && isMomentary(step.wait.until),
        at: step.wait.at === undefined ? null : timeOfDayMs(step.wait.at),
        businessHours: step.wait.businessHours ?? false,
      });
    } else if (step.branch) {
      const branch = {
        do: 'branch' as const,
        if: compile(step.branch.if, `${at}.branch.if`),
        share: step.branch.share ?? null,
        otherwise: 0,
      };
      into.push(branch);
      compileSteps(into, step.branch.then, `${at}.branch.then`, compile);
      const jump = { do: 'jump' as const, to: 0 };
      into.push(jump);
      branch.otherwise = into.length;
      compileSteps(into, step.branch.else ?? [], `${at}.branch.else`, compile);
      jump.to = into.length;
    }
  });
}

function durationOf(text: string | undefined): Duration | null {
  return text === undefined ? null : parseDuration(text);
}

export function timeOfDayMs(text: string): number {
  const [hours, minutes] = text.split(':').map(Number);
  return (hours! * 60 + minutes!) * 60_000;
}
