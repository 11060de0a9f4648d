import type { GraphReader } from './identity-graph.ts';

/**
 * What is noted beside the graph so that the common touchpoint finds its way without looking everything up: a look-up in a map of a
 * million keys costs a microsecond (joining and hashing the key, and six cache misses), a step along a reference a tenth. Entries are the
 * places of keys in memory; memos on them say what was worked out of their value, and hold only while the value is the very same. Notes
 * never decide anything: without them the same comes out, slower.
 */
export interface GraphEntry {
  readonly key: string;
  /** The value as of now; undefined: it is gone. */
  readonly value: unknown;
  /** For whoever works something out of the value. */
  memo: unknown;
}

/** Of one workspace. Thrown away as a whole when entries may no longer be the state's: whatever else refers to them asks whether its notes still count. */
export interface WorkspaceNotes {
  /** What all keys of the workspace begin with. */
  readonly prefix: string;
  readonly settingsKey: string;
  entry(key: string): GraphEntry | undefined;
  /** What keys of identifiers begin with, by namespace. */
  readonly idPrefixes: Map<string, string>;
  /** Slots of messageIds, by number. */
  readonly slots: Map<number, GraphEntry>;
}

export function notesOf(graph: GraphReader, workspace: string): WorkspaceNotes {
  const known = graph.notes?.get(workspace) as WorkspaceNotes | undefined;
  if (known) return known;
  const prefix = `w/${workspace}/`;
  const notes: WorkspaceNotes = {
    prefix,
    settingsKey: `${prefix}settings`,
    entry: graph.entry ? (key) => graph.entry!(key) : (key) => passingEntry(graph, key),
    idPrefixes: new Map(),
    slots: new Map(),
  };
  graph.notes?.set(workspace, notes);
  return notes;
}

/** Types of external ids are the sender's; beyond this many each prefix is joined anew. */
const MAX_ID_PREFIXES = 100;

/** `w/<workspace>/id/<namespace>:` */
export function idPrefixOf(notes: WorkspaceNotes, namespace: string): string {
  const known = notes.idPrefixes.get(namespace);
  if (known !== undefined) return known;
  const prefix = `${notes.prefix}id/${namespace}:`;
  if (notes.idPrefixes.size < MAX_ID_PREFIXES) notes.idPrefixes.set(namespace, prefix);
  return prefix;
}

/** Of a graph that has no entries: good for this once. */
function passingEntry(graph: GraphReader, key: string): GraphEntry | undefined {
  const value = graph.get(key);
  return value === undefined ? undefined : { key, value, memo: undefined };
}
