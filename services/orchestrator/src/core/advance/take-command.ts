/** What a person does with an alert: acknowledge, snooze, resolve. Refused with a reason where the alert is not open to it. */
import type { AlertCommand } from '@cairn/contracts/generated/alert.ts';
import { acknowledgeAlert, snoozeAlert } from '../alert.ts';
import type { AlertState } from '../state.ts';
import { withVerdict } from '../verdict.ts';
import { closeAlert, setTimer, tellAlert, type Draft } from './draft.ts';

export function takeCommand(draft: Draft, command: AlertCommand): void {
  const { now, journey } = draft;
  const { commandId, by } = command;
  const alert = Object.values(journey.alerts).find((open) => open.id === command.alertId);
  if (!alert) return refuse(draft, commandId, 'not-open', 'The alert is not open');
  switch (command.command) {
    case 'acknowledge':
      return tell(draft, command, 'alert.acknowledged', acknowledgeAlert(alert, now, by));
    case 'snooze': {
      const snoozed = snoozeAlert(alert, now, command.until, by);
      tell(draft, command, 'alert.snoozed', snoozed);
      if (snoozed) setTimer(draft, `snooze-${alert.kind}`, snoozed.snoozedUntil);
      return;
    }
    case 'resolve':
      journey.judged = withVerdict(draft.definition, journey, alert.kind, command.verdict, now);
      closeAlert(draft, alert.kind, 'person', by, { verdict: command.verdict, commandId });
      // Handled: not marked any more, and no second alert of the same silence.
      if (alert.kind === 'stall' && journey.status === 'stalled') {
        journey.status = 'active';
        draft.events.push('resumed');
      }
      return;
    default:
      return command.command satisfies never;
  }
}

function tell(
  draft: Draft,
  command: AlertCommand,
  fact: 'alert.acknowledged' | 'alert.snoozed',
  next: AlertState | null,
): void {
  if (!next)
    return refuse(draft, command.commandId, 'no-change', `The alert cannot be ${fact.slice('alert.'.length)} now`);
  setTimer(draft, `escalate-${next.kind}`, null);
  tellAlert(draft, fact, next, command.commandId);
}

function refuse(draft: Draft, commandId: string, code: string, message: string): void {
  draft.outputs.push({ type: 'refused', commandId, code, message });
}
