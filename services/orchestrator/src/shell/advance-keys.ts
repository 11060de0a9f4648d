/** Where the advance task keeps what, in each partition of `journey-inbox`. Workspace and subject ids hold no slash. */
import { keyOf } from '@cairn/contracts/topics.ts';
import { slotOf } from '../core/render-journey.ts';
import type { SubjectState } from '../core/state.ts';

export const advanceKeys = {
  /** A subject: `SubjectState`, or `MovedSubject` once it was absorbed. */
  subject: (workspace: string, subject: Pick<SubjectState, 'id' | 'host'>): string =>
    keyOf.subject(workspace, slotOf(subject)),
  /** Those of an account's people who have journeys of their own (definitions of unit person). */
  peopleWithin: (workspace: string, accountId: string): string => keyOf.subject(workspace, `${accountId}~`),
  /** Everything of a workspace's subjects. */
  subjectsOf: (workspace: string): string => `${workspace}/`,
  /** Which definitions a workspace has: name → version and time. */
  definitions: (workspace: string): string => `@definitions/${workspace}`,
  definition: (workspace: string, name: string): string => `@definition/${workspace}/${name}`,
  /** A workspace's endpoints by id, without their secrets. */
  endpoints: (workspace: string): string => `@endpoints/${workspace}`,
  /** What is learned of the pauses under a definition. */
  pace: (workspace: string, definition: string): string => `@pace/${workspace}/${definition}`,
};

/** `workspace/slot` → both. */
export function readSubjectKey(key: string): { workspace: string; slot: string } {
  const slash = key.indexOf('/');
  return { workspace: key.slice(0, slash), slot: key.slice(slash + 1) };
}

/** A timer's purpose among those of its subject. */
export const timerPurpose = (definition: string, purpose: string): string => `${definition}/${purpose}`;

export function readTimerPurpose(text: string): { definition: string; purpose: string } {
  const slash = text.indexOf('/');
  return { definition: text.slice(0, slash), purpose: text.slice(slash + 1) };
}
