/**
 * Who was erased from a subject lately, by ids alone. What was on its way to the subject at that moment (the state of somebody who was
 * handed over, a past that was asked for) arrives after the erasure, and must not bring them back.
 */
import type { AdvanceScope } from './advance-subject.ts';

const PREFIX = '@erased/';
/** Messages are on their way for seconds; a history that is away answers when it is back. */
const KEPT_MS = 7 * 86_400_000;
/** Of one subject; beyond it a week saw more erasures than an account has people. */
const IDS_MAX = 2_000;
const FORGET = 'forget';
const NOBODY: ReadonlySet<string> = new Set();

const keyOf = (workspace: string, subjectId: string): string => `${PREFIX}${workspace}/${subjectId}`;

export const isErasedKey = (key: string): boolean => key.startsWith(PREFIX);

export function noteErased({ work, workspace, now }: AdvanceScope, subjectId: string, ids: ReadonlySet<string>): void {
  const key = keyOf(workspace, subjectId);
  const before = work.get<readonly string[]>(key) ?? [];
  work.set(key, [...new Set([...before, ...ids])].slice(-IDS_MAX));
  work.timer(key, FORGET, now + KEPT_MS);
}

export function erasedLately({ work, workspace }: AdvanceScope, subjectId: string): ReadonlySet<string> {
  const ids = work.get<readonly string[]>(keyOf(workspace, subjectId));
  return ids ? new Set(ids) : NOBODY;
}
