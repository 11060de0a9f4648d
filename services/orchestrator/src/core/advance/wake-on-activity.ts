/** Ends a snooze "until activity" when the buyer does something: the alert is open again, within working hours. Decides nothing of dates. */
import { wakeAlert } from '../alert.ts';
import { alertMoment } from '../owner-hours.ts';
import { ALERT_KINDS } from '../state.ts';
import { setTimer, tellAlert, type Draft } from './draft.ts';
import { armEscalation } from './settle-stall.ts';

/** After an inbound touchpoint has had its say: what it resolved is not there any more. */
export function wakeOnActivity(draft: Draft): void {
  const { definition, now } = draft;
  for (const kind of ALERT_KINDS) {
    const alert = draft.journey.alerts[kind];
    if (!alert || alert.state !== 'snoozed' || alert.snoozedUntil !== null) continue;
    const opensAt = alertMoment(definition, draft.subject, draft.journey, now);
    const dated = { ...alert, snoozedUntil: opensAt };
    const woken = wakeAlert(dated, now);
    if (woken) {
      tellAlert(draft, 'alert.opened', woken);
      armEscalation(draft, kind, now);
    } else {
      draft.journey.alerts = { ...draft.journey.alerts, [kind]: dated };
      draft.changed = true;
      setTimer(draft, `snooze-${kind}`, opensAt);
    }
  }
}
