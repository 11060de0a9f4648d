/** Reads several ranges of one table as one list: keys `[…prefix, order, id]`, by order, then by id. For lists that are paged by (order, id). */
import type { Key, ReadAt, Table } from './view-table.ts';

export interface ListPlace {
  /** Lists are newest first, so this is a negative time. */
  order: number;
  id: string;
}

interface Prefixed {
  prefix: readonly (string | number)[];
}

/** `from`: the entry after which to go on. The caller may stop at any time (the ranges are closed then); it must not wait in between. */
export function* mergeRanges<V, R extends Prefixed>(
  table: Table<V>,
  ranges: readonly R[],
  from: ListPlace | null,
  at?: ReadAt,
): Generator<{ range: R; value: V; at: ListPlace }> {
  const open = ranges.map((range) => {
    const start = from ? [...range.prefix, from.order, from.id] : [...range.prefix, -Infinity];
    const entries = table.range({ start, end: [...range.prefix, Infinity], at })[Symbol.iterator]();
    return { range, entries, head: null as { value: V; at: ListPlace } | null };
  });
  try {
    for (const source of open) advance(source, from);
    for (;;) {
      let first: (typeof open)[number] | null = null;
      for (const source of open) if (source.head && (!first || isFirst(source.head.at, first.head!.at))) first = source;
      if (!first) return;
      const { value, at } = first.head!;
      yield { range: first.range, value, at };
      advance(first, from);
    }
  } finally {
    for (const source of open) source.entries.return?.();
  }
}

function advance<V>(
  source: { entries: Iterator<{ key: Key; value: V }>; head: { value: V; at: ListPlace } | null },
  from: ListPlace | null,
): void {
  for (;;) {
    const next = source.entries.next();
    if (next.done) {
      source.head = null;
      return;
    }
    const { key, value } = next.value;
    const at = { order: key.at(-2) as number, id: key.at(-1) as string };
    if (from && at.order === from.order && at.id === from.id) continue;
    source.head = { value, at };
    return;
  }
}

const isFirst = (a: ListPlace, b: ListPlace): boolean => a.order < b.order || (a.order === b.order && a.id < b.id);
