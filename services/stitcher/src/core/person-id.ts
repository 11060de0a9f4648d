import { createHash } from 'node:crypto';
import { readAnyone, type Draft } from './identity-graph.ts';

/** A UUID of Cairn's own (version 4, made once): the namespace in which people's ids are hashed. */
const NAMESPACE = Buffer.from('6f0c3c5e4f1d4c0b9a4e7a1b2d9c8e10', 'hex');

/** uuidv5 of (workspace, identifier, incarnation): the same person gets the same id on every replay and every machine. */
export function personIdOf(workspace: string, key: string, incarnation: number): string {
  const hash = createHash('sha1')
    .update(NAMESPACE)
    .update(JSON.stringify([workspace, key, incarnation]))
    .digest();
  hash[6] = (hash[6]! & 0x0f) | 0x50;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  const hex = hash.toString('hex', 0, 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/**
 * The first incarnation under which nobody lives or lived: an identifier that returns after an erasure or a split is a new person
 * with another id.
 */
export function freePersonId(draft: Draft, key: string): string {
  for (let incarnation = 0; ; incarnation++) {
    const id = personIdOf(draft.workspace, key, incarnation);
    if (!readAnyone(draft, id)) return id;
  }
}

/** Every person id that was ever made of the identifier. */
export function incarnationsOf(draft: Draft, key: string): string[] {
  const ids: string[] = [];
  for (let incarnation = 0; ; incarnation++) {
    const id = personIdOf(draft.workspace, key, incarnation);
    if (!readAnyone(draft, id)) return ids;
    ids.push(id);
  }
}
