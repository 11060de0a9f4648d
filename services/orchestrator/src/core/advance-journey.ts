/**
 * The heart: a journey and one input → the journey after it, and what is to be told. Pure: the same inputs in the same order give
 * the same journeys, alerts and timers, whenever they are run.
 */
import { adoptVersion } from './advance/adopt-version.ts';
import { takeCommand } from './advance/take-command.ts';
import { finishDraft, startDraft, type Draft } from './advance/draft.ts';
import { takeActionCommand } from './advance/take-action-command.ts';
import { settleOutreach } from './advance/settle-outreach.ts';
import { grantStall, hasEnded, leaveStall } from './advance/settle-stall.ts';
import { takeMergedJourney, takeMergedPeople } from './advance/take-merge.ts';
import { takeTimer } from './advance/take-timer.ts';
import { takeTouchpoint } from './advance/take-touchpoint.ts';
import type { CompiledDefinition } from './definition/compile-definition.ts';
import type { JourneyState } from './state.ts';
import type { JourneyInput, Advanced } from './journey-input.ts';

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
    case 'budget.granted':
      return grantStall(draft, input.askedAt);
    case 'definition':
      // Whatever is not over shows which version it goes by.
      if (!hasEnded(draft.journey)) draft.changed = true;
      return;
    case 'absorbed':
      leaveStall(draft);
      draft.changed = true;
      draft.absorbedInto = input.into;
      draft.events.push('absorbed');
      return;
    default:
      return input satisfies never;
  }
}
