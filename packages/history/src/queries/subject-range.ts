import type { History } from '../history.ts';

/**
 * Which rows of `touchpoints` count for a subject now: its own and those of the subjects that it absorbed, without what a split moved
 * away, with what one moved here. `stamped` is for the sorting key, so that nothing else is read.
 */
export interface SubjectRange {
  /** The subject and everyone it absorbed, however many steps ago. */
  subjects: string[];
  /** What the rows may be stamped with. */
  stamped: string[];
  /** Whether any row of theirs was moved; if none, what is stamped is the truth. */
  moved: boolean;
}

export async function subjectRange(
  history: Pick<History, 'query'>,
  workspace: string,
  subjectId: string,
): Promise<SubjectRange> {
  const subjects = await absorbedInto(history, workspace, subjectId);
  const rows = await history.query<{ stamped: string; subject: string }>(
    `SELECT DISTINCT stamped_subject_id AS stamped, subject_id AS subject FROM touchpoint_moves FINAL
      WHERE workspace = {workspace: String}
        AND (stamped_subject_id IN {subjects: Array(String)} OR subject_id IN {subjects: Array(String)})`,
    { workspace, subjects },
  );
  const here = new Set(subjects);
  const stamped = new Set([...subjects, ...rows.filter(({ subject }) => here.has(subject)).map((row) => row.stamped)]);
  return { subjects, stamped: [...stamped], moved: rows.length > 0 };
}

/** The subject and everyone it absorbed, however many steps ago. Few: a loop of tiny queries beats a recursive one. */
export async function absorbedInto(
  history: Pick<History, 'query'>,
  workspace: string,
  subjectId: string,
): Promise<string[]> {
  const known = new Set([subjectId]);
  for (let wave = [subjectId]; wave.length;) {
    const rows = await history.query<{ subject_id: string }>(
      `SELECT subject_id FROM subject_overrides FINAL
        WHERE workspace = {workspace: String} AND into_id IN {wave: Array(String)}`,
      { workspace, wave },
    );
    wave = rows.map((row) => row.subject_id).filter((id) => !known.has(id));
    for (const id of wave) known.add(id);
  }
  return [...known];
}

/** The moves to join as `m`, where there are any: the newest of each touchpoint. */
export const joinMoves = ({ moved }: SubjectRange): string =>
  moved
    ? `LEFT JOIN (SELECT touchpoint_id, argMax(subject_id, version) AS subject_id, argMax(account_id, version) AS account_id,
                         argMax(person_id, version) AS person_id
                    FROM touchpoint_moves WHERE workspace = {workspace: String} GROUP BY touchpoint_id) AS m
              ON m.touchpoint_id = t.id`
    : '';

/** For whom the row counts, and who did it, moves applied. */
export const subjectColumn = ({ moved }: SubjectRange): string =>
  moved ? `if(m.subject_id = '', t.subject_id, m.subject_id)` : 't.subject_id';
export const personColumn = ({ moved }: SubjectRange): string =>
  moved ? `if(m.person_id = '', t.person_id, m.person_id)` : 't.person_id';

export const accountColumn = ({ moved }: SubjectRange): string =>
  moved ? `if(m.subject_id = '', t.account_id, m.account_id)` : 't.account_id';

/** The condition, for parameters `stamped` and `subjects`. */
export const inRange = (range: SubjectRange): string =>
  `t.subject_id IN {stamped: Array(String)}${range.moved ? ` AND ${subjectColumn(range)} IN {subjects: Array(String)}` : ''}`;

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
