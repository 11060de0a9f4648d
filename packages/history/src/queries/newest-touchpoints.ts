import type { History } from '../history.ts';

export interface NewestTouchpoints {
  /** How many there are since `from`. */
  total: number;
  /** Where the newest of them begin (epoch ms); `from` itself where all are among them. */
  from: number;
}

/** Where a workspace's newest touchpoints begin, so that a reader in the order of time may be bounded. Some 20 ms over a million. */
export async function newestTouchpoints(
  history: Pick<History, 'query'>,
  workspace: string,
  from: number,
  newest: number,
): Promise<NewestTouchpoints> {
  const scope = 'WHERE workspace = {workspace: String} AND timestamp >= fromUnixTimestamp64Milli({from: Int64})';
  const [counted] = await history.query<{ total: number | string }>(
    `SELECT count() AS total FROM touchpoints ${scope}`,
    { workspace, from },
  );
  const total = Number(counted?.total ?? 0);
  if (total <= newest) return { total, from };
  const [first] = await history.query<{ at: number | string }>(
    `SELECT toUnixTimestamp64Milli(timestamp) AS at FROM touchpoints ${scope}
      ORDER BY timestamp DESC LIMIT 1 OFFSET {offset: UInt32}`,
    { workspace, from, offset: newest - 1 },
  );
  return { total, from: first ? Number(first.at) : from };
}
