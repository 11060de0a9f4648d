/**
 * What the pages of history cost over 10,000,000 touchpoints of 500,000 journeys in chDB: the first time (nothing of it in ClickHouse's
 * caches), again, and from the answers that live-feed keeps. The limit it is held against: a bare count of the same rows by stage and event.
 * Prints one line of JSON; times are in ms, `cpuMs` is what the first time took of both cores. `merged…` is with every tenth journey rebuilt, a
 * hundred touchpoints moved and 200,000 answers of buyers: what identities do to a history.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@cairn/clock/clock.system.ts';
import { openClickhouseHistory } from '@cairn/history/history.clickhouse.ts';
import type { History } from '@cairn/history/history.ts';
import type { Scope } from '@cairn/history/queries/journeys-scope.ts';
import { createHistoryAnswers } from '@cairn/live-feed/shell/history-answers.ts';
import { journeyInsight, type JourneyInsight } from '@cairn/live-feed/shell/history-insight.ts';

const TOUCHPOINTS = Number(process.env['BENCH_TOUCHPOINTS'] ?? 10_000_000);
const TOUCHES_A_JOURNEY = 20;
const ROWS_AN_INSERT = 1_000_000;
const STAGES = ['awareness', 'consideration', 'evaluation', 'decision', 'contract'];
const SCOPE: Scope = { workspace: 'default', definition: 'd', stages: STAGES, from: null, to: null, segment: null };

/** Ids are base64url of hashes, as the product's: the sample of the map relies on their order being fair. */
const ID = `concat('jrn_', substring(replaceAll(replaceAll(base64Encode(sipHash128(journey)), '+', '-'), '/', '_'), 1, 22))`;
const START = `toDateTime64('2026-01-01 00:00:00', 3, 'UTC')`;
/** A journey goes through the stages four touches each, and stops after one of them. */
const LAST = `(1 + cityHash64(journey) % 5)`;
const STAGE_NAMES = `[${STAGES.map((name) => `'${name}'`).join(', ')}]`;
const BEGAN = `${START} + (journey % 100000) * 60`;

async function fill(history: History): Promise<void> {
  for (let from = 0; from < TOUCHPOINTS; from += ROWS_AN_INSERT)
    await history.command(
      `INSERT INTO journey_changes (workspace, definition, journey_id, subject_id, seq, at, stage, status, touchpoint_id, event, channel, direction, touchpoint_at, log_offset)
       SELECT 'default', 'd', ${ID}, toString(journey), step + 1, at + 1, ${STAGE_NAMES}[least(${LAST}, 1 + intDiv(step, 4))], 'active', concat('tp_', toString(n)),
         ['Page Viewed', 'Email Opened', 'Demo Requested', 'Webinar Attended', 'Call Logged', 'Form Sent', 'Pricing Viewed', 'Docs Read', 'Login', 'Invite Sent', 'Email Sent', 'Ad Clicked'][1 + intHash32(n) % 12],
         ['Organic Search', 'Email', 'Paid Search', 'Direct', ''][1 + intHash32(n + 7) % 5], if(intHash32(n + 3) % 5 = 0, 'outbound', 'inbound'), at, n
       FROM (SELECT number AS n, intDiv(number, ${TOUCHES_A_JOURNEY}) AS journey, number % ${TOUCHES_A_JOURNEY} AS step, ${BEGAN} + step * 36000 + intHash32(number) % 3600 AS at
               FROM numbers(${from}, ${Math.min(ROWS_AN_INSERT, TOUCHPOINTS - from)}))`,
    );
  await history.command(
    `INSERT INTO journey_visits (workspace, definition, journey_id, subject_id, seq, unit, status, started_at, ended_at, stages, entered)
     SELECT 'default', 'd', ${ID}, toString(journey), ${TOUCHES_A_JOURNEY}, 'account', status, ${BEGAN}, if(status IN ('won', 'lost'), ${BEGAN} + 720000, toDateTime64(0, 3, 'UTC')),
       arraySlice(${STAGE_NAMES}, 1, ${LAST}), arrayMap(i -> ${BEGAN} + i * 4 * 36000, range(${LAST}))
     FROM (SELECT number AS journey, ['won', 'lost', 'active', 'stalled'][1 + cityHash64(number + 1) % 4] AS status FROM numbers(${TOUCHPOINTS / TOUCHES_A_JOURNEY}))`,
  );
}

type Ask = (insight: JourneyInsight) => Promise<unknown>;
const QUESTIONS: Readonly<Record<string, Ask>> = {
  map: (insight) => insight.map(SCOPE, { by: 'event', limit: 30 }),
  mapOfSegment: (insight) =>
    insight.map({ ...SCOPE, segment: { name: 'status', values: ['won'] } }, { by: 'event', limit: 30 }),
  funnel: (insight) => insight.funnel(SCOPE),
  pathsByStage: (insight) => insight.paths(SCOPE, { by: 'stage', steps: 6, top: 20 }),
  pathsByEvent: (insight) => insight.paths(SCOPE, { by: 'event', steps: 6, top: 20 }),
  cell: (insight) => insight.cell(SCOPE, { by: 'event', stage: 'decision', touchpoint: 'Login', limit: 100 }),
  metrics: (insight) => insight.metrics(SCOPE, Date.UTC(2027, 0, 1)),
  attribution: (insight) => insight.attribution(SCOPE),
};

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = systemClock.monotonic();
  await work();
  return Math.round(systemClock.monotonic() - began);
}

const folder = mkdtempSync(join(tmpdir(), 'cairn-bench-history-'));
const opened = await openClickhouseHistory({ chdbPath: folder });
const fillMs = await timed(() => fill(opened));
await opened.close();

async function merge(): Promise<void> {
  for (const sql of [
    `INSERT INTO journey_rebuilds (workspace, definition, journey_id) SELECT workspace, definition, journey_id FROM journey_visits WHERE journey_key % 10 = 0`,
    `INSERT INTO touchpoint_moves (workspace, touchpoint_id, stamped_subject_id, subject_id, version)
     SELECT 'default', touchpoint_id, subject_id, toString(toUInt64(subject_id) + 1), 1 FROM journey_changes WHERE log_offset % 100000 = 0`,
    `INSERT INTO touchpoint_values (workspace, kind, at, touchpoint_id, event, channel, subject_id, value)
     SELECT 'default', 'nps', at, touchpoint_id, event, channel, subject_id, intHash32(log_offset) % 11 FROM journey_changes WHERE log_offset % 50 = 0`,
  ])
    await history.command(sql);
}

const figures: Record<string, { firstMs: number; cpuMs: number; againMs: number; fromAnswersMs: number }> = {};
const history = await openClickhouseHistory({ chdbPath: folder });
const insight = journeyInsight(history);
for (const [name, ask] of [
  ...Object.entries(QUESTIONS),
  ...Object.entries(QUESTIONS).map(([name, ask]) => [`merged ${name}`, ask] as const),
]) {
  if (name === 'merged map') await merge();
  await history.command('SYSTEM DROP MARK CACHE');
  await history.command('SYSTEM DROP UNCOMPRESSED CACHE');
  const cpu = process.cpuUsage();
  const firstMs = await timed(() => ask(insight));
  const spent = process.cpuUsage(cpu);
  const cpuMs = Math.round((spent.user + spent.system) / 1_000);
  const againMs = await timed(() => ask(insight));
  const answers = createHistoryAnswers(systemClock);
  await answers.get([name], () => ask(insight));
  const fromAnswersMs = await timed(async () => JSON.stringify(await answers.get([name], () => ask(insight))));
  figures[name] = { firstMs, cpuMs, againMs, fromAnswersMs };
  console.error(name, figures[name]);
}
const bareCountMs = await timed(() =>
  history.query(
    `SELECT stage, event, count() AS n FROM journey_changes WHERE workspace = 'default' GROUP BY stage, event`,
  ),
);
await history.close();
rmSync(folder, { recursive: true, force: true });
console.log(JSON.stringify({ bench: 'history-queries', touchpoints: TOUCHPOINTS, fillMs, bareCountMs, ...figures }));
