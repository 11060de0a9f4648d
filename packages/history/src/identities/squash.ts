/**
 * Writes who lives on into the rows that name somebody absorbed, so that old rows need no looking up. Every table of the registry whose
 * column may be written. What was squashed may still be split: touchpoints follow their identifier. Done again it does nothing.
 */
import type { History, HistoryTable } from '../history.ts';

/** Columns of the registry that are no part of a table's key (ClickHouse writes no keys), nor the overrides themselves. */
export const SQUASHED: Readonly<Partial<Record<HistoryTable, readonly string[]>>> = {
  touchpoints: ['person_id'],
  journey_changes: ['person_id'],
  alert_facts: ['quiet_person_id'],
  touchpoint_values: ['person_id'],
  touchpoint_moves: ['person_id'],
};

/** Merges of a day are often undone within it. */
const SETTLED_AFTER_MS = 86_400_000;
/** Ids in one statement: two arrays of uuids, 40 kB. */
const PEOPLE_A_STATEMENT = 500;

/** Returns how many absorbed people were looked at. `now`: epoch ms. */
export async function squash(history: Pick<History, 'query' | 'command'>, now: number): Promise<number> {
  const rows = await history.query<{ workspace: string; person_id: string; into_id: string }>(
    `SELECT workspace, person_id, argMax(into_id, version) AS into_id FROM identity_overrides
      GROUP BY workspace, person_id
     HAVING into_id != '' AND toUnixTimestamp64Milli(max(at)) < {before: Int64}
      ORDER BY workspace, person_id`,
    { before: now - SETTLED_AFTER_MS },
  );
  for (const workspace of new Set(rows.map((row) => row.workspace))) {
    const absorbed = rows.filter((row) => row.workspace === workspace);
    for (let from = 0; from < absorbed.length; from += PEOPLE_A_STATEMENT) {
      const some = absorbed.slice(from, from + PEOPLE_A_STATEMENT);
      const ids = some.map((row) => row.person_id);
      const into = some.map((row) => row.into_id);
      for (const [table, columns] of Object.entries(SQUASHED))
        for (const column of columns) await rewrite(history, { workspace, ids, into }, table, column);
    }
  }
  return rows.length;
}

/** A mutation reads the whole table's parts: only where there is something to write. */
async function rewrite(
  history: Pick<History, 'query' | 'command'>,
  params: { workspace: string; ids: string[]; into: string[] },
  table: string,
  column: string,
): Promise<void> {
  const where = `workspace = {workspace: String} AND ${column} IN {ids: Array(String)}`;
  const [found] = await history.query<{ rows: number | string }>(
    `SELECT count() AS rows FROM ${table} WHERE ${where}`,
    params,
  );
  if (Number(found?.rows ?? 0) === 0) return;
  await history.command(
    `ALTER TABLE ${table} UPDATE ${column} = transform(${column}, {ids: Array(String)}, {into: Array(String)}, ${column})
      WHERE ${where} SETTINGS mutations_sync = 2`,
    params,
  );
}
