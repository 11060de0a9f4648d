/** What a person or an automation platform says of an action: accept, snooze, dismiss, and what became of it. */
import type { ActionCommand, ActionFact } from '@cairn/contracts/generated/action.ts';
import type { OpenAction } from '../next-best-action/outreach-state.ts';
import type { ActionTold } from '../render-action.ts';
import type { Draft } from './draft.ts';

const FACTS = { done: 'action.done', failed: 'action.failed', declined: 'action.declined' } as const;

export function takeActionCommand(draft: Draft, command: ActionCommand): void {
  const action = draft.journey.outreach?.action;
  if (!action || action.id !== command.actionId) return refuse(draft, command, 'not-open', 'The action is not open');
  const { by, note } = command;
  switch (command.command) {
    case 'accept':
      // A platform's 2xx may come after a person's own word.
      if (action.state === 'accepted') return refuse(draft, command, 'no-change', 'The action was accepted already');
      return change(draft, command, 'action.accepted', { ...action, state: 'accepted', snoozedUntil: null, by });
    case 'snooze': {
      if (command.until === null || command.until <= draft.now)
        return refuse(draft, command, 'no-change', 'until must lie ahead');
      return change(draft, command, 'action.snoozed', { ...action, state: 'snoozed', snoozedUntil: command.until, by });
    }
    case 'dismiss':
      return end(draft, command, action, { state: 'declined', outcome: 'declined', note, by });
    case 'result': {
      const outcome = command.outcome ?? 'done';
      return end(draft, command, action, { state: outcome, outcome, note, by });
    }
    default:
      return command.command satisfies never;
  }
}

function change(draft: Draft, { commandId }: ActionCommand, fact: ActionFact['type'], action: OpenAction): void {
  draft.journey.outreach = { ...draft.journey.outreach, action };
  draft.changed = true;
  draft.outputs.push({ type: 'action', fact, action, told: { state: action.state }, commandId });
}

function end(draft: Draft, { commandId }: ActionCommand, action: OpenAction, told: ActionTold): void {
  const { action: _ended, ...rest } = draft.journey.outreach!;
  draft.journey.outreach = rest;
  draft.changed = true;
  draft.outputs.push({ type: 'action', fact: FACTS[told.outcome!], action, told, commandId });
}

function refuse(draft: Draft, { commandId }: ActionCommand, code: string, message: string): void {
  draft.outputs.push({ type: 'action.refused', commandId, code, message });
}
