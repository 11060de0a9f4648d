/** Facts → the lines of a story, in the words of whoever reads it. Shows, decides nothing. */
import { formatInstant } from '@cairn/clock/calendar.ts';
import type { ActionFact } from '@cairn/contracts/generated/action.ts';
import type { AlertFact } from '@cairn/contracts/generated/alert.ts';
import type { JourneyChanged } from '@cairn/contracts/generated/journey.ts';

/** Keys that say nothing are left out. */
export type StoryLine = Record<string, unknown> & { at: string };

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
