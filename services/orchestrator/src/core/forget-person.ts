/**
 * What is left of a subject once one of its people is erased: counts and scores that name nobody stay, everything that says who it was
 * goes. Pure.
 */
import { byId } from './people.ts';
import type { AlertState, JourneyState, SubjectState } from './state.ts';

/** `ids`: the person and everyone it absorbed. */
export function forgetPerson(subject: SubjectState, ids: ReadonlySet<string>): SubjectState {
  const aliases = Object.entries(subject.aliases ?? {}).filter(([from, to]) => !ids.has(from) && !ids.has(to));
  const { aliases: _before, ...rest } = subject;
  return {
    ...rest,
    people: subject.people.filter(({ id }) => !ids.has(id)),
    ...(aliases.length ? { aliases: Object.fromEntries(aliases) } : {}),
  };
}

/** The same journey where it knew nothing of them. */
export function withoutPerson(journey: JourneyState, ids: ReadonlySet<string>): JourneyState {
  const gone = journey.people.filter(({ id }) => ids.has(id));
  const alerts = Object.entries(journey.alerts).map(([kind, alert]) => [kind, alertWithout(alert, ids)] as const);
  const changed =
    gone.length > 0 ||
    journey.last.some(([, , , , , , , , personId]) => personId !== null && ids.has(personId)) ||
    alerts.some(([kind, alert]) => alert !== byKind(journey, kind));
  if (!changed) return journey;
  return {
    ...journey,
    // Their touchpoints are gone from the timeline, and the two have to agree.
    touchpoints: journey.touchpoints - gone.reduce((sum, { touchpoints }) => sum + touchpoints, 0),
    people: journey.people.filter(({ id }) => byId(gone, id) === undefined),
    last: journey.last.filter(([, , , , , , , , personId]) => personId === null || !ids.has(personId)),
    alerts: Object.fromEntries(alerts),
  };
}

const byKind = ({ alerts }: JourneyState, kind: string): AlertState | undefined =>
  alerts[kind as keyof JourneyState['alerts']];

export function alertWithout(alert: AlertState, ids: ReadonlySet<string>): AlertState {
  const { quietPersonId, lastTouchpoints } = alert.reason;
  const isQuiet = quietPersonId !== null && ids.has(quietPersonId);
  const left = lastTouchpoints.filter(({ personId }) => personId === null || !ids.has(personId));
  if (!isQuiet && left.length === lastTouchpoints.length) return alert;
  return {
    ...alert,
    reason: { ...alert.reason, quietPersonId: isQuiet ? null : quietPersonId, lastTouchpoints: left },
  };
}
