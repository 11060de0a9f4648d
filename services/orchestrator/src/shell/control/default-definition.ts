/** The definition that a new workspace starts with: the file that CAIRN_DEFINITION names, read and checked each time. */
import { readFile } from 'node:fs/promises';
import { loadDefinition } from '../../core/definition/load-definition.ts';
import type { DefaultDefinition } from './control-routes.ts';

/** Rejects with every fault of the file: a start on a bad definition stops at once. */
export function createDefaultDefinition(path: string): DefaultDefinition {
  return async function defaultDefinition() {
    const text = await readFile(path, 'utf8').catch((error: Error) => {
      throw new Error(`CAIRN_DEFINITION: ${error.message}`);
    });
    const loaded = loadDefinition(text);
    if (loaded.ok) return { name: loaded.definition.name, definition: { ...loaded.definition }, source: text };
    const faults = loaded.faults.map(({ path: at, message }) => (at === '' ? message : `${at}: ${message}`));
    throw new Error(`CAIRN_DEFINITION: ${path} has faults:\n${faults.join('\n')}`);
  };
}
