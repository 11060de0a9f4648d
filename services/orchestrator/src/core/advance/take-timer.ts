/** A timer of a journey is due: a stall, an alert that nobody acknowledged, the end of a snooze. */
import type { TimerPurpose } from '../journey-input.ts';
import { alertMoment } from '../owner-hours.ts';
import { escalateAlert, wakeAlert } from '../alert.ts';
import type { AlertKind } from '../state.ts';
import { setTimer, tellAlert, type Draft } from './draft.ts';
import { fireBudget } from './follow-budget.ts';
import { fireLearn } from './follow-silence.ts';
import { fireTime } from './follow-time.ts';
import { settleRoles } from './settle-roles.ts';
import { armEscalation, fireStall } from './settle-stall.ts';

export function takeTimer(draft: Draft, purpose: TimerPurpose): void {
  // What is due of actions and plays is looked at after every input.
  if (purpose === 'action' || purpose === 'label' || purpose === 'play') return;
  if (purpose === 'time') return fireTime(draft);
  if (purpose === 'stall') return fireStall(draft);
  if (purpose === 'budget') return fireBudget(draft);
  if (purpose === 'learn') return fireLearn(draft);
  if (purpose === 'roles') return settleRoles(draft);
  const kind = purpose.slice(purpose.indexOf('-') + 1) as AlertKind;
  const alert = draft.journey.alerts[kind];
  if (!alert) return;
  if (purpose.startsWith('escalate-')) {
    // The account may have another owner since it was set.
    const { definition, subject, journey, now } = draft;
    const at = definition.ownerHours.size > 0 ? alertMoment(definition, subject, journey, now) : now;
    if (at > now) return setTimer(draft, purpose, at);
    const escalated = escalateAlert(alert, draft.now);
    if (escalated) tellAlert(draft, 'alert.escalated', escalated);
    return;
  }
  const woken = wakeAlert(alert, draft.now);
  if (!woken) {
    // Snoozed anew meanwhile, for longer.
    if (alert.snoozedUntil !== null) setTimer(draft, purpose, alert.snoozedUntil);
    return;
  }
  tellAlert(draft, 'alert.opened', woken);
  armEscalation(draft, kind, draft.now);
}
