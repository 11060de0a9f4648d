import type { History, HistoryTable } from './history.ts';

/** Rows in arrays: for the simulator and for tests of the sink. Answers no SQL. */
export interface MemoryHistory extends History {
  rows(table: HistoryTable): readonly Readonly<Record<string, unknown>>[];
  remove(table: HistoryTable, which: (row: Readonly<Record<string, unknown>>) => boolean): void;
}

export function createMemoryHistory(): MemoryHistory {
  const tables = new Map<HistoryTable, Readonly<Record<string, unknown>>[]>();
  const tokens = new Set<string>();
  const rows = (table: HistoryTable): Readonly<Record<string, unknown>>[] => {
    if (!tables.has(table)) tables.set(table, []);
    return tables.get(table)!;
  };
  return {
    rows,
    remove(table, which) {
      tables.set(
        table,
        rows(table).filter((row) => !which(row)),
      );
    },
    command: () => Promise.reject(new Error('the memory history answers no SQL')),
    query: () => Promise.reject(new Error('the memory history answers no SQL')),
    async insert(table, added, token) {
      const key = `${table}\n${token}`;
      if (tokens.has(key)) return;
      tokens.add(key);
      rows(table).push(...added);
    },
    async lastPlan(sink) {
      const last = rows('sink_plans').findLast((row) => row.sink === sink);
      return last ? { number: Number(last.number), ranges: String(last.ranges) } : null;
    },
    healthy: async () => true,
    close: async () => {},
  };
}
