import { hash } from 'node:crypto';
import { readAnyone, type Draft } from './identity-graph.ts';

/** A UUID of Cairn's own (version 4, made once): the namespace in which people's ids are hashed. */
const NAMESPACE = Buffer.from('6f0c3c5e4f1d4c0b9a4e7a1b2d9c8e10', 'hex');
const VARIANT = '89ab';

/** uuidv5 of (workspace, identifier, incarnation): the same person gets the same id on every replay and every machine. */
export function personIdOf(workspace: string, key: string, incarnation: number): string {
  // One call into OpenSSL instead of four objects.
  const name = Buffer.from(JSON.stringify([workspace, key, incarnation]));
  const hex = hash('sha1', Buffer.concat([NAMESPACE, name]), 'hex');
  const variant = VARIANT[Number.parseInt(hex[16]!, 16) & 3]!;
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
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
