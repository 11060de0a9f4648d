import type { GraphReader } from '../core/identity-graph.ts';
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

export function createMemoryGraph(): MemoryGraph {
  const texts = new Map<string, string>();
  const parsed = new Map<string, unknown>();
  return {
    get<T>(key: string) {
      if (!parsed.has(key) && texts.has(key)) parsed.set(key, freeze(unpackStored(JSON.parse(texts.get(key)!))));
      return parsed.get(key) as T | undefined;
    },
    apply(changes) {
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
