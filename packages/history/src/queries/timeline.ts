import { formatInstant } from '@cairn/clock/calendar.ts';
import type { TouchpointItem } from '@cairn/contracts/generated/journey.ts';
import type { History } from '../history.ts';
import { accountColumn, inRange, joinMoves, livingPeople, personColumn, subjectRange } from './subject-range.ts';

/**
 * A subject's touchpoints, newest first, those of absorbed subjects included, each with the person who owns it now.
 * The cursor is opaque; null starts at the newest. Direction as stated; what the definition decides is `inbound` unless `outboundEvents` says so.
 */
export async function timeline(
  history: Pick<History, 'query'>,
  workspace: string,
  subjectId: string,
  options: { limit: number; cursor: string | null },
): Promise<{ items: TouchpointItem[]; next: string | null }> {
  const range = await subjectRange(history, workspace, subjectId);
  const after = options.cursor ? parseCursor(options.cursor) : null;
  const rows = await history.query<TimelineRow>(
    `SELECT t.id AS id, t.message_id AS message_id, t.kind AS kind, t.event AS event,
            toUnixTimestamp64Milli(t.timestamp) AS at, toUnixTimestamp64Milli(t.received_at) AS received,
            t.direction AS direction, t.channel AS channel,
            ${personColumn(range)} AS person, ${accountColumn(range)} AS account, t.properties AS properties
       FROM touchpoints AS t ${joinMoves(range)}
      WHERE t.workspace = {workspace: String} AND ${inRange(range)}
        ${after ? 'AND (toUnixTimestamp64Milli(t.timestamp), t.id) < ({afterAt: Int64}, {afterId: String})' : ''}
      ORDER BY t.timestamp DESC, t.id DESC
      LIMIT {limit: UInt32}`,
    { workspace, ...range, limit: options.limit + 1, ...(after ? { afterAt: after.at, afterId: after.id } : {}) },
  );
  const living = await livingPeople(
    history,
    workspace,
    rows.map(({ person }) => person),
  );
  const page = rows.slice(0, options.limit);
  const last = page.at(-1);
  return {
    items: page.map((row) => itemOf(row, living)),
    next: rows.length > options.limit && last ? cursorOf(Number(last.at), last.id) : null,
  };
}

interface TimelineRow {
  id: string;
  message_id: string;
  kind: string;
  event: string;
  at: number | string;
  received: number | string;
  direction: string;
  channel: string;
  person: string;
  account: string;
  properties: string;
}

function itemOf(row: TimelineRow, living: (id: string) => string): TouchpointItem {
  return {
    id: row.id,
    messageId: row.message_id,
    type: row.kind,
    event: row.event || null,
    timestamp: formatInstant(Number(row.at)),
    receivedAt: formatInstant(Number(row.received)),
    direction: (row.direction || 'inbound') as TouchpointItem['direction'],
    channel: row.channel || null,
    personId: row.person === '' ? null : living(row.person),
    accountId: row.account || null,
    properties: JSON.parse(row.properties) as Record<string, unknown>,
  };
}

const cursorOf = (at: number, id: string): string => Buffer.from(`${at}:${id}`).toString('base64url');

function parseCursor(cursor: string): { at: number; id: string } | null {
  const match = /^(-?\d+):(.+)$/.exec(Buffer.from(cursor, 'base64url').toString());
  return match ? { at: Number(match[1]), id: match[2]! } : null;
}
