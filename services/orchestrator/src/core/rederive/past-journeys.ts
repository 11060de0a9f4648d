/**
 * A subject's journeys made anew from its touchpoints: the same core over the past, on the clock of the past, timers included.
 * Nothing of it is told to anybody: of what comes out only the state and the timers that still stand are kept.
 */
import type { AccountSummary, PastTouchpoint, PersonSummary, SubjectRef } from '@cairn/contracts/generated/stitched.ts';
import { advanceJourney } from '../advance-journey.ts';
import type { TimerPurpose } from '../journey-input.ts';
import type { CompiledDefinition } from '../definition/compile-definition.ts';
import type { JourneyModels } from '../learn/predict.ts';
import { journeyIdOf, slotOf } from '../render-journey.ts';
import type { SubjectState } from '../state.ts';
import { newSubject, seeSubject } from '../subject.ts';
import { accountThen, accountTraitsAfter, personThen, personTraitsAfter, type PastTraits } from './past-traits.ts';

/** Plain JSON: it is kept between two pages. */
export interface PastJourneys {
  /** By slot: the subject, and under an account those of its people who are asked for. */
  places: Readonly<Record<string, PastPlace>>;
  people: Readonly<Record<string, PastTraits>>;
  account: PastTraits;
}

export interface PastPlace {
  subject: SubjectState;
  timers: readonly PastTimer[];
}

export type PastTimer = readonly [definition: string, purpose: TimerPurpose, dueAt: number];

export interface PastScope {
  workspace: string;
  subject: SubjectRef;
  /** As it is now; null for a person. */
  account: AccountSummary | null;
  definitions: readonly CompiledDefinition[];
  modelsOf: (definition: string) => JourneyModels;
  /** What is known of a person now. */
  personOf: (id: string) => PersonSummary | null;
  /** Whose own journeys within the account are made anew, too. */
  within: ReadonlySet<string>;
}

export const NO_PAST: PastJourneys = { places: {}, people: {}, account: {} };

export function takePast(scope: PastScope, before: PastJourneys, past: PastTouchpoint): PastJourneys {
  const { touchpoint, personId, stitchedAt } = past;
  const known = personId === null ? null : personTraitsAfter(before.people[personId] ?? {}, touchpoint);
  const accountTraits = accountTraitsAfter(before.account, touchpoint);
  const person = personId === null ? null : personThen(scope.personOf(personId), personId, known!);
  const account = scope.account && accountThen(scope.account, accountTraits);
  const draft = firePast(scope, before, stitchedAt);
  const places = { ...draft.places };

  function touch(ref: SubjectRef, host: string | null, definitions: readonly CompiledDefinition[]): void {
    if (definitions.length === 0) return;
    const slot = slotOf({ id: ref.id, host });
    const place = places[slot] ?? { subject: newSubject(ref, host), timers: [] };
    const subject = seeSubject(place.subject, person, account, stitchedAt);
    let next: PastPlace = { ...place, subject };
    for (const definition of definitions)
      next = advanced(scope, next, definition, stitchedAt, {
        type: 'touchpoint',
        touchpoint,
        person,
        account,
        seqBefore: 0,
        cause: touchpoint.id,
      });
    places[slot] = next;
  }

  const { subject, definitions, within } = scope;
  if (subject.unit === 'person') touch(subject, null, definitions);
  else {
    touch(subject, null, ofUnit(definitions, 'account'));
    if (personId !== null && within.has(personId))
      touch({ unit: 'person', id: personId }, subject.id, ofUnit(definitions, 'person'));
  }
  return {
    places,
    people: known === null ? before.people : { ...before.people, [personId!]: known },
    account: accountTraits,
  };
}

/** What was due by then has happened: in the order of time, as it would have. */
export function firePast(scope: PastScope, before: PastJourneys, now: number): PastJourneys {
  let places = before.places;
  for (;;) {
    const due = nextDue(places, now);
    if (!due) return places === before.places ? before : { ...before, places };
    const [slot, timer] = due;
    const [name, purpose, dueAt] = timer;
    const place = places[slot]!;
    const rest: PastPlace = { ...place, timers: place.timers.filter((other) => other !== timer) };
    const definition = scope.definitions.find((one) => one.name === name);
    const input = { type: 'timer' as const, purpose, cause: `timer ${purpose}` };
    const journey = place.subject.journeys[name];
    places = { ...places, [slot]: definition && journey ? advanced(scope, rest, definition, dueAt, input) : rest };
  }
}

function nextDue(places: PastJourneys['places'], now: number): [string, PastTimer] | null {
  let first: [string, PastTimer] | null = null;
  for (const [slot, { timers }] of Object.entries(places))
    for (const timer of timers)
      if (timer[2] <= now && (first === null || timer[2] < first[1][2])) first = [slot, timer];
  return first;
}

function advanced(
  scope: PastScope,
  place: PastPlace,
  definition: CompiledDefinition,
  now: number,
  input: Parameters<typeof advanceJourney>[2] extends infer T
    ? T extends { type: 'touchpoint' | 'timer' }
      ? Omit<T, 'journeyId' | 'subject' | 'now'>
      : never
    : never,
): PastPlace {
  const { subject } = place;
  const { name } = definition;
  const journeyId = journeyIdOf({ workspace: scope.workspace, subject, definition });
  const models = (): JourneyModels => scope.modelsOf(name);
  const result = advanceJourney(definition, subject.journeys[name] ?? null, {
    ...input,
    journeyId,
    subject,
    now,
    models,
  });
  if (!result) return place;
  let timers = place.timers;
  for (const output of result.outputs) {
    if (output.type !== 'timer') continue;
    const { purpose, dueAt } = output;
    timers = timers.filter((timer) => timer[0] !== name || timer[1] !== purpose);
    // Never due at once: two timers that arm each other would fire for ever within one instant.
    if (dueAt !== null) timers = [...timers, [name, purpose, Math.max(dueAt, now + 1)]];
  }
  return { subject: { ...subject, journeys: { ...subject.journeys, [name]: result.journey } }, timers };
}

function ofUnit(definitions: readonly CompiledDefinition[], unit: 'account' | 'person'): readonly CompiledDefinition[] {
  return definitions.filter((definition) => definition.unit === unit);
}

/** Without actions and plays: the past asks nobody to do anything. */
export function muted(definition: CompiledDefinition): CompiledDefinition {
  return {
    ...definition,
    owners: [],
    budget: null,
    outreach: { ...definition.outreach, isEmpty: true, actions: [], plays: [] },
  };
}
