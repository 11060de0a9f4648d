import { formatInstant } from '@cairn/clock/calendar.ts';
import type { History } from '../history.ts';

/** A touchpoint as a Segment call again, as it was admitted: what a dry run or a replay reads. */
export interface ExportedTouchpoint {
  type: string;
  event?: string;
  name?: string;
  userId?: string;
  anonymousId?: string;
  groupId?: string;
  previousId?: string;
  messageId: string;
  timestamp: string;
  traits: Record<string, unknown>;
  properties: Record<string, unknown>;
  context: Record<string, unknown>;
}

export type ExportPlace = readonly [at: number, id: string];

/** A workspace's touchpoints in the order of their times, a page at a time. `from`: epoch ms, inclusive; `after`: where the last page ended. */
export async function exportTouchpoints(
  history: Pick<History, 'query'>,
  workspace: string,
  page: { from: number; after: ExportPlace | null; limit: number },
): Promise<{ items: ExportedTouchpoint[]; next: ExportPlace | null }> {
  const { from, after, limit } = page;
  const rows = await history.query<Row>(
    `SELECT id, message_id, kind, event, name, user_id, anonymous_id, group_id, previous_id,
            toUnixTimestamp64Milli(timestamp) AS at, traits, properties, context
       FROM touchpoints
      WHERE workspace = {workspace: String} AND timestamp >= fromUnixTimestamp64Milli({from: Int64})
        ${after ? 'AND (toUnixTimestamp64Milli(timestamp), id) > ({afterAt: Int64}, {afterId: String})' : ''}
      ORDER BY timestamp, id
      LIMIT {limit: UInt32}`,
    {
      workspace,
      from: after ? after[0] : from,
      limit: limit + 1,
      ...(after ? { afterAt: after[0], afterId: after[1] } : {}),
    },
  );
  const last = rows[limit - 1];
  return {
    items: rows.slice(0, limit).map(itemOf),
    next: rows.length > limit && last ? [Number(last.at), last.id] : null,
  };
}

interface Row {
  id: string;
  message_id: string;
  kind: string;
  event: string;
  name: string;
  user_id: string;
  anonymous_id: string;
  group_id: string;
  previous_id: string;
  at: number | string;
  traits: string;
  properties: string;
  context: string;
}

function itemOf(row: Row): ExportedTouchpoint {
  const context = JSON.parse(row.context) as Record<string, unknown>;
  return {
    type: row.kind,
    ...(row.kind === 'track' ? { event: row.event } : {}),
    ...(row.name === '' ? {} : { name: row.name }),
    ...(row.user_id === '' ? {} : { userId: row.user_id }),
    ...(row.anonymous_id === '' ? {} : { anonymousId: row.anonymous_id }),
    ...(row.kind === 'group' && row.group_id !== '' ? { groupId: row.group_id } : {}),
    ...(row.previous_id === '' ? {} : { previousId: row.previous_id }),
    messageId: row.message_id,
    timestamp: formatInstant(Number(row.at)),
    traits: JSON.parse(row.traits) as Record<string, unknown>,
    properties: JSON.parse(row.properties) as Record<string, unknown>,
    context: row.kind !== 'group' && row.group_id !== '' ? { ...context, groupId: row.group_id } : context,
  };
}
