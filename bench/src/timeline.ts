/**
 * What a journey's timeline costs: pages of 50 of 2,000 journeys chosen at random among 500,000 (10,000,000 touchpoints, BENCH_TOUCHPOINTS for
 * fewer) in chDB, one after the other, as the read API asks for what is older than the view keeps. No subject absorbed another one. The
 * limit it is held against: the same rows by the sorting key alone. Prints one line of JSON; times are in ms.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@cairn/clock/clock.system.ts';
import { openClickhouseHistory } from '@cairn/history/history.clickhouse.ts';
import { timeline } from '@cairn/history/queries/timeline.ts';

const TOUCHPOINTS = Number(process.env['BENCH_TOUCHPOINTS'] ?? 10_000_000);
const TOUCHES_A_SUBJECT = 20;
const ROWS_AN_INSERT = 1_000_000;
const ASKED = 2_000;
/** Prime to the number of subjects: every question is about another one, far from the one before. */
const STRIDE = 104_729;
const PAGE = 50;

const folder = mkdtempSync(join(tmpdir(), 'cairn-bench-timeline-'));
const history = await openClickhouseHistory({ chdbPath: folder });
const subjects = TOUCHPOINTS / TOUCHES_A_SUBJECT;
const began = systemClock.monotonic();
for (let from = 0; from < TOUCHPOINTS; from += ROWS_AN_INSERT)
  await history.command(
    `INSERT INTO touchpoints (workspace, subject_id, subject_unit, id, message_id, kind, event, timestamp, received_at, stitched_at, direction, channel, person_id, properties, traits, context, log_offset)
     SELECT 'default', concat('acc_', toString(number % ${subjects})), 'account', concat('tp_', toString(number)), toString(number), 'track', 'Page Viewed',
       at, at, toDateTime64('2026-03-01 00:00:00', 3, 'UTC'), 'inbound', 'Email', concat('per_', toString(number % ${subjects})),
       concat('{"path":"/page/', toString(number % 977), '","title":"A page","n":', toString(number), '}'), '{}', '{}', number
     FROM (SELECT number, toDateTime64('2026-01-01 00:00:00', 3, 'UTC') + intHash32(number) % 5000000 AS at FROM numbers(${from}, ${Math.min(ROWS_AN_INSERT, TOUCHPOINTS - from)}))`,
  );
const fillMs = Math.round(systemClock.monotonic() - began);

async function measure(ask: (subject: string) => Promise<unknown>): Promise<{ p50Ms: number; p99Ms: number }> {
  const took: number[] = [];
  for (let i = 0; i < ASKED; i++) {
    const at = systemClock.monotonic();
    await ask(`acc_${(i * STRIDE) % subjects}`);
    took.push(systemClock.monotonic() - at);
  }
  took.sort((a, b) => a - b);
  const at = (share: number): number => Math.round(took[Math.floor(took.length * share)]! * 10) / 10;
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}

const page = await measure((subject) => timeline(history, 'default', subject, { limit: PAGE, cursor: null }));
const bare = await measure((subject) =>
  history.query(
    `SELECT id, properties FROM touchpoints WHERE workspace = 'default' AND subject_id = {subject: String} ORDER BY timestamp DESC, id DESC LIMIT ${PAGE}`,
    { subject },
  ),
);
await history.close();
rmSync(folder, { recursive: true, force: true });
console.log(JSON.stringify({ bench: 'timeline', touchpoints: TOUCHPOINTS, asked: ASKED, fillMs, page, bare }));
