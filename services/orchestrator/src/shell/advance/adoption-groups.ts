/** The groups in which open journeys meet a new version of their definition, as state with a timer each. Lists names; reads no subject. */
import { advanceKeys } from './advance-keys.ts';
import type { DeliverWork } from '../deliver/deliver-work.ts';

export interface AdoptionGroup {
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

export function startAdoption(work: DeliverWork, workspace: string, definition: string, now: number): void {
  const keys = [...work.keys(advanceKeys.subjectsOf(workspace))];
  for (let first = 0; first < keys.length; first += SUBJECTS_A_STEP) {
    const number = first / SUBJECTS_A_STEP;
    const key = `${advanceKeys.adoption(workspace, definition)}/${number}`;
    work.set(key, { workspace, definition, keys: keys.slice(first, first + SUBJECTS_A_STEP) } satisfies AdoptionGroup);
    work.timer(key, STEP, now + 1 + number * STEP_EVERY_MS);
  }
}

/** Null: the timer is no step of an adoption. */
export function groupOf(work: DeliverWork, key: string): AdoptionGroup | null {
  return key.startsWith(ADOPTIONS) ? (work.get<AdoptionGroup>(key) ?? null) : null;
}
