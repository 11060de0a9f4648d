/**
 * `npm test`: the lanes one after the other, cheapest first (two cores: heavy suites side by side only slow each other down), each
 * by vitest; a failing lane does not hide the next. Ends with one line that counts everything.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numFailedTestSuites: number;
  testResults: { name: string; status: string; message?: string; assertionResults: unknown[] }[];
}

const LANES = ['pure', 'simulation', 'integration', 'e2e'];
const root = join(import.meta.dirname, '..');
const artifacts = join(root, '.artifacts');
const asked = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
const lanes = asked.length ? asked : LANES;
mkdirSync(artifacts, { recursive: true });

let passed = 0;
let failed = 0;
let skipped = 0;
for (const lane of lanes) {
  const file = join(artifacts, `tests-${lane}.json`);
  rmSync(file, { force: true });
  const startedAt = performance.now();
  console.log(`\n── ${lane} ──`);
  const run = spawnSync(
    process.execPath,
    [
      join(root, 'node_modules/vitest/vitest.mjs'),
      'run',
      '--project',
      lane,
      '--passWithNoTests',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${file}`,
    ],
    { cwd: root, stdio: 'inherit' },
  );
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  let report: Report | null = null;
  try {
    report = JSON.parse(readFileSync(file, 'utf8')) as Report;
  } catch {
    console.error(`${lane}: vitest wrote no report`);
  }
  // A file that does not load has no tests of its own to count, and still is a failure.
  const unloaded =
    report?.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length ?? 0;
  const laneFailed = (report?.numFailedTests ?? 0) + unloaded;
  passed += report?.numPassedTests ?? 0;
  skipped += report?.numPendingTests ?? 0;
  failed += laneFailed || (run.status === 0 ? 0 : 1);
  console.log(`── ${lane}: ${report?.numPassedTests ?? 0} passed in ${seconds} s`);
}
console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed ? 1 : 0;
