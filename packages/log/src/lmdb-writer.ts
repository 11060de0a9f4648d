import type { Clock } from '@cairn/clock/clock.ts';
import { chunkKey, encodeChunk, recordSize, type ChunkRecord } from './lmdb-codec.ts';
import { readCounters, writeCounters, type Counters, type LmdbDatabase } from './lmdb-database.ts';
import { Fenced, LogUnavailable, type NewRecord } from './log.ts';

/**
 * All writes of one thread: many callers share one LMDB transaction, so they share its fsync. Offsets are given inside of the
 * transaction, under LMDB's write lock, so that several threads cannot give one twice.
 *
 * A transaction resolves once it is on disk: lmdb commits, syncs the file and only then marks the transaction as committed
 * (`WriteWorker::Write`). Power lost in between leaves the last synced transaction, a consistent prefix.
 */
export interface LmdbWriter {
  /**
   * Runs `write` inside a transaction and resolves with what it returned, once that is durable. `write` may throw `Fenced`
   * before it wrote anything: then only this caller is refused. Anything else that fails refuses the whole transaction with
   * `LogUnavailable`, and nothing of it was written. What is small or makes room is for the `upkeep` and may still be written
   * when there is no room for others.
   */
  submit<T>(write: (batch: WriteBatch) => T, options?: { bytes?: number; upkeep?: boolean }): Promise<T>;
  /** True when the last transaction was written. */
  healthy(): boolean;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
}

export interface WriteBatch {
  append(record: NewRecord): void;
  /** The members or holders of a task changed. */
  touchTask(task: string): void;
}

export interface Touched {
  topics: Set<string>;
  tasks: Set<string>;
}

interface Operation {
  write(batch: WriteBatch): unknown;
  bytes: number;
  upkeep: boolean;
  result: unknown;
  error: Fenced | null;
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
}

/** 32 KB hold some 60 records of 500 B under one put; beyond that a put gains nothing, and a read of one record costs more. */
const CHUNK_BYTES = 32 * 1_024;
/** What one transaction takes: 8 MB are written and synced within tens of milliseconds, so nobody waits long behind another. */
const TRANSACTION_BYTES = 8 * 1_048_576;
const TRANSACTION_OPERATIONS = 10_000;

export function createLmdbWriter(deps: {
  database: LmdbDatabase;
  clock: Clock;
  onWritten(touched: Touched): void;
}): LmdbWriter {
  const { database, clock } = deps;
  let queue: Operation[] = [];
  /** One at a time: with two under way, lmdb-js (3.5.6) loses the rejection of one when the disk refuses the other. */
  let writing = false;
  let healthy = true;
  const idleWaiters: (() => void)[] = [];

  function pump(): void {
    if (!writing && queue.length > 0) {
      writing = true;
      void writeTransaction();
    }
    if (!writing) for (const resolve of idleWaiters.splice(0)) resolve();
  }

  async function writeTransaction(): Promise<void> {
    let operations: Operation[] = [];
    let touched: Touched = { topics: new Set(), tasks: new Set() };
    try {
      await database.root.childTransaction(() => {
        operations = takeOperations();
        touched = writeOperations(operations);
        database.ensureRoom(operations.every(({ upkeep }) => upkeep));
      });
      healthy = true;
      for (const { error, resolve, reject, result } of operations) {
        if (error) reject(error);
        else resolve(result);
      }
      if (touched.topics.size + touched.tasks.size > 0) deps.onWritten(touched);
    } catch (error) {
      healthy = false;
      const cause = await reasonOf(error);
      // A transaction that could not even begin has taken nothing: those who wait would wait for ever.
      const refused = operations.length > 0 ? operations : queue.splice(0);
      for (const { reject } of refused) reject(new LogUnavailable(`the log cannot write: ${String(cause)}`, { cause }));
    }
    writing = false;
    pump();
  }

  function takeOperations(): Operation[] {
    let bytes = 0;
    let count = 0;
    const upkeep = queue[0]?.upkeep;
    // While writes fail, upkeep is not refused with what it lies beside.
    const fits = (next: Operation): boolean => healthy || next.upkeep === upkeep;
    while (count < queue.length && count < TRANSACTION_OPERATIONS && bytes < TRANSACTION_BYTES && fits(queue[count]!))
      bytes += queue[count++]!.bytes;
    const taken = queue.slice(0, count);
    queue = queue.slice(count);
    return taken;
  }

  function writeOperations(operations: readonly Operation[]): Touched {
    const tails = new Map<string, PartitionTail>();
    const touched: Touched = { topics: new Set(), tasks: new Set() };
    const now = clock.now();
    const batch: WriteBatch = {
      append(record) {
        const name = `${record.partition}/${record.topic}`;
        let tail = tails.get(name);
        if (!tail) {
          tail = openTail(database.partitionId(record.topic, record.partition), now);
          tails.set(name, tail);
          touched.topics.add(record.topic);
        }
        tail.add(record);
      },
      touchTask: (task) => touched.tasks.add(task),
    };
    for (const operation of operations) {
      try {
        operation.result = operation.write(batch);
      } catch (error) {
        if (!(error instanceof Fenced)) throw error;
        operation.error = error;
      }
    }
    for (const tail of tails.values()) tail.finish();
    return touched;
  }

  interface PartitionTail {
    add(record: NewRecord): void;
    finish(): void;
  }

  function openTail(id: number, now: number): PartitionTail {
    const counters: Counters = readCounters(database, id);
    counters.lastAt = Math.max(counters.lastAt, now);
    let first = counters.next;
    let size = 0;
    let records: ChunkRecord[] = [];
    function writeChunk(): void {
      if (records.length === 0) return;
      database.records.putSync(chunkKey(id, first), encodeChunk(counters.lastAt, records));
      first = counters.next;
      size = 0;
      records = [];
    }
    return {
      add(record) {
        const bytes = recordSize(record);
        if (size + bytes > CHUNK_BYTES) writeChunk();
        records.push({ delta: counters.next - first, record });
        size += bytes;
        counters.next++;
      },
      finish() {
        writeChunk();
        writeCounters(database, id, counters);
      },
    };
  }

  return {
    submit: <T>(write: (batch: WriteBatch) => T, { bytes = 0, upkeep = false } = {}) =>
      new Promise<T>((resolve, reject) => {
        queue.push({
          write,
          bytes,
          upkeep,
          result: undefined,
          error: null,
          resolve: resolve as (result: unknown) => void,
          reject,
        });
        pump();
      }),
    healthy: () => healthy,
    idle: () =>
      new Promise((resolve) => {
        idleWaiters.push(resolve);
        pump();
      }),
  };
}

/** The reason of a failed commit comes by a promise of its own: unhandled it would end the process, and it may come late. */
async function reasonOf(error: unknown): Promise<unknown> {
  const { commitError } = error as { commitError?: Promise<never> };
  if (!commitError) return error;
  const reason = commitError.catch((cause: unknown) => cause);
  return Promise.race([reason, new Promise((resolve) => setImmediate(() => resolve(error)))]);
}
