/**
 * One table of the view: LMDB with what is not yet written laid over it, so that a `get` always sees the newest change. A range sees
 * what is committed (`settle` first). Several changes of one key between two writes are one write.
 */
import type { Database, Transaction } from 'lmdb';

export type Key = string | (string | number)[];

/** One moment of the committed state. */
export type ReadAt = Transaction;

export interface Range {
  start: Key;
  end: Key;
  reverse?: boolean;
  limit?: number;
  /** Default: the newest committed state. */
  at?: ReadAt | undefined;
}

export interface Change {
  /** The length of what is stored. */
  bytes: number;
  write(): void;
}

export interface Table<V> {
  get(key: Key): V | undefined;
  /** As of the last committed write: for reads that must fit together with a range and the position. */
  committed(key: Key, at?: ReadAt): V | undefined;
  put(key: Key, value: V): void;
  remove(key: Key): void;
  /** Committed entries in key order, `start` inclusive, `end` exclusive. To be read to its end, or closed, in the same turn. */
  range(range: Range): Iterable<{ key: Key; value: V }>;
  count(range: Range): number;
  /** Takes what is dirty for one write, encoded; `written` once it is committed. Only the store calls these. */
  collect(): Change[];
  written(): void;
}

/** LMDB takes keys of up to 1,978 bytes; whatever a client may ask for that is longer is simply not there. */
const KEY_LENGTH_MAX = 600;

/** The two ways a value lies in LMDB, as its `encoding` names them; a string is a value as JSON. */
export type Stored = string | Uint8Array;

export function createTable<V>(database: Database<Stored, Key>, encoding: 'string' | 'binary'): Table<V> {
  const encode = (value: V): Stored => (encoding === 'string' ? JSON.stringify(value) : (value as Uint8Array));
  const decode = (stored: Stored): V => (typeof stored === 'string' ? JSON.parse(stored) : stored) as V;
  const decoded = (stored: Stored | undefined): V | undefined => (stored === undefined ? undefined : decode(stored));
  let dirty = new Map<string, { key: Key; value: V | null }>();
  let writing: typeof dirty = new Map();

  return {
    get(key) {
      const name = nameOf(key);
      const change = dirty.get(name) ?? writing.get(name);
      if (change) return change.value ?? undefined;
      return isTooLong(key) ? undefined : decoded(database.get(key));
    },
    committed: (key, at) =>
      isTooLong(key) ? undefined : decoded(database.get(key, at ? { transaction: at } : undefined)),
    put(key, value) {
      dirty.set(nameOf(key), { key, value });
    },
    remove(key) {
      dirty.set(nameOf(key), { key, value: null });
    },
    range: ({ start, end, reverse = false, limit, at }) =>
      database
        .getRange({
          start,
          end,
          reverse,
          ...(limit === undefined ? {} : { limit }),
          ...(at ? { transaction: at } : {}),
        })
        .map(({ key, value }) => ({ key, value: decode(value) })),
    count: ({ start, end }) => database.getKeysCount({ start, end }),
    collect() {
      writing = dirty;
      dirty = new Map();
      return [...writing.values()].map(({ key, value }) => {
        if (value === null) return { bytes: 0, write: () => void database.remove(key).catch(toldByBatch) };
        const stored = encode(value);
        return {
          bytes: typeof stored === 'string' ? Buffer.byteLength(stored) : stored.byteLength,
          write: () => void database.put(key, stored).catch(toldByBatch),
        };
      });
    },
    written() {
      writing = new Map();
    },
  };
}

const nameOf = (key: Key): string => (typeof key === 'string' ? key : JSON.stringify(key));

function isTooLong(key: Key): boolean {
  if (typeof key === 'string') return key.length > KEY_LENGTH_MAX;
  return (
    key.reduce<number>((length, part) => length + (typeof part === 'string' ? part.length : 9), 0) > KEY_LENGTH_MAX
  );
}

/** The batch that it is part of fails with it and is tried again; unhandled, each write's own failure would end the process. */
export const toldByBatch = (): void => {};
