/** Journeys and people that turn out to be one: what was absorbed arrives, and the clock is set by both. */
import { mergeJourneys, mergeTraces, unarmed } from '../merge-subjects.ts';
import { mergeOutreach } from '../next-best-action/outreach-state.ts';
import { byId, withItem, without } from '../people.ts';
import { mergeSilences } from '../stall/learned/silence.ts';
import { qualificationNow } from './score-now.ts';
import { closeAlert, setTimer, type Draft } from './draft.ts';
import { armEscalation, settleStall } from './settle-stall.ts';
import type { JourneyState } from '../state.ts';

export function takeMergedJourney(draft: Draft, other: JourneyState): void {
  draft.changed = true;
  if (draft.isNew) {
    draft.journey.stall = unarmed(draft.journey.stall);
    const silence = mergeSilences(undefined, draft.journey.silence);
    if (silence) draft.journey.silence = silence;
    const { outreach } = mergeOutreach(other.outreach, undefined);
    if (outreach) draft.journey.outreach = outreach;
  } else merge(draft, other);
  settleStall(draft, { by: 'merge', imported: false, lag: draft.journey.stall.lag });
  rearmAlerts(draft);
  draft.journey.qualification = qualificationNow(draft);
}

function merge(draft: Draft, other: JourneyState): void {
  const before = draft.journey;
  const { journey, dropped, droppedAction } = mergeJourneys(draft.definition, before, other);
  // Two journeys had each an alert of one kind; the older one goes on.
  for (const alert of dropped) {
    draft.journey = { ...before, alerts: { [alert.kind]: alert } };
    closeAlert(draft, alert.kind, null, 'merge');
  }
  draft.journey = { ...journey, seq: before.seq };
  if (droppedAction) {
    const told = { state: 'superseded' as const, suppressedBy: 'merge' };
    draft.outputs.push({ type: 'action', fact: 'action.superseded', action: droppedAction, told, commandId: null });
  }
  if (journey.stage === before.stage) return;
  draft.events.push('stage_changed');
  draft.from = before.stage;
}

export function takeMergedPeople(draft: Draft, from: string, into: string): void {
  const { people } = draft.journey;
  const absorbed = byId(people, from);
  if (!absorbed) return;
  const living = byId(people, into);
  const trace = living ? mergeTraces(living, absorbed) : { ...absorbed, id: into };
  draft.journey.people = withItem(without(people, from), trace);
  draft.journey.last = draft.journey.last.map((touchpoint) =>
    touchpoint[8] === from ? [...touchpoint.slice(0, 8), into, touchpoint[9]] : touchpoint,
  ) as unknown as JourneyState['last'];
  const { outreach } = draft.journey;
  if (outreach?.action?.personId === from)
    draft.journey.outreach = { ...outreach, action: { ...outreach.action, personId: into } };
  draft.changed = true;
}

/** Timers are not sent along with a state: those of the alerts that came with it are set here. */
function rearmAlerts(draft: Draft): void {
  for (const alert of Object.values(draft.journey.alerts)) {
    if (alert.state === 'snoozed' && alert.snoozedUntil !== null)
      setTimer(draft, `snooze-${alert.kind}`, Math.max(alert.snoozedUntil, draft.now + 1));
    if (alert.state === 'open' && !alert.history.some(([, state]) => state === 'escalated'))
      armEscalation(draft, alert.kind, alert.openedAt);
  }
}
