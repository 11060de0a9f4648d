/**
 * What is left of a subject once one of its people is erased: counts and scores that name nobody stay, everything that says who it was
 * goes. Pure.
 */
import { byId } from './people.ts';
import type { OutreachState } from './next-best-action/outreach-state.ts';
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

/** The same of a whole subject that is on its way to another. */
export function forgetEverywhere(subject: SubjectState, ids: ReadonlySet<string>): SubjectState {
  const journeys = Object.entries(subject.journeys).map(([name, journey]) => [name, withoutPerson(journey, ids)]);
  return { ...forgetPerson(subject, ids), journeys: Object.fromEntries(journeys) as SubjectState['journeys'] };
}

/** The same journey where it knew nothing of them. */
export function withoutPerson(journey: JourneyState, ids: ReadonlySet<string>): JourneyState {
  const gone = journey.people.filter(({ id }) => ids.has(id));
  const alerts = Object.entries(journey.alerts).map(([kind, alert]) => [kind, alertWithout(alert, ids)] as const);
  const outreach = outreachWithout(journey.outreach, ids);
  const changed =
    gone.length > 0 ||
    outreach !== journey.outreach ||
    journey.last.some(([, , , , , , , , personId]) => personId !== null && ids.has(personId)) ||
    alerts.some(([kind, alert]) => alert !== byKind(journey, kind));
  if (!changed) return journey;
  const { outreach: _outreach, ...rest } = journey;
  return {
    ...rest,
    ...(outreach ? { outreach } : {}),
    // Their touchpoints are gone from the timeline, and the two have to agree.
    touchpoints: journey.touchpoints - gone.reduce((sum, { touchpoints }) => sum + touchpoints, 0),
    people: journey.people.filter(({ id }) => byId(gone, id) === undefined),
    last: journey.last.filter(([, , , , , , , , personId]) => personId === null || !ids.has(personId)),
    alerts: Object.fromEntries(alerts),
  };
}

/** The action's texts were filled in with who it is about; a play goes on with nobody else. Its timers find nothing. */
function outreachWithout(outreach: OutreachState | undefined, ids: ReadonlySet<string>): OutreachState | undefined {
  if (!outreach) return undefined;
  const isTheirs = ({ personId }: { personId: string | null }): boolean => personId !== null && ids.has(personId);
  const { action, plays = [], requests = [], ...rest } = outreach;
  const isAbout = action !== undefined && isTheirs(action);
  const left = plays.filter((run) => !isTheirs(run));
  const named = requests.some(([, , personId]) => personId !== null && ids.has(personId));
  if (!isAbout && left.length === plays.length && !named) return outreach;
  const { about: _about, ...others } = rest;
  return {
    // What the last decision was about is open again: another person may be whom to talk to.
    ...(isAbout ? others : rest),
    ...(action && !isAbout ? { action } : {}),
    ...(outreach.plays ? { plays: left } : {}),
    ...(outreach.requests
      ? { requests: requests.map(([at, name, id]) => [at, name, id !== null && ids.has(id) ? null : id] as const) }
      : {}),
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
