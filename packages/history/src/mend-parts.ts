/**
 * What a full disk may leave behind in chDB: a merge that was under way when the last byte went is kept, with an empty file in it, and
 * every read of it fails from then on. What was merged lies beside it for some minutes. A table that is attached anew puts the broken part
 * aside and takes those again, so nothing is lost. Mends only where they are still there; never removes anything.
 */
import type { History } from './history.ts';

/** CORRUPTED_DATA: what reading such a part gives. */
export const PART_IS_BROKEN = '246';
/** NOT_ENOUGH_SPACE: what writing gives meanwhile. */
export const DISK_IS_FULL = '243';
/** ClickHouse keeps what was merged for eight minutes. */
const MERGED_WITHIN_S = 600;

interface Part {
  table: string;
  name: string;
  from: number;
  to: number;
}

/** Looks at what was merged lately. Returns the tables that were mended. */
export async function mendParts(history: Pick<History, 'query' | 'command'>): Promise<string[]> {
  const merged = await history.query<Part>(
    `SELECT table, name, toInt64(min_block_number) AS from, toInt64(max_block_number) AS to FROM system.parts
      WHERE active AND database = currentDatabase() AND level > 0 AND modification_time > now() - {within: UInt32}`,
    { within: MERGED_WITHIN_S },
  );
  const broken = new Set<string>();
  for (const part of merged)
    if (!broken.has(part.table) && !(await isWhole(history, part)) && (await hasSources(history, part)))
      broken.add(part.table);
  for (const table of broken) {
    await history.command(`DETACH TABLE ${table} SYNC`);
    await history.command(`ATTACH TABLE ${table}`);
  }
  return [...broken];
}

async function isWhole(history: Pick<History, 'query'>, { table, name }: Part): Promise<boolean> {
  try {
    // Of one part there is no column: 1 or 0.
    const [row] = await history.query<Record<string, unknown>>(
      `CHECK TABLE ${table} PART '${name}' SETTINGS check_query_single_value_result = 1`,
    );
    return Number(Object.values(row ?? {})[0]) === 1;
  } catch (error) {
    return (error as { code?: string }).code !== PART_IS_BROKEN;
  }
}

async function hasSources(history: Pick<History, 'query'>, { table, name, from, to }: Part): Promise<boolean> {
  const partition = name.slice(0, name.indexOf('_'));
  const [row] = await history.query<{ n: number }>(
    `SELECT count() AS n FROM system.parts WHERE NOT active AND database = currentDatabase() AND table = {table: String}
        AND partition_id = {partition: String} AND min_block_number >= {from: Int64} AND max_block_number <= {to: Int64}`,
    { table, partition, from, to },
  );
  return Number(row?.n) > 0;
}
