/** Facts → the lines of a story, in the words of whoever reads it. Shows, decides nothing. */
import { formatInstant } from '@cairn/clock/calendar.ts';
import type { ActionFact } from '@cairn/contracts/generated/action.ts';
import type { AlertFact } from '@cairn/contracts/generated/alert.ts';
import type { JourneyChanged } from '@cairn/contracts/generated/journey.ts';

/** Keys that say nothing are left out. */
export type StoryLine = Record<string, unknown> & { at: string };

/** Every `what` of a line. The records make the compiler say when a fact is missing. */
export const WHATS: readonly string[] = [
  ...Object.keys({
    stage_changed: 0,
    qualified: 0,
    won: 0,
    lost: 0,
    absorbed: 0,
    stalled: 0,
    resumed: 0,
    rederived: 0,
  } satisfies Record<JourneyChanged['events'][number], 0>).map((event) => `journey.${event}`),
  ...Object.keys({
    'alert.opened': 0,
    'alert.acknowledged': 0,
    'alert.snoozed': 0,
    'alert.escalated': 0,
    'alert.resolved': 0,
  } satisfies Record<AlertFact['type'], 0>),
  ...Object.keys({
    'action.chosen': 0,
    'action.requested': 0,
    'action.accepted': 0,
    'action.snoozed': 0,
    'action.done': 0,
    'action.failed': 0,
    'action.declined': 0,
    'action.expired': 0,
    'action.suppressed': 0,
    'action.superseded': 0,
    'action.withdrawn': 0,
  } satisfies Record<ActionFact['type'], 0>),
];

export function changeLines({ at, events, from, journey }: JourneyChanged): StoryLine[] {
  return events.map((event) => ({
    at: formatInstant(at),
    journey: journey.name ?? journey.id,
    what: `journey.${event}`,
    ...(event === 'stage_changed' ? { from, to: journey.stage } : {}),
    ...(event === 'qualified' ? { as: journey.score.qualification } : {}),
  }));
}

export function alertLine({ at, type, alert, journey }: AlertFact, nameOf: (personId: string) => string): StoryLine {
  const { reason, resolvedBy, owner } = alert;
  const quiet = reason.quietPersonId;
  return {
    at: formatInstant(at),
    journey: journey['name'] ?? alert.journeyId,
    what: type,
    kind: alert.kind,
    stage: alert.stage,
    ...(type === 'alert.opened' ? { text: reason.text } : {}),
    ...(type === 'alert.opened' && quiet !== null ? { quiet: nameOf(quiet) } : {}),
    ...(type === 'alert.opened' && alert.nextBestAction ? { next: alert.nextBestAction['title'] } : {}),
    ...(type === 'alert.opened' && owner !== null ? { owner } : {}),
    ...(type === 'alert.resolved' ? { resolvedBy } : {}),
    ...(alert.verdict === null ? {} : { verdict: alert.verdict }),
  };
}

/** The decision beside what came of it: propensities differ by id, so a story does not tell them. */
export function actionLine({ at, type, action, journey }: ActionFact): StoryLine {
  return {
    at: formatInstant(at),
    journey: journey['name'] ?? action.journeyId,
    what: type,
    action: action.name,
    ...(type === 'action.requested' ? { title: action.title, reason: action.reason } : {}),
    ...(type === 'action.requested' && action.person ? { person: action.person.name } : {}),
    ...(action.play === null ? {} : { play: action.play }),
    ...(action.suppressedBy === null ? {} : { why: action.suppressedBy }),
    ...(action.holdout ? { holdout: true } : {}),
    ...(action.note === null ? {} : { note: action.note }),
  };
}
