/** Whose a journey is, in the words of the outside: the person's userId, or the account's groupId, else its domain. */
import type { JourneyState, MovedSubject, SubjectState } from '@cairn/orchestrator/core/state.ts';
import { isMoved } from '@cairn/orchestrator/core/state.ts';
import { byId } from '@cairn/orchestrator/core/people.ts';
import type { TaskState } from '@cairn/task/task.ts';

export interface SubjectName {
  unit: 'account' | 'person';
  key: string;
}

export function nameOfSubject(subject: Pick<SubjectState, 'unit' | 'id' | 'account' | 'people'>): SubjectName {
  const { unit, id } = subject;
  if (unit === 'account') return { unit, key: subject.account?.groupId ?? subject.account?.domain ?? id };
  const person = byId(subject.people, id);
  return { unit, key: person?.userId ?? person?.email ?? id };
}

/** Every journey by its id: where its subject is kept. Of those that go on, which; in the order in which they began. */
export interface Journeys {
  /** A fact told of a journey: it is there. */
  see(journeyId: string, stateKey: string, isOpen: boolean): void;
  stateKey(journeyId: string): string | undefined;
  /** Neither won, lost nor absorbed. */
  open(): Iterable<[journeyId: string, stateKey: string]>;
  /** Where the subjects of all of them are kept. */
  places(): Iterable<string>;
}

export function createJourneys(): Journeys {
  const places = new Map<string, string>();
  const open = new Map<string, string>();
  return {
    see(journeyId, stateKey, isOpen) {
      if (!places.has(journeyId)) places.set(journeyId, stateKey);
      if (isOpen && !open.has(journeyId)) open.set(journeyId, stateKey);
      else if (!isOpen) open.delete(journeyId);
    },
    stateKey: (journeyId) => places.get(journeyId),
    open: () => open,
    places: () => places.values(),
  };
}

/** Null where the subject has moved, or never had this journey. */
export function readJourney(
  state: TaskState,
  stateKey: string,
  definition: string,
): { subject: SubjectState; journey: JourneyState } | null {
  const subject = state.get<SubjectState | MovedSubject>(stateKey);
  if (!subject || isMoved(subject)) return null;
  const journey = subject.journeys[definition];
  return journey ? { subject, journey } : null;
}
