/** Whose touchpoints are whose, asked of ClickHouse. */
import type { PastTouchpoint, SubjectRederive } from '@cairn/contracts/generated/stitched.ts';
import type { Touchpoint } from '@cairn/contracts/generated/touchpoint.ts';
import type { History } from '../history.ts';
import {
  accountColumn,
  inRange,
  joinMoves,
  livingPeople,
  personColumn,
  subjectColumn,
  subjectRange,
} from '../queries/subject-range.ts';
import { eraseFromClickhouse } from './erase.clickhouse.ts';
import type { SubjectHistory } from './subject-history.ts';

export function clickhouseSubjects(history: History): SubjectHistory {
  return {
    async orders(workspace, job) {
      const rows = await history.query<{ subject: string; message: string; at: number; place: string; rank: string }>(
        `SELECT subject_id AS subject, message, log_partition AS at, toString(log_offset) AS place, toString(version) AS rank
           FROM rederivations WHERE workspace = {workspace: String} AND job = {job: String} ORDER BY version`,
        { workspace, job },
      );
      // An order that was inserted twice: the newest.
      const newest = new Map(rows.map((row) => [row.subject, row]));
      return [...newest.values()].map(({ message, at, place, rank }) => ({
        message: JSON.parse(message) as SubjectRederive,
        partition: Number(at),
        offset: place,
        version: rank,
      }));
    },
    async candidates(workspace, subjectId, { people, keys }) {
      const range = await subjectRange(history, workspace, subjectId);
      const rows = await history.query<{
        id: string;
        stamped: string;
        subject: string;
        person: string;
        account: string;
        grp: string;
        stitch_key: string;
        at: number | string;
      }>(
        `SELECT t.id AS id, t.subject_id AS stamped, ${subjectColumn(range)} AS subject, ${personColumn(range)} AS person,
                ${accountColumn(range)} AS account, t.group_id AS grp, t.stitch_key AS stitch_key,
                toUnixTimestamp64Milli(t.timestamp) AS at
           FROM touchpoints AS t ${joinMoves(range)}
          WHERE t.workspace = {workspace: String} AND ${inRange(range)}
            AND person IN {people: Array(String)} AND t.stitch_key IN {keys: Array(String)}`,
        { workspace, ...range, people, keys },
      );
      return rows.map(({ id, stamped, subject, person, account, grp, stitch_key, at }) => ({
        id,
        stampedSubjectId: stamped,
        subjectId: subject,
        personId: person,
        accountId: account,
        named: grp !== '',
        stitchKey: stitch_key,
        timestamp: Number(at),
      }));
    },
    move: (moves, token) => history.insert('touchpoint_moves', moves as never, token),
    async page(workspace, subjectId, { fence, after, limit }) {
      const range = await subjectRange(history, workspace, subjectId);
      const place = after === null ? null : (JSON.parse(after) as [number, number, string, string]);
      const rows = await history.query<PageRow>(
        `SELECT t.id AS id, t.message_id AS message_id, t.kind AS kind, t.event AS event, t.name AS name,
                toUnixTimestamp64Milli(t.timestamp) AS at, toUnixTimestamp64Milli(t.received_at) AS received,
                toUnixTimestamp64Milli(t.stitched_at) AS stitched, toString(t.log_offset) AS offset,
                t.original_timestamp AS original, t.direction AS direction, t.channel AS channel,
                ${personColumn(range)} AS person, ${accountColumn(range)} AS account, t.user_id AS user_id,
                t.anonymous_id AS anonymous_id, t.group_id AS group_id, t.previous_id AS previous_id,
                t.source AS source, t.imported AS imported, t.bot AS bot,
                t.properties AS properties, t.traits AS traits, t.context AS context
           FROM touchpoints AS t ${joinMoves(range)}
          WHERE t.workspace = {workspace: String} AND ${inRange(range)}
            AND NOT (t.log_partition = {partition: UInt16} AND t.log_offset >= {offset: UInt64})
            ${place ? 'AND (stitched, received, t.log_offset, t.id) > ({p0: Int64}, {p1: Int64}, {p2: UInt64}, {p3: String})' : ''}
          ORDER BY stitched, received, t.log_offset, t.id
          LIMIT {limit: UInt32}`,
        {
          workspace,
          ...range,
          ...fence,
          limit: limit + 1,
          ...(place ? { p0: place[0], p1: place[1], p2: place[2], p3: place[3] } : {}),
        },
      );
      const living = await livingPeople(
        history,
        workspace,
        rows.map(({ person }) => person),
      );
      const page = rows.slice(0, limit);
      const last = page.at(-1);
      return {
        touchpoints: page.map((row) => pastOf(workspace, row, living)),
        next:
          rows.length > limit && last
            ? JSON.stringify([Number(last.stitched), Number(last.received), last.offset, last.id])
            : null,
      };
    },
    async count(workspace, personIds) {
      // Whatever they are stamped with; looks at all of the workspace, which is rare enough.
      const [row] = await history.query<{ touchpoints: number | string }>(
        `SELECT count() AS touchpoints FROM touchpoints AS t ${joinMoves(ANY)}
          WHERE t.workspace = {workspace: String} AND ${personColumn(ANY)} IN {ids: Array(String)}`,
        { workspace, ids: personIds },
      );
      return Number(row?.touchpoints ?? 0);
    },
    async erase(workspace, personIds, hashes) {
      await eraseFromClickhouse(history, workspace, personIds, hashes);
      const rows = personIds.map((id) => ({
        workspace,
        person_id: id,
        done: 1,
        hashes: [],
        log_partition: 0,
        log_offset: 0,
      }));
      await history.insert('erasures', rows, `erased/${workspace}/${personIds.join('/')}`);
    },
    async erased() {
      const rows = await history.query<{ name: string }>(
        `SELECT concat(workspace, '/', person_id) AS name FROM erasures GROUP BY workspace, person_id HAVING max(done) = 1`,
      );
      return new Set(rows.map(({ name }) => name));
    },
    async waitingErasures() {
      const rows = await history.query<{ workspace: string; person_id: string; all_hashes: string[] }>(
        `SELECT workspace, person_id, groupUniqArrayArray(hashes) AS all_hashes FROM erasures
          GROUP BY workspace, person_id HAVING max(done) = 0 ORDER BY workspace, person_id`,
      );
      return [...Map.groupBy(rows, (row) => row.workspace)].map(([workspace, own]) => ({
        workspace,
        personIds: own.map((row) => row.person_id),
        hashes: own.flatMap((row) => row.all_hashes),
      }));
    },
  };
}

const ANY = { moved: true };

interface PageRow {
  id: string;
  message_id: string;
  kind: Touchpoint['kind'];
  event: string;
  name: string;
  at: number | string;
  received: number | string;
  stitched: number | string;
  offset: string;
  original: string;
  direction: string;
  channel: string;
  person: string;
  account: string;
  user_id: string;
  anonymous_id: string;
  group_id: string;
  previous_id: string;
  source: string;
  imported: boolean;
  bot: boolean;
  properties: string;
  traits: string;
  context: string;
}

function pastOf(workspace: string, row: PageRow, living: (id: string) => string): PastTouchpoint {
  return {
    touchpoint: {
      type: 'touchpoint.admitted',
      workspace,
      id: row.id,
      messageId: row.message_id,
      kind: row.kind,
      event: row.event || null,
      name: row.name || null,
      userId: row.user_id || null,
      anonymousId: row.anonymous_id || null,
      groupId: row.group_id || null,
      previousId: row.previous_id || null,
      timestamp: Number(row.at),
      originalTimestamp: row.original || null,
      receivedAt: Number(row.received),
      traits: JSON.parse(row.traits) as Record<string, unknown>,
      properties: JSON.parse(row.properties) as Record<string, unknown>,
      context: JSON.parse(row.context) as Record<string, unknown>,
      direction: (row.direction || null) as Touchpoint['direction'],
      channel: row.channel || null,
      bot: row.bot,
      imported: row.imported,
      source: row.source,
    },
    personId: row.person === '' ? null : living(row.person),
    accountId: row.account || null,
    stitchedAt: Number(row.stitched),
  };
}
