import { createHash } from 'node:crypto';
import { tellDecision } from './decisions.ts';
import type { Identifier } from './identifiers-of.ts';
import { put, read, type Draft } from './identity-graph.ts';

/**
 * Who was erased and asked never to be stored again: hashes of their identifiers, so that the list holds nothing of them. A touchpoint
 * with one of them is dropped as a whole.
 */
export function suppress(draft: Draft, keys: readonly string[]): void {
  for (const key of keys) put(draft, suppressionKey(draft, key), true);
  if (!draft.settings.suppresses) put(draft, 'settings', { ...draft.settings, suppresses: true });
}

/** Whether the touchpoint must be dropped; tells so, without saying who. */
export function isSuppressed(draft: Draft, ids: readonly Identifier[]): boolean {
  for (const { key, namespace } of ids) {
    const entry = suppressionKey(draft, key);
    if (read(draft, entry) === undefined) continue;
    const value = entry.slice(entry.indexOf('/') + 1);
    tellDecision(draft, { personId: null, decision: 'suppressed', namespace, value, reason: 'erased-and-suppressed' });
    return true;
  }
  return false;
}

function suppressionKey(draft: Draft, key: string): string {
  return `suppressed/${hashOf(draft.workspace, key)}`;
}

/** Of `namespace:value`; told of an erased person, so that copies can be found without naming it. */
export function hashOf(workspace: string, key: string): string {
  return createHash('sha256').update(workspace).update(' ').update(key).digest('base64url');
}
