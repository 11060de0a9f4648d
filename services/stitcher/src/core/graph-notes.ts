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

/**
 * The memo of an entry that was met once. Only the second time something is noted: most entries of a large workspace are met once before
 * they are forgotten, and noting ways to them made the task slower by a sixth.
 */
export const MET = Object.freeze({ met: true });

/** Of one workspace. Thrown away as a whole when entries may no longer be the state's: whatever else refers to them asks whether its notes still count. */
export interface WorkspaceNotes {
  /** What all keys of the workspace begin with. */
  readonly prefix: string;
  readonly settingsKey: string;
  entry(key: string): GraphEntry | undefined;
  /** Identifiers that are in the graph, by namespace and value: a value is hashed and compared, no key is joined. */
  readonly ids: Map<string, Map<string, GraphEntry>>;
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
    ids: new Map(),
    slots: new Map(),
  };
  graph.notes?.set(workspace, notes);
  return notes;
}

/** `w/<workspace>/id/<namespace>:<value>` */
export function idEntry(notes: WorkspaceNotes, namespace: string, value: string): GraphEntry | undefined {
  const known = notes.ids.get(namespace)?.get(value);
  if (known?.value !== undefined) return known;
  const entry = notes.entry(`${notes.prefix}id/${namespace}:${value}`);
  if (entry?.memo !== undefined) noteId(notes, namespace, value, entry);
  return entry;
}

function noteId(notes: WorkspaceNotes, namespace: string, value: string, entry: GraphEntry): void {
  const ofNamespace = notes.ids.get(namespace);
  if (ofNamespace) ofNamespace.set(value, entry);
  else notes.ids.set(namespace, new Map([[value, entry]]));
}

/** Of a graph that has no entries: good for this once. */
function passingEntry(graph: GraphReader, key: string): GraphEntry | undefined {
  const value = graph.get(key);
  return value === undefined ? undefined : { key, value, memo: undefined };
}
