import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openClickhouseHistory } from '@cairn/history/history.clickhouse.ts';
import { keepEverything } from './identity/breaking-history.ts';
import { runOnHistory } from './identity/history-run.ts';
import { PLANTED_BUGS } from './planted-bugs.ts';
import type { PlantedBug } from './planted-bugs.ts';
import { simulate } from './simulate.ts';
import type { Report } from './simulate.ts';

/** `npm run sim -- --seed N`: one run, its faults first. `--seeds N` runs 1 to N (from `--seed` on), one line each. `--people`: with merges, splits and erasures; `--history chdb`: these against a real ClickHouse in process. */
const USAGE = `usage: npm run sim -- [--seed N] [--seeds COUNT] [--people [--history chdb]] [--plant ${PLANTED_BUGS.join('|')}]`;

const { values } = parseArgs({
  options: {
    people: { type: 'boolean' },
    history: { type: 'string' },
    seed: { type: 'string' },
    seeds: { type: 'string' },
    plant: { type: 'string' },
  },
});
const first = Number(values.seed ?? 1);
const count = Number(values.seeds ?? 1);
const bug = (values.plant ?? null) as PlantedBug | null;
if (
  !Number.isInteger(first) ||
  !Number.isInteger(count) ||
  count < 1 ||
  (bug !== null && !PLANTED_BUGS.includes(bug)) ||
  (values.history !== undefined && !(values.history === 'chdb' && values.people))
) {
  console.error(USAGE);
  process.exit(2);
}

let failed = 0;
if (values.history) await runHistory();
else await runSimulation();
if (count > 1) console.log(`${count} seeds, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

async function runSimulation(): Promise<void> {
  for (let seed = first; seed < first + count; seed++) {
    const report = await simulate(seed, bug, values.people);
    if (report.violations.length > 0) failed++;
    if (count === 1 || report.violations.length > 0) printWhole(report);
    else console.log(`seed ${seed} ${report.digest}`);
  }
}

async function runHistory(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'cairn-people-'));
  const history = await openClickhouseHistory({ chdbPath: directory });
  await keepEverything(history);
  for (let seed = first; seed < first + count; seed++) {
    const faults = await runOnHistory(history, seed);
    if (faults.length > 0) failed++;
    console.log(`seed ${seed} ${faults.length === 0 ? 'the history says what the stitcher has' : 'differs'}`);
    for (const fault of faults) console.log(`BROKEN ${fault}`);
  }
  await history.close();
  rmSync(directory, { recursive: true, force: true });
}

function printWhole({ seed, faults, violations, digest, counts }: Report): void {
  console.log(`seed ${seed}: ${faults.length} faults`);
  for (const fault of faults) console.log(`  ${fault}`);
  console.log(`${counts.calls} calls, ${counts.records} records, ${counts.webhooks} webhooks`);
  console.log(`digest ${digest}`);
  if (violations.length === 0) return console.log('all invariants hold');
  for (const violation of violations) console.log(`BROKEN ${violation}`);
  console.log(`again: npm run sim -- --seed ${seed}${values.people ? ' --people' : ''}${bug ? ` --plant ${bug}` : ''}`);
}
