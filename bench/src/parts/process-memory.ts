import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What a process holds (Linux). `anonymous` is its own; `file` is pages of files that it has mapped (LMDB), which the system takes back
 * when it needs them.
 */
export interface Memory {
  residentBytes: number;
  anonymousBytes: number;
  fileBytes: number;
}

export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const bytes = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) * 1_024;
  return { residentBytes: bytes('VmRSS'), anonymousBytes: bytes('RssAnon'), fileBytes: bytes('RssFile') };
}

/** Bytes on disk, as taken (files of LMDB may be sparse). */
export function diskBytes(path: string): number {
  const BLOCK = 512;
  // What is gone by the time that it is looked at (a merged part) takes nothing.
  const entry = statSync(path, { throwIfNoEntry: false });
  if (!entry) return 0;
  if (!entry.isDirectory()) return entry.blocks * BLOCK;
  return readdirSync(path).reduce((sum, name) => sum + diskBytes(join(path, name)), 0);
}
