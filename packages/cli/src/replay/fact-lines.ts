/** Facts of the core → lines of alerts.jsonl, transitions.jsonl and actions.jsonl (API.md section 7). Shows, decides nothing. */
import { formatInstant } from '@cairn/clock/calendar.ts';
import type { ActionFact } from '@cairn/contracts/generated/action.ts';
import type { AlertFact } from '@cairn/contracts/generated/alert.ts';
import type { JourneyChanged } from '@cairn/contracts/generated/journey.ts';
import type { SubjectName } from '@cairn/replay/subjects.ts';

export interface AlertLine {
  at: string;
  type: AlertFact['type'];
  journeyId: string;
  subject: SubjectName;
  stage: string;
  kind: AlertFact['alert']['kind'];
  silentFor: string;
  normalPause: string | null;
  probability: number | null;
  resolvedBy: AlertFact['alert']['resolvedBy'];
  alertId: string;
  owner: string | null;
  text: string;
}

export function alertLine(fact: AlertFact, subject: SubjectName): AlertLine {
  const { alert } = fact;
  const { text, silentFor, normalPause, probability } = alert.reason;
  return {
    at: formatInstant(fact.at),
    type: fact.type,
    journeyId: alert.journeyId,
    subject,
    stage: alert.stage,
    kind: alert.kind,
    silentFor,
    normalPause,
    probability,
    resolvedBy: alert.resolvedBy,
    alertId: alert.id,
    owner: alert.owner ?? null,
    text,
  };
}

export interface TransitionLine {
  at: string;
  type: `journey.${JourneyChanged['events'][number]}`;
  journeyId: string;
  subject: SubjectName;
  from: string | null;
  to: string | null;
  stage: string;
  /** What caused it; null where time did. */
  touchpointId: string | null;
  event: string | null;
}

export function transitionLines(fact: JourneyChanged, subject: SubjectName): TransitionLine[] {
  const { journey, touchpoint } = fact;
  return fact.events.map((event) => ({
    at: formatInstant(fact.at),
    type: `journey.${event}`,
    journeyId: journey.id,
    subject,
    ...turnOf(fact, event),
    stage: journey.stage,
    touchpointId: touchpoint?.id ?? null,
    event: touchpoint?.event ?? null,
  }));
}

function turnOf(
  { journey, from }: JourneyChanged,
  event: JourneyChanged['events'][number],
): { from: string | null; to: string | null } {
  switch (event) {
    case 'stage_changed':
      return { from, to: journey.stage };
    case 'won':
    case 'lost':
      return { from: from ?? journey.stage, to: event };
    case 'qualified':
      return { from: null, to: journey.score.qualification };
    case 'stalled':
      return { from: 'active', to: 'stalled' };
    case 'resumed':
      return { from: 'stalled', to: 'active' };
    case 'absorbed':
      return { from: null, to: journey.absorbedInto };
    case 'rederived':
      return { from, to: journey.stage };
    default:
      return event satisfies never;
  }
}

export function actionLine({ at, type, action }: ActionFact, subject: SubjectName): Record<string, unknown> {
  const { workspace: _workspace, journeyId, subject: _ref, ...rest } = action;
  return { at: formatInstant(at), type, journeyId, subject, ...rest };
}
