/**
 * A new version of a definition and the journeys that are open: each meets it in a step of its own group, a few milliseconds apart, so that
 * touchpoints go on in between. What a journey makes of it is the core's.
 */
import { isMoved, type MovedSubject, type SubjectState } from '../core/state.ts';
import { advanceKeys } from './advance-keys.ts';
import { advanceSubject, type AdvanceScope } from './advance-subject.ts';
import type { DeliverWork } from './deliver-work.ts';

interface Group {
  workspace: string;
  definition: string;
  keys: readonly string[];
}

/** Some 10 ms of work. */
const SUBJECTS_A_STEP = 200;
/** 100,000 subjects are through in 5 s of log time. */
const STEP_EVERY_MS = 10;
const STEP = 'step';
const ADOPTIONS = '@adoption/';

/** Only names are listed here, no subject is read. */
export function startAdoption(work: DeliverWork, workspace: string, definition: string, now: number): void {
  const keys = [...work.keys(advanceKeys.subjectsOf(workspace))];
  for (let first = 0; first < keys.length; first += SUBJECTS_A_STEP) {
    const number = first / SUBJECTS_A_STEP;
    const key = `${advanceKeys.adoption(workspace, definition)}/${number}`;
    work.set(key, { workspace, definition, keys: keys.slice(first, first + SUBJECTS_A_STEP) } satisfies Group);
    work.timer(key, STEP, now + 1 + number * STEP_EVERY_MS);
  }
}

/** Null: the timer is no step of an adoption. */
export function groupOf(work: DeliverWork, key: string): Group | null {
  return key.startsWith(ADOPTIONS) ? (work.get<Group>(key) ?? null) : null;
}

export function takeAdoptionStep(scope: AdvanceScope, key: string, group: Group): void {
  const { work, definitions } = scope;
  work.set(key, null);
  const concerned = definitions.filter(({ name }) => name === group.definition);
  for (const place of group.keys) {
    const subject = work.get<SubjectState | MovedSubject>(place);
    if (!subject || isMoved(subject)) continue;
    advanceSubject(scope, subject, concerned, (definition, journey) =>
      journey && journey.version !== definition.version
        ? { type: 'definition', cause: `definition ${definition.name} ${definition.version}` }
        : null,
    );
  }
}
