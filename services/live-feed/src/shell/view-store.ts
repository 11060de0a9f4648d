/**
 * The view's LMDB environment: tables whose changes become durable together with the cursor of the log that they were made at,
 * in one transaction. Deleting the folder rebuilds everything from the topics. Knows nothing of journeys; decides only when to write.
 */
import { join } from 'node:path';
import type { Clock } from '@cairn/clock/clock.ts';
import { createRoomAhead } from '@cairn/log/room-ahead.ts';
import { open, type RootDatabase } from 'lmdb';
import type { Logger } from 'pino';
import { type Change, type Key, type ReadAt, type Stored, type Table, createTable, toldByBatch } from './view-table.ts';

export interface ViewStore {
  table<V>(name: string, encoding: 'json' | 'binary'): Table<V>;
  /** Reads over several turns, all of it as of one moment. */
  reading<T>(read: (at: ReadAt) => Promise<T>): Promise<T>;
  /** The follower's cursor at the last committed write; null: nothing was ever written. */
  cursor(): string | null;
  /** Everything that was changed since the last call belongs to this cursor. Starts a write soon. */
  advance(cursor: string, records: number): void;
  /** Records applied and not yet committed. */
  pending(): number;
  /**
   * Resolves once all that is applied now is committed, so that a range read sees it. After `SETTLE_WITHIN_MS` it resolves anyway: a full disk
   * must not make reads hang, they answer what was last written.
   */
  settle(): Promise<void>;
  /** As `settle`, also what no cursor was told for yet: whatever was put or removed is there for a range read. */
  flush(): Promise<void>;
  /** False while writes fail. */
  healthy(): boolean;
  close(): Promise<void>;
}

/**
 * Changes of one journey within this time are one write, and under load a journey changes several times in it. A read that needs them
 * does not wait for it: it writes them at once. What a crash makes us read again is a second of the log.
 */
const WRITE_EVERY_MS = 1_000;
/** Past it a write starts at once: what a crash makes us read again stays small. */
const WRITE_AT_RECORDS = 8_000;
const RETRY_AFTER_MS = 500;
const SETTLE_WITHIN_MS = 2_000;
/** Raised when the layout changes: an older view is dropped and rebuilt. */
const LAYOUT = 2;
export const NO_ORIGIN = 'none';

/** `origin`: which log it is a view of. A view of another one, or of an older layout, is dropped. */
export function openViewStore(path: string, origin: string, clock: Clock, logger: Logger): ViewStore {
  let env: RootDatabase<unknown, Key> = open(options(path));
  const room = createRoomAhead(env as never, join(path, 'data.mdb'));
  // For what is written while it opens.
  room.ensure(0, { reserve: true });
  const made = env.get('layout') as string | undefined;
  const is = `${LAYOUT} ${origin}`;
  // Made before the log had its first workspace: still the same log.
  if (made !== is && made !== `${LAYOUT} ${NO_ORIGIN}`) env.clearSync();
  if (made !== is) env.putSync('layout', is);
  const tables: Table<unknown>[] = [];
  let cursor = (env.get('cursor') as string | undefined) ?? null;
  let applied = 0;
  let committed = 0;
  let failing = false;
  let closed = false;
  let writing: Promise<void> | null = null;
  let cancelTimer: (() => void) | null = null;

  function schedule(): void {
    if (writing || closed || cancelTimer) return;
    if (applied - committed >= WRITE_AT_RECORDS) return void write();
    cancelTimer = clock.after(WRITE_EVERY_MS, () => {
      cancelTimer = null;
      void write();
    });
  }

  function write(): Promise<void> {
    if (writing) return writing;
    cancelTimer?.();
    cancelTimer = null;
    const upTo = applied;
    const at = cursor;
    const changes = tables.flatMap((table) => table.collect());
    writing = commit(changes, at).then(() => {
      for (const table of tables) table.written();
      committed = upTo;
      writing = null;
      if (applied > committed) schedule();
    });
    return writing;
  }

  /** Tries until it is done: what was applied cannot be taken back, and the cursor must never run ahead of it. */
  async function commit(changes: readonly Change[], at: string | null): Promise<void> {
    const needed = changes.reduce((sum, { bytes }) => sum + room.costOf(bytes), 0);
    for (;;) {
      try {
        room.ensure(needed);
        await env.batch(() => {
          for (const change of changes) change.write();
          env.put('cursor', at).catch(toldByBatch);
        });
        // The shared read transaction may be older than this commit.
        env.resetReadTxn();
        failing = false;
        return;
      } catch (error) {
        // Its reason comes by a promise of its own, and may come late.
        (error as { commitError?: Promise<never> }).commitError?.catch(toldByBatch);
        if (!failing) logger.error({ event: 'view.write-failed', err: error });
        failing = true;
        if (closed) return;
        await clock.sleep(RETRY_AFTER_MS);
      }
    }
  }

  async function settle(): Promise<void> {
    const target = applied;
    while (committed < target && !closed) {
      const done = write();
      if (!failing) await done;
      else return void (await Promise.race([done, clock.sleep(SETTLE_WITHIN_MS)]));
    }
  }

  async function flush(): Promise<void> {
    await settle();
    if (closed) return;
    // What was laid down since the last cursor, under that cursor: a crash reads it again, which changes nothing.
    const done = (writing ?? Promise.resolve()).then(write);
    if (!failing) await done;
    else await Promise.race([done, clock.sleep(SETTLE_WITHIN_MS)]);
  }

  return {
    table<V>(name: string, encoding: 'json' | 'binary') {
      const stored = encoding === 'json' ? 'string' : 'binary';
      const table = createTable<V>(env.openDB<Stored, Key>({ name, encoding: stored }), stored);
      tables.push(table);
      return table;
    },
    async reading(read) {
      env.resetReadTxn();
      const at = env.useReadTransaction();
      try {
        return await read(at);
      } finally {
        at.done();
      }
    },
    cursor: () => cursor,
    advance(next, records) {
      cursor = next;
      applied += records;
      if (records) schedule();
    },
    pending: () => applied - committed,
    settle,
    flush,
    healthy: () => !failing,
    async close() {
      await settle();
      closed = true;
      cancelTimer?.();
      await writing;
      room.close();
      await env.close();
      env = undefined as never;
    },
  };
}

/** There are 18; each costs a few bytes of the environment. */
const TABLES_MAX = 32;
/**
 * `overlappingSync` (lmdb's default): a commit is visible at once and flushed behind, so that a power cut leaves an older view, never a
 * broken one. Without `eventTurnBatching`: its batch start is a promise that nobody handles, and one failed commit would end the process.
 */
function options(path: string) {
  return { path, maxDbs: TABLES_MAX, encoding: 'json', maxReaders: 64, eventTurnBatching: false } as const;
}
