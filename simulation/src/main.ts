import { parseArgs } from 'node:util';
import { PLANTED_BUGS } from './planted-bugs.ts';
import type { PlantedBug } from './planted-bugs.ts';
import { simulate } from './simulate.ts';
import type { Report } from './simulate.ts';

/** `npm run sim -- --seed N`: one run, its faults first. `--seeds N` runs 1 to N (from `--seed` on), one line each. `--people`: with merges, splits and erasures. */
const USAGE = `usage: npm run sim -- [--seed N] [--seeds COUNT] [--people] [--plant ${PLANTED_BUGS.join('|')}]`;

const { values } = parseArgs({
  options: {
    people: { type: 'boolean' },
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
  (bug !== null && !PLANTED_BUGS.includes(bug))
) {
  console.error(USAGE);
  process.exit(2);
}

let failed = 0;
for (let seed = first; seed < first + count; seed++) {
  const report = await simulate(seed, bug, values.people);
  if (report.violations.length > 0) failed++;
  if (count === 1 || report.violations.length > 0) printWhole(report);
  else console.log(`seed ${seed} ${report.digest}`);
}
if (count > 1) console.log(`${count} seeds, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

function printWhole({ seed, faults, violations, digest, counts }: Report): void {
  console.log(`seed ${seed}: ${faults.length} faults`);
  for (const fault of faults) console.log(`  ${fault}`);
  console.log(`${counts.calls} calls, ${counts.records} records, ${counts.webhooks} webhooks`);
  console.log(`digest ${digest}`);
  if (violations.length === 0) return console.log('all invariants hold');
  for (const violation of violations) console.log(`BROKEN ${violation}`);
  console.log(`again: npm run sim -- --seed ${seed}${values.people ? ' --people' : ''}${bug ? ` --plant ${bug}` : ''}`);
}
