import type { GraphReader } from '../core/identity-graph.ts';
import type { GraphEntry } from '../core/graph-notes.ts';
import { packStored, unpackStored } from '../core/packed-person.ts';

/** A graph in memory that holds JSON text in its stored form, as the task's state does: a mutated record or a value that is no JSON shows. */
export interface MemoryGraph extends GraphReader {
  apply(changes: readonly { key: string; value: unknown }[]): void;
  keys(prefix: string): string[];
  /** Every entry, in key order. */
  dump(): [string, string][];
  /** Bytes of keys and values that start with the prefix. */
  bytes(prefix: string): number;
}

/** Inputs after which entries count no longer: often enough that every test sees it. */
const FORGETS_EVERY = 7;

export function createMemoryGraph(): MemoryGraph {
  const texts = new Map<string, string>();
  const parsed = new Map<string, unknown>();
  let entries = new Map<string, GraphEntry>();
  let notes = new Map<string, unknown>();
  let applied = 0;

  function get<T>(key: string): T | undefined {
    if (!parsed.has(key) && texts.has(key)) parsed.set(key, freeze(unpackStored(JSON.parse(texts.get(key)!))));
    return parsed.get(key) as T | undefined;
  }

  /** Whoever asks an entry of notes that no longer count finds out. */
  function newEntry(key: string): GraphEntry {
    const madeFor = notes;
    const entry = {
      key,
      memo: undefined,
      get value() {
        if (notes !== madeFor) throw new Error(`the entry of ${key} is no longer the state's`);
        return get(key);
      },
    };
    entries.set(key, entry);
    return entry;
  }

  return {
    get,
    entry: (key) => (texts.has(key) ? (entries.get(key) ?? newEntry(key)) : undefined),
    get notes() {
      return notes;
    },
    apply(changes) {
      if (++applied % FORGETS_EVERY === 0) {
        entries = new Map();
        notes = new Map();
      }
      for (const { key, value } of changes) {
        parsed.delete(key);
        if (value === null) texts.delete(key);
        else texts.set(key, JSON.stringify(packStored(value)));
      }
    },
    keys: (prefix) => [...texts.keys()].filter((key) => key.startsWith(prefix)).sort(),
    dump: () => [...texts].sort(([a], [b]) => (a < b ? -1 : 1)),
    bytes: (prefix) =>
      [...texts].reduce(
        (sum, [key, text]) => (key.startsWith(prefix) ? sum + Buffer.byteLength(key) + Buffer.byteLength(text) : sum),
        0,
      ),
  };
}

function freeze(value: unknown): unknown {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) freeze(inner);
    Object.freeze(value);
  }
  return value;
}
