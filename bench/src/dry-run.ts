/**
 * `cairn dry-run` of JSON lines: the b2b definition beside itself with another limit; read, sorted by time, admitted, stitched, advanced twice,
 * compared. On two threads, as the command does it, and on one: the ratio says what the second thread is worth.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadEvents } from '@cairn/cli/replay/load-events.ts';
import { systemClock } from '@cairn/clock/clock.system.ts';
import type { JourneyDefinition } from '@cairn/contracts/generated/journey-definition.ts';
import { loadDefinition } from '@cairn/orchestrator/core/definition/load-definition.ts';
import { admitRows } from '@cairn/replay/admit-rows.ts';
import { runDryRun, type DryRun } from '@cairn/replay/dry-run/run-dry-run.ts';
import { runOnTwoThreads } from '@cairn/replay/dry-run/run-on-two-threads.ts';
import { makeLines } from './parts/b2b-lines.ts';
import { load } from './parts/machine.ts';

const TOUCHPOINTS = 200_000;
/** So that neither measure pays for the compiler. The second thread starts cold, as in the command. */
const WARMING_UP = 20_000;
const DAY_MS = 86_400_000;
const MILLION = 1_000_000;

const file = readFileSync(new URL('../../definitions/b2b-sales.yaml', import.meta.url), 'utf8');
const definitionOf = (text: string): JourneyDefinition => {
  const loaded = loadDefinition(text);
  if (!loaded.ok) throw new Error('the shipped definition has faults');
  return loaded.definition;
};
const before = definitionOf(file);
const after = definitionOf(file.replace('stall: { after: 5 business days }', 'stall: { after: 4 business days }'));
const settings = { workspace: 'default', before, after, sinceMs: 90 * DAY_MS };

const folder = mkdtempSync(join(tmpdir(), 'cairn-bench-dry-run-'));
try {
  const path = join(folder, 'events.jsonl');
  writeFileSync(path, makeLines(WARMING_UP));
  await measure((rows) =>
    runDryRun(
      settings,
      admitRows('default', rows, () => {}),
    ),
  );
  writeFileSync(path, makeLines(TOUCHPOINTS));
  const two = await measure((rows) => runOnTwoThreads(settings, rows, () => {}));
  const one = await measure((rows) =>
    runDryRun(
      settings,
      admitRows('default', rows, () => {}),
    ),
  );
  if (JSON.stringify(one.run) !== JSON.stringify(two.run))
    throw new Error('two threads come to something else than one');
  console.log(
    JSON.stringify({
      touchpoints: two.run.touchpoints,
      touchpointsPerSecond: two.perSecond,
      secondsForAMillion: Math.round(MILLION / two.perSecond),
      onOneThreadPerSecond: one.perSecond,
      ratio: Math.round((two.perSecond / one.perSecond) * 100) / 100,
      heapMb: Math.round(process.memoryUsage().rss / 2 ** 20),
      load: load(),
    }),
  );

  async function measure(
    work: (rows: ReturnType<Awaited<ReturnType<typeof loadEvents>>['rows']['rows']>) => DryRun | Promise<DryRun>,
  ): Promise<{ run: DryRun; perSecond: number }> {
    const startedAt = systemClock.monotonic();
    const { rows } = await loadEvents({ path, format: 'jsonl', mapping: null }, null, systemClock);
    const run = await work(rows.rows());
    rows.close();
    return { run, perSecond: Math.round((TOUCHPOINTS * 1_000) / (systemClock.monotonic() - startedAt)) };
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
