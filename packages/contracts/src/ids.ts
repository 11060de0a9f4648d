import { createHash } from 'node:crypto';

/**
 * Deterministic ids: a hash of what the id stands for, so that a retry, a replay or a second node makes the same one.
 * `prefix_` + 128 bits of SHA-256 as base64url (22 characters).
 */
export function idOf(prefix: string, ...parts: readonly (string | number)[]): string {
  const hash = createHash('sha256');
  // Length-prefixed: ('ab','c') and ('a','bc') must differ.
  for (const part of parts) {
    const text = String(part);
    hash.update(`${text.length}:`).update(text);
  }
  return `${prefix}_${hash.digest().subarray(0, 16).toString('base64url')}`;
}

export const touchpointId = (workspace: string, messageId: string): string => idOf('tp', workspace, messageId);
export const journeyId = (workspace: string, definition: string, subjectId: string): string =>
  idOf('jrn', workspace, definition, subjectId);
export const accountId = (workspace: string, kind: 'group' | 'domain' | 'crm', value: string): string =>
  idOf('acc', workspace, kind, value);
export const deliveryId = (factId: string, endpointId: string): string => idOf('msg', factId, endpointId);
