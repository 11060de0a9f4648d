/**
 * Keeps a stretch of zeros on disk behind the last used page of an LMDB file, so that a transaction finds the blocks of its new pages there
 * already and LMDB itself never meets a full disk. It must not: lmdb-js (3.5.6) prints what it could not write into 100 bytes, whatever its
 * length (`mdb_page_flush`), and breaks the heap of the process with it. Only ever appends zeros; never touches a page that LMDB has.
 *
 * A file system that copies on write (btrfs, ZFS) may refuse all the same; there only `disk-space.ts` stands before it.
 */
import { closeSync, fstatSync, openSync, writeSync } from 'node:fs';
import type { RootDatabase } from 'lmdb';

export interface RoomAhead {
  /**
   * Throws `DiskFull` unless the file has this many bytes ahead, or takes them now. To be called by the only writer: inside of the write
   * transaction where several threads write. `reserve`: what is small or makes room may use what others may not.
   */
  ensure(bytes: number, options?: { reserve?: boolean }): void;
  /** The most that one put or removal takes. */
  costOf(valueBytes: number): number;
  close(): void;
}

export class DiskFull extends Error {
  override readonly name = 'DiskFull';
  /** As Node's own. */
  readonly code = 'ENOSPC';
}

/** Beyond what is needed: the next transactions find it. A zeroed megabyte costs 0.3 ms. */
const STEP_BYTES = 4 * 1_048_576;
/** Deleting writes too: one step of retention takes less than a megabyte. */
const RESERVE_BYTES = 4 * 1_048_576;
/** Lists of freed pages, the roots of the databases. */
const BASE_BYTES = 1_048_576;
/** Free pages are taken when the disk gives no more, but not all of them fit what is written. */
const FREE_PAGES_MARGIN = 4;
const ZEROS = Buffer.alloc(1_048_576);

interface Environment {
  info(): { lastPageNumber: number };
  stat(): { pageSize: number };
}

/** `usedPages`: what all databases of the environment hold; asked only when the disk gives no more. */
export function createRoomAhead(
  root: RootDatabase<never, never>,
  file: string,
  usedPages: () => number = () => Infinity,
): RoomAhead {
  // lmdb-js shows it by `getStats` only, which reads more than is needed before every transaction.
  const { env } = root as unknown as { env: Environment };
  const { pageSize } = env.stat();
  const descriptor = openSync(file, 'a');

  const endOfUsed = (): number => (env.info().lastPageNumber + 1) * pageSize;
  const ahead = (): number => fstatSync(descriptor).size - endOfUsed();

  function append(bytes: number): unknown {
    try {
      for (let left = bytes; left > 0;) left -= writeSync(descriptor, ZEROS, 0, Math.min(left, ZEROS.length));
      return null;
    } catch (error) {
      return error;
    }
  }

  return {
    ensure(bytes, { reserve = false } = {}) {
      const needed = bytes + BASE_BYTES + (reserve ? 0 : RESERVE_BYTES);
      const there = ahead();
      if (there >= needed) return;
      const refusal = append(needed + STEP_BYTES - there);
      if (!refusal || ahead() >= needed) return;
      const free = endOfUsed() - usedPages() * pageSize;
      if (free >= FREE_PAGES_MARGIN * (bytes + BASE_BYTES)) return;
      throw new DiskFull('the disk is full', { cause: refusal });
    },
    // Its leaf copied and split, a branch copied, and pages of its own where it is long.
    costOf: (valueBytes) => (valueBytes > pageSize / 4 ? 4 * pageSize + valueBytes : 3 * pageSize),
    close: () => closeSync(descriptor),
  };
}
