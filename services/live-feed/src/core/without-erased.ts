/**
 * What may still be shown of a record that was written before somebody in it was erased: the topics keep it until their retention is
 * over, readers must not see who it was. Pure. The same object where it names nobody who was erased; null where nothing may be shown.
 */
import type { ActionFact } from '@cairn/contracts/generated/action.ts';
import type { Alert, AlertFact } from '@cairn/contracts/generated/alert.ts';
import type { Journey, JourneyChanged } from '@cairn/contracts/generated/journey.ts';

export type IsErased = (personId: string) => boolean;

export function journeyFactWithout(fact: JourneyChanged, isErased: IsErased): JourneyChanged | null {
  const { journey, touchpoint } = fact;
  if (isErased(journey.subject.id)) return null;
  const isTheirs = isSomebody(touchpoint?.personId, isErased);
  const left = journeyWithout(journey, isErased);
  if (!isTheirs && left === journey) return fact;
  // The head has names in its text for searching: made anew of what is left.
  const { head: _head, ...rest } = fact;
  return { ...rest, touchpoint: isTheirs ? null : touchpoint, journey: left };
}

export function alertFactWithout(fact: AlertFact, isErased: IsErased): AlertFact | null {
  if (isErased(fact.alert.subject.id)) return null;
  const alert = alertWithout(fact.alert, isErased);
  return alert === fact.alert ? fact : { ...fact, alert };
}

/** Of somebody else's journey: silence, probability and words stay, they name nobody. */
export function alertWithout(alert: Alert, isErased: IsErased): Alert {
  const { reason, nextBestAction } = alert;
  const isQuiet = isSomebody(reason.quietPersonId, isErased);
  const lastTouchpoints = reason.lastTouchpoints.filter(({ personId }) => !isSomebody(personId, isErased));
  const isAbout = isActionAbout(nextBestAction, isErased);
  if (!isQuiet && !isAbout && lastTouchpoints.length === reason.lastTouchpoints.length) return alert;
  return {
    ...alert,
    reason: { ...reason, quietPersonId: isQuiet ? null : reason.quietPersonId, lastTouchpoints },
    nextBestAction: isAbout ? null : nextBestAction,
  };
}

function journeyWithout(journey: Journey, isErased: IsErased): Journey {
  const people = journey.people.filter(({ id }) => !isErased(id));
  const alerts = journey.alerts.map((alert) => alertWithout(alert, isErased));
  const isAbout = isActionAbout(journey.nextBestAction, isErased);
  const isSame =
    !isAbout &&
    people.length === journey.people.length &&
    alerts.every((alert, place) => alert === journey.alerts[place]);
  return isSame ? journey : { ...journey, people, alerts, nextBestAction: isAbout ? null : journey.nextBestAction };
}

/** Nothing is left of an action that was about them: its texts were filled in with who it is. */
export function actionFactWithout(fact: ActionFact, isErased: IsErased): ActionFact | null {
  const { action } = fact;
  return isErased(action.subject.id) || isActionAbout({ ...action }, isErased) ? null : fact;
}

/** Its texts were filled in with who it is about. */
function isActionAbout(action: Readonly<Record<string, unknown>> | null, isErased: IsErased): boolean {
  const person = action?.person as { id?: unknown } | null | undefined;
  return typeof person?.id === 'string' && isErased(person.id);
}

const isSomebody = (personId: string | null | undefined, isErased: IsErased): boolean =>
  typeof personId === 'string' && isErased(personId);
