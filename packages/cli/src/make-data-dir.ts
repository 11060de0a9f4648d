/** The data directory: made for its owner alone, and a bad one named by its variable. */
import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** Throws what is wrong with it. */
export function makeDataDir(path: string): void {
  try {
    make(resolve(path));
  } catch (error) {
    throw new Error(`CAIRN_DATA_DIR: ${(error as Error).message}`, { cause: error });
  }
}

/** Not `recursive`: where a file system refuses with ENOENT (as /proc does), Node's own tries for ever, and no signal ends it. */
function make(path: string): void {
  const there = statSync(path, { throwIfNoEntry: false });
  if (there?.isDirectory()) return;
  if (there) throw new Error(`${path} is no directory`);
  if (dirname(path) !== path) make(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}
