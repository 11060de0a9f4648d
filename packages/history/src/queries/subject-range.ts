import type { History } from '../history.ts';
import { FOREVER, holdingsOf, type HandOver, type Holding } from '../identities/hand-overs.ts';

/**
 * Which rows of `touchpoints` count for a subject now: its own and those of the subjects that were handed over to it, of their time until
 * then, without what a split moved away, with what one moved here. `stamped` is for the sorting key, so that nothing else is read.
 */
export interface SubjectRange {
  /** The subject and everyone whom it took over, however many steps ago; each as often as it was. */
  subjects: string[];
  /** Of each of `subjects`: from which offset, and up to which, what came to it itself is here. */
  fromOffset: string[];
  toOffset: string[];
  /** Of each of `subjects`: from which millisecond, and up to which, what was moved to it is here. */
  fromTime: string[];
  toTime: string[];
  /** What the rows may be stamped with. */
  stamped: string[];
  /** Whether any row of theirs was moved; if none, what is stamped is the truth. */
  moved: boolean;
  /** Whether all that any of them ever had is here. */
  whole: boolean;
}

export async function subjectRange(
  history: Pick<History, 'query'>,
  workspace: string,
  subjectId: string,
): Promise<SubjectRange> {
  const holdings = await holdingsIn(history, workspace, subjectId);
  const subjects = holdings.map((one) => one.subjectId);
  const rows = await history.query<{ stamped: string; subject: string }>(
    `SELECT DISTINCT stamped_subject_id AS stamped, subject_id AS subject FROM touchpoint_moves FINAL
      WHERE workspace = {workspace: String}
        AND (stamped_subject_id IN {subjects: Array(String)} OR subject_id IN {subjects: Array(String)})`,
    { workspace, subjects },
  );
  const here = new Set(subjects);
  const stamped = new Set([...subjects, ...rows.filter(({ subject }) => here.has(subject)).map((row) => row.stamped)]);
  return {
    subjects,
    fromOffset: holdings.map(({ offsets }) => String(offsets.low)),
    toOffset: holdings.map(({ offsets }) => String(offsets.high)),
    fromTime: holdings.map(({ times }) => String(times.low)),
    toTime: holdings.map(({ times }) => String(times.high)),
    stamped: [...stamped],
    moved: rows.length > 0,
    whole: holdings.every(({ offsets, times }) => offsets.low === 0n && offsets.high === FOREVER && times.low === 0n),
  };
}

/** Few: a loop of tiny queries beats a recursive one. */
function holdingsIn(history: Pick<History, 'query'>, workspace: string, subjectId: string): Promise<Holding[]> {
  return holdingsOf(subjectId, {
    async all(subjectIds) {
      const rows = await history.query<{ subject: string; into: string; place: string; rank: string }>(
        `SELECT subject_id AS subject, into_id AS into, toString(log_offset) AS place, toString(version) AS rank
           FROM subject_hand_overs FINAL
          WHERE workspace = {workspace: String} AND subject_id IN {subjectIds: Array(String)}`,
        { workspace, subjectIds },
      );
      return rows.map(({ subject, into, place, rank }): HandOver => ({
        subjectId: subject,
        intoId: into,
        offset: BigInt(place),
        version: BigInt(rank),
      }));
    },
    async into(subjectIds) {
      const rows = await history.query<{ subject: string }>(
        `SELECT DISTINCT subject_id AS subject FROM subject_hand_overs FINAL
          WHERE workspace = {workspace: String} AND into_id IN {subjectIds: Array(String)}`,
        { workspace, subjectIds },
      );
      return rows.map(({ subject }) => subject);
    },
  });
}

/** The moves to join as `m`, where there are any: the newest of each touchpoint. */
export const joinMoves = ({ moved }: Pick<SubjectRange, 'moved'>): string =>
  moved
    ? `LEFT JOIN (SELECT touchpoint_id, argMax(subject_id, version) AS subject_id, argMax(account_id, version) AS account_id,
                         argMax(person_id, version) AS person_id, intDiv(max(version), 1000000) AS moved_at
                    FROM touchpoint_moves WHERE workspace = {workspace: String} GROUP BY touchpoint_id) AS m
              ON m.touchpoint_id = t.id`
    : '';

/** For whom the row counts, and who did it, moves applied. */
export const subjectColumn = ({ moved }: Pick<SubjectRange, 'moved'>): string =>
  moved ? `if(m.subject_id = '', t.subject_id, m.subject_id)` : 't.subject_id';
export const personColumn = ({ moved }: Pick<SubjectRange, 'moved'>): string =>
  moved ? `if(m.person_id = '', t.person_id, m.person_id)` : 't.person_id';

export const accountColumn = ({ moved }: Pick<SubjectRange, 'moved'>): string =>
  moved ? `if(m.subject_id = '', t.account_id, m.account_id)` : 't.account_id';

/** The condition, for the parameters of the range. */
export function inRange({ moved, whole }: SubjectRange): string {
  const stampedHere = whole
    ? 't.subject_id IN {subjects: Array(String)}'
    : `arrayExists((s, low, high) -> s = t.subject_id AND t.log_offset >= low AND t.log_offset < high,
                   {subjects: Array(String)}, ${numbers('fromOffset')}, ${numbers('toOffset')})`;
  if (!moved) return whole ? stampedHere : `t.subject_id IN {stamped: Array(String)} AND ${stampedHere}`;
  const movedHere = whole
    ? 'm.subject_id IN {subjects: Array(String)}'
    : `arrayExists((s, low, high) -> s = m.subject_id AND m.moved_at >= low AND m.moved_at < high,
                   {subjects: Array(String)}, ${numbers('fromTime')}, ${numbers('toTime')})`;
  return `t.subject_id IN {stamped: Array(String)} AND if(m.subject_id = '', ${stampedHere}, ${movedHere})`;
}

/** 64 bits do not fit into a number of JSON, and a list of texts is no list of numbers to ClickHouse. */
const numbers = (name: keyof SubjectRange): string => `arrayMap(x -> toUInt64(x), {${name}: Array(String)})`;

/**
 * Who lives on for each of these people. Looked up by key after a page is read: joined into the query, the merges of the whole
 * workspace were read for each page.
 */
export async function livingPeople(
  history: Pick<History, 'query'>,
  workspace: string,
  personIds: readonly string[],
): Promise<(personId: string) => string> {
  const ids = [...new Set(personIds)].filter((id) => id !== '');
  if (ids.length === 0) return (id) => id;
  const rows = await history.query<{ person_id: string; into_id: string }>(
    `SELECT person_id, argMax(into_id, version) AS into_id FROM identity_overrides
      WHERE workspace = {workspace: String} AND person_id IN {ids: Array(String)} GROUP BY person_id`,
    { workspace, ids },
  );
  const into = new Map(rows.map((row) => [row.person_id, row.into_id]));
  return (id) => into.get(id) || id;
}
