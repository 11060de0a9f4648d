import { statfs } from 'node:fs/promises';
import type { Clock } from '@cairn/clock/clock.ts';

/**
 * Watches the free space of a directory, so that the log refuses writes while there is still room: a full disk in the middle of
 * LMDB's work is survived as well, but even deleting needs a few pages.
 */
export interface DiskSpace {
  low(): boolean;
  /** Somebody writes: the next look is at the end of this second. */
  written(): void;
  stop(): void;
}

/** Below this nothing is taken: 64 MB are some seconds of writing at full speed, looked at every second. */
export const DISK_RESERVE_BYTES = 64 * 1_048_576;
const LOOK_EVERY_MS = 1_000;
/** While nothing is written and there is room, only others can fill the disk. */
const LOOKS_SKIPPED_AT_REST = 10;

export function watchDiskSpace(deps: { path: string; clock: Clock; freeBytes?: () => Promise<number> }): DiskSpace {
  const freeBytes = deps.freeBytes ?? (() => readFreeBytes(deps.path));
  let low = false;
  let hasWritten = false;
  let skipped = 0;
  async function look(): Promise<void> {
    try {
      low = (await freeBytes()) < DISK_RESERVE_BYTES;
    } catch {
      // A file system that does not tell is written to until it refuses.
      low = false;
    }
  }
  void look();
  const stop = deps.clock.every(LOOK_EVERY_MS, () => {
    if (!hasWritten && !low && ++skipped < LOOKS_SKIPPED_AT_REST) return;
    hasWritten = false;
    skipped = 0;
    void look();
  });
  return { low: () => low, written: () => void (hasWritten = true), stop };
}

async function readFreeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}
