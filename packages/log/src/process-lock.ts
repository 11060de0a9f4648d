import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';

/**
 * Keeps a second process out of a data directory; threads of one process may share it. Each opened log leaves a file named by
 * its process; files of processes that are gone are removed. Sees processes of this machine only: a directory shared between
 * machines or containers is not protected.
 */
export interface ProcessLock {
  /** Names this process: pid and start time (a pid alone is given again after a crash, in containers always). */
  readonly processTag: string;
  release(): void;
}

export class DataDirectoryInUse extends Error {
  override name = 'DataDirectoryInUse';
}

let opened = 0;

export function lockForProcess(directory: string): ProcessLock {
  const locks = join(directory, 'locks');
  mkdirSync(locks, { recursive: true });
  const processTag = `${process.pid}-${startTime(process.pid) ?? 0}`;
  const file = join(locks, `${processTag}-${threadId}-${++opened}`);
  writeFileSync(file, '');
  for (const other of readdirSync(locks)) {
    const [pid, started] = other.split('-').map(Number);
    if (pid === undefined || Number.isNaN(pid) || other.startsWith(`${processTag}-`)) continue;
    if (!isRunning(pid, started ?? 0)) {
      rmSync(join(locks, other), { force: true });
      continue;
    }
    rmSync(file, { force: true });
    throw new DataDirectoryInUse(
      `the data directory ${directory} is in use by process ${pid}: stop that process, or give this one another directory`,
    );
  }
  return { processTag, release: () => rmSync(file, { force: true }) };
}

function isRunning(pid: number, started: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it runs, as somebody else.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const now = startTime(pid);
  return now === undefined || now === started;
}

/** In clock ticks since boot; undefined where there is no /proc, or no such process. */
function startTime(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field, the command in brackets, may hold spaces.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  } catch {
    return undefined;
  }
}
