/** Where the advance task keeps what, in each partition of `journey-inbox`. Workspace and subject ids hold no slash. */
import { idOf } from '@cairn/contracts/ids.ts';
import { keyOf } from '@cairn/contracts/topics.ts';
import { slotOf } from '../../core/render-journey.ts';
import type { SubjectState } from '../../core/state.ts';

const LESSONS = '@lessons/';
const BUDGET = '@budget/';
const TALLY = '@tally/';
/** A key of the state has room for some hundred bytes. */
const OWNER_CHARS = 100;

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
  /** What an older version said: plays that began with it finish on it. */
  definitionVersion: (workspace: string, name: string, version: number): string =>
    `@definition-version/${workspace}/${name}/${version}`,
  /** What is learned and counted of a definition's actions. */
  memory: (workspace: string, definition: string): string => `@memory/${workspace}/${definition}`,
  /** A definition that is new to journeys that go on: how far it got. */
  adoption: (workspace: string, definition: string): string => `@adoption/${workspace}/${definition}`,
  /** A workspace's endpoints by id, without their secrets. */
  endpoints: (workspace: string): string => `@endpoints/${workspace}`,
  /** What is learned of the pauses under a definition. */
  pace: (workspace: string, definition: string): string => `@pace/${workspace}/${definition}`,
  /** What is learned of winning. */
  win: (workspace: string, definition: string): string => `@win/${workspace}/${definition}`,
  /** An owner's slots of a day, and what their threshold is chosen from. */
  budget: (workspace: string, definition: string, owner: string): string =>
    `${BUDGET}${workspace}/${definition}/${plainOwner(owner)}`,
  tally: (workspace: string, definition: string, owner: string): string =>
    `${TALLY}${workspace}/${definition}/${plainOwner(owner)}`,
  /** Which partition keeps an owner's budget. */
  budgetDesk: (workspace: string, definition: string, owner: string): string =>
    keyOf.subject(workspace, `@budget/${definition}/${plainOwner(owner)}`),
  /** Probabilities that budgets chose, by owner. */
  thresholds: (workspace: string, definition: string): string => `@thresholds/${workspace}/${definition}`,
  /** Lessons that may be learned from a time on (number of buckets since 1970). */
  lessons: (workspace: string, definition: string, bucket: number): string =>
    `${LESSONS}${workspace}/${bucket}/${definition}`,
  /** A full list of them. */
  lessonList: (workspace: string, definition: string, bucket: number, list: number): string =>
    `@lesson-list/${workspace}/${bucket}/${list}/${definition}`,
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

/** Owners are called as the CRM calls them. */
function plainOwner(owner: string): string {
  return owner.length <= OWNER_CHARS ? owner : idOf('own', owner);
}

export function isBudgetKey(key: string): boolean {
  return key.startsWith(BUDGET) || key.startsWith(TALLY);
}

export function isLessonsKey(key: string): boolean {
  return key.startsWith(LESSONS);
}

export function readLessonsKey(key: string): { workspace: string; definition: string; bucket: number } {
  const [workspace = '', bucket = '', ...name] = key.slice(LESSONS.length).split('/');
  return { workspace, definition: name.join('/'), bucket: Number(bucket) };
}
