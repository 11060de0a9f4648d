/**
 * Forgets people in every table of the registry, rows stamped with absorbed ids too. Deletes are mutations that are waited for. What a
 * split gave to somebody else stays, whatever it is stamped with.
 */
import type { History, HistoryTable } from '../history.ts';
import { PERSON_COLUMNS, SUBJECT_COLUMNS } from '../tables.ts';
import { isOfErased } from '@cairn/contracts/erased-letter.ts';

/** Dead letters looked at in one go: they are up to 32 KB each. */
const LETTERS_A_PAGE = 200;

export async function eraseFromClickhouse(
  history: Pick<History, 'query' | 'command'>,
  workspace: string,
  personIds: readonly string[],
  hashes: readonly string[],
): Promise<void> {
  const params = { workspace, ids: personIds };
  const remove = (table: HistoryTable, condition: string, more: object = {}): Promise<void> =>
    history.command(
      `ALTER TABLE ${table} DELETE WHERE workspace = {workspace: String} AND (${condition}) SETTINGS mutations_sync = 2`,
      { ...params, ...more },
    );
  const ids = '{ids: Array(String)}';
  const moved = `SELECT touchpoint_id FROM touchpoint_moves FINAL WHERE workspace = {workspace: String} AND person_id`;
  // Of a person without an account the alerts name nobody, but their journey was the person's. Others' tell of who was there.
  const own = await journeysOf(history, workspace, personIds);
  const ofOwn = `journey_id IN {own: Array(String)}`;
  await remove('alert_facts', `${ofOwn} OR arrayExists(id -> position(alert, id) > 0, ${ids})`, { own });
  await remove('journey_rebuilds', ofOwn, { own });
  await remove('delivery_attempts', ofOwn, { own });
  // What a receiver sent back may be what it was sent: by id, or in words in a journey that they were on.
  await history.command(
    `ALTER TABLE delivery_attempts UPDATE answer = ''
      WHERE workspace = {workspace: String} AND answer != '' AND (arrayExists(id -> position(answer, id) > 0, ${ids})
        OR journey_id IN (SELECT journey_id FROM journey_changes WHERE workspace = {workspace: String} AND person_id IN ${ids}))
      SETTINGS mutations_sync = 2`,
    params,
  );
  await remove(
    'touchpoints',
    `(person_id IN ${ids} AND id NOT IN (${moved} NOT IN ${ids})) OR id IN (${moved} IN ${ids})`,
  );
  // Orders to derive anew say who the people are.
  await remove('rederivations', `arrayExists(id -> position(message, id) > 0, ${ids})`);
  for (const table of OF_TOUCHPOINTS) await giveMoved(history, params, table);
  for (const table of new Set([...Object.keys(PERSON_COLUMNS), ...Object.keys(SUBJECT_COLUMNS)] as HistoryTable[]))
    if (!DONE.has(table))
      await remove(
        table,
        [
          ...columnsOf(table).map((column) => `${column} IN ${ids}`),
          ...(OF_TOUCHPOINTS.includes(table) ? [`touchpoint_id IN (${moved} IN ${ids})`] : []),
        ].join(' OR '),
      );
  // Somebody who was one with them once, as of then: the newest of each is what counts.
  await remove(
    'people',
    `(person_id, version) NOT IN (SELECT person_id, max(version) FROM people WHERE workspace = {workspace: String} GROUP BY person_id)`,
  );
  await eraseLetters(history, workspace, hashes, personIds);
}

/** What is told of single touchpoints: theirs are those that they own now, whatever is stamped. */
const OF_TOUCHPOINTS: readonly HistoryTable[] = ['journey_changes', 'touchpoint_values'];

/** What is stamped with them and is somebody else's by now says so: it stays, and must name nobody who is erased. */
async function giveMoved(
  history: Pick<History, 'query' | 'command'>,
  params: { workspace: string; ids: readonly string[] },
  table: HistoryTable,
): Promise<void> {
  const stamped = `workspace = {workspace: String}
    AND (person_id IN {ids: Array(String)} OR subject_id IN {ids: Array(String)})`;
  const rows = await history.query<{ id: string; person: string; subject: string }>(
    `SELECT touchpoint_id AS id, person_id AS person, subject_id AS subject FROM touchpoint_moves FINAL
      WHERE workspace = {workspace: String} AND person_id NOT IN {ids: Array(String)}
        AND touchpoint_id IN (SELECT touchpoint_id FROM ${table} WHERE ${stamped})`,
    params,
  );
  for (let from = 0; from < rows.length; from += GIVEN_A_STATEMENT) {
    const some = rows.slice(from, from + GIVEN_A_STATEMENT);
    const to = (column: string, values: string): string =>
      `${column} = transform(touchpoint_id, {touchpoints: Array(String)}, {${values}: Array(String)}, ${column})`;
    await history.command(
      `ALTER TABLE ${table} UPDATE ${to('person_id', 'people')}, ${to('subject_id', 'subjects')}
        WHERE ${stamped} AND touchpoint_id IN {touchpoints: Array(String)} SETTINGS mutations_sync = 2`,
      {
        ...params,
        touchpoints: some.map(({ id }) => id),
        people: some.map(({ person }) => person),
        subjects: some.map(({ subject }) => subject),
      },
    );
  }
}

/** Touchpoints in one statement: three arrays of ids, 60 kB. */
const GIVEN_A_STATEMENT = 500;

const DONE: ReadonlySet<string> = new Set(['alert_facts', 'touchpoints']);

const columnsOf = (table: HistoryTable): readonly string[] => [
  ...(PERSON_COLUMNS[table] ?? []),
  ...(SUBJECT_COLUMNS[table] ?? []),
];

/** Journeys of theirs alone, however many definitions there were. */
async function journeysOf(
  history: Pick<History, 'query'>,
  workspace: string,
  personIds: readonly string[],
): Promise<string[]> {
  const from = (table: string): string =>
    `SELECT journey_id AS id FROM ${table} WHERE workspace = {workspace: String} AND subject_id IN {ids: Array(String)}`;
  const rows = await history.query<{ id: string }>(
    `SELECT DISTINCT id FROM (${from('journey_visits')} UNION ALL ${from('journey_changes')})`,
    { workspace, ids: personIds },
  );
  return rows.map(({ id }) => id);
}

async function eraseLetters(
  history: Pick<History, 'query' | 'command'>,
  workspace: string,
  hashes: readonly string[],
  ids: readonly string[],
): Promise<void> {
  const found: string[] = [];
  for (let after = ''; ;) {
    const rows = await history.query<{ id: string; raw: string }>(
      `SELECT id, any(raw) AS raw FROM dead_letters WHERE workspace = {workspace: String} AND id > {after: String}
        GROUP BY id ORDER BY id LIMIT {limit: UInt32}`,
      { workspace, after, limit: LETTERS_A_PAGE },
    );
    found.push(...rows.filter(({ raw }) => isOfErased(workspace, raw, hashes, ids)).map(({ id }) => id));
    const last = rows.at(-1);
    if (!last || rows.length < LETTERS_A_PAGE) break;
    after = last.id;
  }
  if (found.length === 0) return;
  await history.command(
    `ALTER TABLE dead_letters DELETE WHERE workspace = {workspace: String} AND id IN {found: Array(String)} SETTINGS mutations_sync = 2`,
    { workspace, found },
  );
}
