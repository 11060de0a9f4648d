/**
 * Who lives on, asked while reading: 1,000,000 touchpoints of 100,000 people in chDB, of whom 1, 10 and 50 in 100 were absorbed. Three ways: the
 * product's (read the page, then look its people up by key), a dictionary, and a join; for a page of a timeline, and for a count of the
 * living people of everything (no question of the product's: the worst case). `stampedMs` is the limit: what is stamped is read and nothing
 * applied, as after a squash. Prints one line of JSON; times are medians in ms.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@cairn/clock/clock.system.ts';
import { openClickhouseHistory } from '@cairn/history/history.clickhouse.ts';
import type { History } from '@cairn/history/history.ts';
import { livingPeople } from '@cairn/history/queries/subject-range.ts';

const TOUCHPOINTS = Number(process.env['BENCH_TOUCHPOINTS'] ?? 1_000_000);
const PEOPLE = TOUCHPOINTS / 10;
/** An account of fifty people. */
const SUBJECTS = PEOPLE / 50;
const RUNS = 15;
const SHARES = [1, 10, 50];
const W = { workspace: 'default' };

const PERSON = (n: string): string => `toString(reinterpretAsUUID(sipHash128(${n})))`;

async function fill(history: History): Promise<void> {
  await history.command(
    `INSERT INTO touchpoints (workspace, subject_id, id, timestamp, stitched_at, event, person_id, stitch_key)
     SELECT 'default', toString(intDiv(number % ${PEOPLE}, 50)), concat('tp_', toString(number)),
            toDateTime64('2026-01-01 00:00:00', 3, 'UTC') + number, toDateTime64('2026-01-01 00:00:00', 3, 'UTC') + number, 'Page Viewed',
            ${PERSON(`number % ${PEOPLE}`)}, concat('userId:', toString(number % ${PEOPLE}))
       FROM numbers(${TOUCHPOINTS})`,
  );
}

/** Each absorbed into the next person of its account. */
const absorb = (history: History, share: number): Promise<void> =>
  history.command(
    `INSERT INTO identity_overrides (workspace, person_id, into_id, version, at)
     SELECT 'default', ${PERSON('number')}, ${PERSON('number + 1')}, 1, now64(3) FROM numbers(${PEOPLE}) WHERE number % 100 < ${share} AND number % 50 < 49`,
  );

const DICTIONARY = `CREATE OR REPLACE DICTIONARY bench_living (workspace String, person_id String, into_id String)
  PRIMARY KEY workspace, person_id
  SOURCE(CLICKHOUSE(QUERY 'SELECT workspace, person_id, argMax(into_id, version) AS into_id FROM identity_overrides GROUP BY workspace, person_id'))
  LAYOUT(COMPLEX_KEY_HASHED()) LIFETIME(0)`;

const page = (person: string, from = 'touchpoints AS t'): string =>
  `SELECT t.id AS id, toUnixTimestamp64Milli(t.timestamp) AS at, ${person} AS person FROM ${from}
    WHERE t.workspace = {workspace: String} AND t.subject_id = {subject: String} ORDER BY t.timestamp DESC, t.id DESC LIMIT 50`;
const people = (person: string, from = 'touchpoints AS t'): string =>
  `SELECT uniqExact(${person}) AS n FROM ${from} WHERE t.workspace = {workspace: String}`;
const LOOKED_UP = `dictGetOrDefault('bench_living', 'into_id', (t.workspace, t.person_id), t.person_id)`;
const JOINED = `if(o.into_id = '', t.person_id, o.into_id)`;
const JOIN = `touchpoints AS t LEFT JOIN (SELECT person_id, argMax(into_id, version) AS into_id FROM identity_overrides
    WHERE workspace = {workspace: String} GROUP BY person_id) AS o ON o.person_id = t.person_id`;

async function median(run: (subject: string) => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i <= RUNS; i++) {
    const began = systemClock.monotonic();
    await run(String((i * 7919) % SUBJECTS));
    // The first warms up.
    if (i > 0) times.push(systemClock.monotonic() - began);
  }
  return Number(times.sort((a, b) => a - b)[Math.floor(RUNS / 2)]!.toFixed(1));
}

async function measure(history: History): Promise<Record<string, number>> {
  const began = systemClock.monotonic();
  await history.command(DICTIONARY);
  await history.command('SYSTEM RELOAD DICTIONARY bench_living');
  const dictionaryLoadMs = Math.round(systemClock.monotonic() - began);
  const ask = (sql: string) => (subject: string) => history.query(sql, { ...W, subject });
  return {
    pageStampedMs: await median(ask(page('t.person_id'))),
    pageByKeyMs: await median(async (subject) => {
      const rows = await history.query<{ person: string }>(page('t.person_id'), { ...W, subject });
      return livingPeople(
        history,
        W.workspace,
        rows.map(({ person }) => person),
      );
    }),
    pageDictionaryMs: await median(ask(page(LOOKED_UP))),
    pageJoinMs: await median(ask(page(JOINED, JOIN))),
    allStampedMs: await median(ask(people('t.person_id'))),
    allDictionaryMs: await median(ask(people(LOOKED_UP))),
    allJoinMs: await median(ask(people(JOINED, JOIN))),
    dictionaryLoadMs,
  };
}

const folder = mkdtempSync(join(tmpdir(), 'cairn-bench-overrides-'));
const history = await openClickhouseHistory({ chdbPath: folder });
await fill(history);
const figures: Record<string, Record<string, number>> = {};
for (const share of SHARES) {
  await absorb(history, share);
  figures[`absorbed${share}`] = await measure(history);
  console.error(share, figures[`absorbed${share}`]);
}
await history.close();
rmSync(folder, { recursive: true, force: true });
console.log(JSON.stringify({ bench: 'overrides', touchpoints: TOUCHPOINTS, people: PEOPLE, ...figures }));
