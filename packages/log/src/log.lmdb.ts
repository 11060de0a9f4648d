import { realpathSync } from 'node:fs';
import { BroadcastChannel } from 'node:worker_threads';
import type { Clock } from '@cairn/clock/clock.ts';
import { watchDiskSpace } from './disk-space.ts';
import { createLmdbCleaner } from './lmdb-cleaner.ts';
import { chunkKey, chunkOffset, decodeChunk } from './lmdb-codec.ts';
import { openDatabase, readCounters, type LmdbDatabase } from './lmdb-database.ts';
import { createLmdbGroups } from './lmdb-groups.ts';
import { checkChange, createLmdbState, type LmdbState } from './lmdb-state.ts';
import { createLmdbWriter, type Touched } from './lmdb-writer.ts';
import { createLocalLog } from './local-log.ts';
import type { LocalStore, ReadLimits } from './local-store.ts';
import type { FaultPoint, LogFaults } from './log-faults.ts';
import { LogUnavailable, type Log, type LogRecord, type NewRecord, type TopicConfig } from './log.ts';
import { lockForProcess } from './process-lock.ts';
import { createWakeUps } from './wake-ups.ts';

/**
 * The log of the embedded mode: one LMDB environment in the data directory. Appends and cycles are durable when they resolve;
 * reads are synchronous and see what is committed. Several threads of one process may each open it on the same path (they share
 * partitions and wake each other); a second process is refused. An open log keeps its thread alive, as a server does: close it.
 */
export interface LmdbLog extends Log {
  /** Runs retention and compaction to the end (they also run by themselves, every minute). */
  maintain(): Promise<void>;
  /** For tests: this log stops as if its process had died; its members vanish without leaving. */
  crash(): Promise<void>;
  /** For tests: this log is taken for dead and hears of nothing until a commit of its own is refused. */
  isolate(): Promise<void>;
}

/**
 * A lost wake-up between threads costs no more than this. Whoever waits for longer is woken by the one timer of the log: eight with a
 * timer each woke the thread sixteen times a second for nothing.
 */
const POLL_MS = 1_000;
const MAINTAIN_EVERY_MS = 60_000;
/** Stale timers that are put in order without waiting for a commit. */
const REPAIRS_AT_ONCE = 1_000;

export async function createLmdbLog(deps: {
  path: string;
  topics: readonly TopicConfig[];
  clock: Clock;
  /** Told of a failed pass of retention and compaction; it is tried again. */
  onMaintenanceFault?: (error: unknown) => void;
  faults?: LogFaults;
  /** For tests: what stands in for the file system's answer. */
  freeBytes?: () => Promise<number>;
}): Promise<LmdbLog> {
  const { clock, faults, topics } = deps;
  const lock = lockForProcess(deps.path);
  const database = openOrRelease();
  const wakeUps = createWakeUps(clock);
  const space = watchDiskSpace({ path: deps.path, clock, freeBytes: deps.freeBytes });
  const channel = new BroadcastChannel(`cairn-log ${realpathSync(deps.path)}`);
  const writer = createLmdbWriter({ database, clock, onWritten: tellAll });
  const groups = createLmdbGroups({ database, writer, processTag: lock.processTag });
  const cleaner = createLmdbCleaner({ database, writer, topics });
  const states = new Map<number, LmdbState>();
  const stopping = new AbortController();
  let maintaining: Promise<void> = Promise.resolve();
  let crashed = false;

  function openOrRelease(): LmdbDatabase {
    try {
      return openDatabase(deps.path, topics);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  function tellAll(touched: Touched): void {
    if (!stopping.signal.aborted) channel.postMessage({ topics: [...touched.topics], tasks: [...touched.tasks] });
    tellOwn(touched);
  }

  function tellOwn(touched: { topics: Iterable<string>; tasks: Iterable<string> }): void {
    if (crashed) return;
    for (const topic of touched.topics) wakeUps.wake(topic);
    groups.tell(touched.tasks);
  }

  channel.onmessage = ({ data }: { data: { topics: string[]; tasks: string[] } } & object) => {
    // Another thread wrote: the snapshot this thread reads from is old.
    database.root.resetReadTxn();
    tellOwn(data);
  };

  function stateOf(task: string, partition: number): LmdbState {
    const id = database.taskId(task, partition);
    if (id === undefined) throw new Error(`partition ${partition} of ${task} was never taken`);
    let state = states.get(id);
    if (!state) states.set(id, (state = createLmdbState(database, id)));
    return state;
  }

  const positionName = (task: string, partition: number): string => `position/${partition}/${task}`;

  function position(task: string, partition: number): { nextOffset: bigint; logTime: number } {
    const found = database.readName<{ nextOffset: string; logTime: number }>(positionName(task, partition));
    return { nextOffset: BigInt(found?.nextOffset ?? 0), logTime: found?.logTime ?? 0 };
  }

  async function pass(point: FaultPoint): Promise<void> {
    try {
      await faults?.at(point);
    } catch (error) {
      if (!crashed) throw new LogUnavailable(`broken ${point.phase} ${point.operation}`, { cause: error });
    }
    if (crashed) await never();
  }

  function checkSpace(): void {
    if (space.low()) throw new LogUnavailable('the disk is full');
  }

  const store: LocalStore = {
    async append(records) {
      checkSpace();
      space.written();
      if (faults) await pass({ operation: 'append', phase: 'before' });
      await writer.submit(
        (batch) => {
          for (const record of records) batch.append(record);
        },
        { bytes: bytesOf(records) },
      );
      if (crashed) return never();
      if (faults) await pass({ operation: 'append', phase: 'after' });
    },
    async commit(owner, cycle) {
      if (crashed) return never();
      checkSpace();
      space.written();
      const where = { operation: 'commit', task: owner.task, partition: owner.partition } as const;
      for (const change of cycle.state) checkChange(change);
      for (const output of cycle.outputs) database.partitionId(output.topic, output.partition);
      if (faults) await pass({ ...where, phase: 'before' });
      const state = stateOf(owner.task, owner.partition);
      await writer.submit(
        (batch) => {
          groups.check(owner);
          state.repair();
          for (const change of cycle.state) state.apply(change);
          for (const output of cycle.outputs) batch.append(output);
          const logTime = Math.max(cycle.logTime, position(owner.task, owner.partition).logTime);
          database.writeName(positionName(owner.task, owner.partition), {
            nextOffset: String(cycle.nextOffset),
            logTime,
          });
        },
        { bytes: bytesOf(cycle.outputs) + bytesOf(cycle.state) },
      );
      if (crashed) return never();
      if (faults) await pass({ ...where, phase: 'after' });
    },
    // `commit` itself is durable.
    flushed: () => (crashed ? never() : Promise.resolve()),
    records: (topic, partition, from, limits) => readRecords(database, topic, partition, from, limits),
    bounds: (topic, partition) => readCounters(database, database.partitionId(topic, partition)),
    state: stateOf,
    position,
    groups,
    wait: (waitTopics, waitMs, ...signals) =>
      crashed ? never() : wakeUps.wait(waitTopics, waitMs < POLL_MS ? waitMs : Infinity, ...signals),
    healthy: () => writer.healthy() && !space.low(),
    halted: () => crashed,
    async close() {
      if (stopping.signal.aborted) return;
      stopping.abort();
      for (const stop of stopTimers) stop();
      space.stop();
      await maintaining;
      await writer.idle();
      channel.close();
      await database.close();
      lock.release();
    },
  };

  async function maintain(thorough: boolean): Promise<void> {
    await maintaining;
    if (stopping.signal.aborted) return;
    const run = cleaner.run(clock.now(), { thorough, signal: stopping.signal });
    maintaining = run.catch(() => {});
    await run;
  }

  /** Tries whether a megabyte can be written, and leaves nothing of it. */
  async function probe(): Promise<void> {
    await maintain(false).catch(() => {});
    const key = chunkKey(0, 0);
    await writer
      .submit(() => {
        database.records.putSync(key, Buffer.alloc(1_048_576));
        database.records.removeSync(key);
      })
      .catch(() => {});
  }

  function repairTimers(): void {
    for (const state of states.values())
      if (state.repairsDue() >= REPAIRS_AT_ONCE)
        void writer.submit(() => state.repair(), { upkeep: true }).catch(() => {});
  }

  const stopTimers = [
    clock.every(
      MAINTAIN_EVERY_MS,
      () => void maintain(false).catch((error: unknown) => deps.onMaintenanceFault?.(error)),
    ),
    clock.every(POLL_MS, () => {
      // While writes fail, one is tried.
      if (!writer.healthy() && !space.low()) void probe();
      repairTimers();
      groups.poll();
      wakeUps.wakeAll();
    }),
  ];

  const log = createLocalLog({ store, topics, clock });
  return {
    ...log,
    maintain: () => maintain(true),
    async crash() {
      crashed = true;
      wakeUps.drop();
      await groups.drop({ deaf: true });
      await store.close();
    },
    isolate: () => groups.drop({ deaf: true }),
  };
}

function readRecords(
  database: LmdbDatabase,
  topic: string,
  partition: number,
  from: number,
  limits: ReadLimits,
): LogRecord[] {
  const id = database.partitionId(topic, partition);
  const { next } = readCounters(database, id);
  const found: LogRecord[] = [];
  if (from >= next || limits.maxRecords <= 0) return found;
  const start = chunkKey(id, chunkHolding(database, id, from));
  let bytes = 0;
  for (const { key, value } of database.records.getRange({ start, end: chunkKey(id, next) }))
    for (const record of decodeChunk(value, { topic, partition, offset: chunkOffset(key), from })) {
      found.push(record);
      bytes += record.value?.byteLength ?? 0;
      if (found.length >= limits.maxRecords || bytes >= limits.maxBytes) return found;
    }
  return found;
}

/** The offset of the chunk in which `from` lies, or `from` where no chunk begins before it. */
function chunkHolding(database: LmdbDatabase, id: number, from: number): number {
  const key = chunkKey(id, from);
  // One who reads at the tail stands at a chunk's beginning.
  if (database.records.doesExist(key)) return from;
  for (const before of database.records.getKeys({
    start: key,
    end: chunkKey(id, 0),
    inclusiveEnd: true,
    reverse: true,
    limit: 1,
  }))
    return chunkOffset(before);
  return from;
}

function bytesOf(items: readonly Pick<NewRecord, 'key' | 'value'>[]): number {
  let bytes = 0;
  for (const { key, value } of items) bytes += 64 + key.length + (value?.byteLength ?? 0);
  return bytes;
}

function never(): Promise<never> {
  return new Promise<never>(() => {});
}
