/**
 * A released schema file is never edited: its digest stands in schemas/released.json, and this fails when a file differs from it or is gone.
 * `--release` adds the digests of the files that have none yet.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '../schemas');
const releasedPath = join(folder, 'released.json');
const released = existsSync(releasedPath)
  ? (JSON.parse(readFileSync(releasedPath, 'utf8')) as Record<string, string>)
  : {};
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((file) => /^[\w-]+\/\d+-\d+-\d+\.json$/.test(file))
  .sort();
const digest = (file: string): string =>
  createHash('sha256')
    .update(readFileSync(join(folder, file)))
    .digest('hex');

if (process.argv.includes('--release')) {
  for (const file of files) released[file] ??= digest(file);
  writeFileSync(releasedPath, `${JSON.stringify(released, null, 2)}\n`);
}
const faults = [
  ...Object.keys(released)
    .filter((file) => !files.includes(file))
    .map((file) => `${file} was released and is gone`),
  ...files
    .filter((file) => released[file] && released[file] !== digest(file))
    .map((file) => `${file} was released and has been edited: add a new version beside it`),
  ...files
    .filter((file) => !released[file])
    .map((file) => `${file} is not released yet: run node scripts/check-schemas.ts --release`),
];
for (const fault of faults) console.error(fault);
process.exitCode = faults.length ? 1 : 0;
