/**
 * `cairn replay` of JSON lines without a mapping, on one core, with the b2b definition (12 score rules): read, sorted by time, admitted,
 * stitched, advanced, all files written. Beside it what the file costs at the least: its lines cut and parsed as JSON.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@cairn/clock/clock.system.ts';
import { loadDefinition } from '@cairn/orchestrator/core/definition/load-definition.ts';
import { writeReplay, type ReplayJob } from '@cairn/cli/replay/write-replay.ts';
import { makeLines } from './parts/b2b-lines.ts';
import { load } from './parts/machine.ts';

const TOUCHPOINTS = 300_000;

const loaded = loadDefinition(readFileSync(new URL('../../definitions/b2b-sales.yaml', import.meta.url), 'utf8'));
if (!loaded.ok) throw new Error('the shipped definition has faults');

const folder = mkdtempSync(join(tmpdir(), 'cairn-bench-replay-'));
try {
  const path = join(folder, 'events.jsonl');
  writeFileSync(path, makeLines(TOUCHPOINTS));
  const job: ReplayJob = {
    workspace: 'default',
    definition: loaded.definition,
    until: null,
    ticks: null,
    scoreOn: null,
    events: { path, format: 'jsonl', mapping: null },
    explain: false,
    out: join(folder, 'out'),
  };
  const before = process.cpuUsage();
  const startedAt = systemClock.monotonic();
  const summary = await writeReplay(job, { clock: systemClock, warn: () => {} });
  const wallMs = systemClock.monotonic() - startedAt;
  const used = process.cpuUsage(before);
  const bareAt = process.cpuUsage();
  for (const line of readFileSync(path, 'utf8').split('\n')) if (line !== '') JSON.parse(line);
  const bare = process.cpuUsage(bareAt);
  const perSecond = ({ user, system }: NodeJS.CpuUsage): number =>
    Math.round((TOUCHPOINTS * 1_000_000) / (user + system));
  console.log(
    JSON.stringify({
      touchpoints: summary.touchpoints,
      touchpointsPerSecond: Math.round((TOUCHPOINTS * 1_000) / wallMs),
      // All threads of the process together, the garbage collector's too: what one core alone would do.
      touchpointsPerCpuSecond: perSecond(used),
      bareParsePerCpuSecond: perSecond(bare),
      heapMb: Math.round(process.memoryUsage().rss / 2 ** 20),
      load: load(),
    }),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
