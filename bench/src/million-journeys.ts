/**
 * Embedded, 1,000,000 open journeys with timers: how long to load them, what each takes in memory and on disk, how late 1,000 alerts
 * are among them, how long a restart takes until ready. Prints one JSON line. Linux only.
 *
 *   node bench/src/million-journeys.ts [--journeys 1000000] [--alerts 1000]
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startProduct } from '@cairn/testkit/product.ts';
import { alertLateness, DEFINITION, openJourneys } from './parts/journeys-load.ts';
import { load } from './parts/machine.ts';
import { diskBytes, memoryOf } from './parts/process-memory.ts';

const { values } = parseArgs({
  options: { journeys: { type: 'string', default: '1000000' }, alerts: { type: 'string', default: '1000' } },
});
const journeys = Number(values.journeys);
const TARGETS = { alertLatenessP99Ms: 1_000, bytesPerJourney: 1_536, restartSeconds: 30 };
/** After the load: what was garbage is collected, the history has caught up. */
const SETTLE_MS = 10_000;

const loadBefore = load();
const directory = mkdtempSync(join(tmpdir(), 'cairn-bench-definition-'));
const definition = join(directory, 'definition.yaml');
writeFileSync(definition, DEFINITION);
const product = await startProduct({ env: { CAIRN_DEFINITION: definition }, readyWithinMs: 300_000 });
try {
  const before = memoryOf(product.pid);
  const loaded = await openJourneys(product, journeys);
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const after = memoryOf(product.pid);
  const disk = Object.fromEntries(
    ['log', 'view', 'history'].map((name) => [name, perJourney(diskBytes(join(product.dataDir, name)))]),
  );
  const lateness = await alertLateness(product, journeys, Number(values.alerts));
  await product.stop();
  const stoppedAt = performance.now();
  await product.restart();
  const restartSeconds = Number(((performance.now() - stoppedAt) / 1_000).toFixed(2));
  console.log(
    JSON.stringify({
      journeys,
      ...loaded,
      journeysPerSecond: Math.round(journeys / loaded.loadSeconds),
      residentBytesPerJourney: perJourney(after.residentBytes - before.residentBytes),
      anonymousBytesPerJourney: perJourney(after.anonymousBytes - before.anonymousBytes),
      mappedBytesPerJourney: perJourney(after.fileBytes - before.fileBytes),
      // What the load itself left behind (heap grown for it, pages just written) is gone by then.
      residentMbFresh: megabytes(before.residentBytes),
      residentMbLoaded: megabytes(after.residentBytes),
      residentMbRestarted: megabytes(memoryOf(product.pid).residentBytes),
      diskBytesPerJourney: disk,
      lateness,
      restartSeconds,
      targets: TARGETS,
      loadBefore,
      loadAfter: load(),
    }),
  );
} finally {
  await product.dispose();
  rmSync(directory, { recursive: true, force: true });
}

function perJourney(bytes: number): number {
  return Math.round(bytes / journeys);
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}
