/** Nothing in the repository names a package registry or a path of one machine: both break on everyone else's. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

// Put together from halves, so that this file does not find itself.
const FORBIDDEN = [
  ['registry.', 'npmjs'],
  ['repo1.', 'maven'],
  ['repo.', 'maven.apache'],
  ['deb.', 'debian.org'],
  ['/work/', 'main'],
  ['/work/', 'shared'],
  ['/work/', '.library'],
].map((halves) => halves.join(''));

const files = execFileSync('git', ['ls-files', '-z'], { encoding: 'utf8' }).split('\0').filter(Boolean);
const faults = files.flatMap((file) => {
  const text = readFileSync(file, 'latin1');
  return FORBIDDEN.filter((word) => text.includes(word)).map((word) => `${file} names ${word}`);
});
for (const fault of faults) console.error(fault);
process.exitCode = faults.length ? 1 : 0;
