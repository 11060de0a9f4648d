import { systemClock } from '@cairn/clock/clock.system.ts';
import type { LogFaults } from '../log-faults.ts';
import { LogUnavailable, type Cycle, type Log, type LogRecord, type NewRecord, type OwnedPartition } from '../log.ts';

/** What an implementation brings to the contract suite: fresh storage per test, and ways to open it. */
export interface LogHarness {
  /** Names of topics that no other test uses. */
  topics: {
    /** 4 partitions, cleanup delete, kept for ever. */
    inbox: string;
    /** 2 partitions, cleanup delete, kept for ever. */
    outputs: string;
    /** 1 partition, compacted, no minCompactionLag. */
    facts: string;
    /** 1 partition, compacted, minCompactionLag 60 s. */
    laggingFacts: string;
    /** 1 partition, cleanup delete, kept for 60 s. */
    shortLived: string;
  };
  /** A task name that no other test uses. */
  task: string;
  /** Opens the log; each call is one more process on the same storage. The test closes what it opened, or `dispose` does. */
  open: (options?: { faults?: LogFaults }) => Promise<Log>;
  /** Kills the process that this log stands for: it does nothing any more and told nobody. */
  crash?: (log: Log) => Promise<void>;
  /** The others take this log for dead (its session is over) while its code keeps running. */
  isolate?: (log: Log) => Promise<void>;
  /** Runs retention and compaction to the end. */
  maintain?: (log: Log) => Promise<void>;
  /** Moves the clock that gives log times; negative: back. */
  moveClock?: (ms: number) => void;
  dispose: () => Promise<void>;
}

/** What of the optional parts an implementation's harness has; tests that need a missing one are skipped, visibly. */
export interface LogCapabilities {
  crash: boolean;
  isolate: boolean;
  maintain: boolean;
  moveClock: boolean;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export const bytes = (text: string): Uint8Array => encoder.encode(text);
export const text = (value: Uint8Array | null | undefined): string | null => (value ? decoder.decode(value) : null);

export function newRecord(topic: string, partition: number, key: string, value: string | null = key): NewRecord {
  return { topic, partition, key, value: value === null ? null : bytes(value) };
}

/** Waits until the condition holds; the test's own timeout ends a wait in vain. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await systemClock.sleep(5);
}

/** Appends as a client does: again after a passing fault (with the same ids, so a reader may see a record twice only then). */
export async function appendAll(log: Log, records: readonly NewRecord[], batch = 50): Promise<void> {
  for (let i = 0; i < records.length; i += batch) await log.append(records.slice(i, i + batch));
}

/** Reads the topic from its start until it is caught up and at least `count` records came. */
export async function readAll(log: Log, topic: string, count = 0): Promise<LogRecord[]> {
  const follower = await log.follow([topic], 'start');
  const records: LogRecord[] = [];
  for (;;) {
    const batch = await follower.next({ waitMs: 200 });
    records.push(...batch.records);
    if (batch.caughtUp && records.length >= count) break;
  }
  await follower.close();
  return records;
}

export function emptyCycle(owned: OwnedPartition): Cycle {
  return { ...owned.position(), state: [], outputs: [] };
}

/** A task that counts the records of each key in its state and answers each with one output. */
export function createCounter(outputs: string, options: { maxRecords?: number } = {}) {
  const running = new Map<number, number>();
  const counter = {
    /** True once two runs of one partition were under way at a time. */
    overlapped: false,
    starts: 0,
    async run(owned: OwnedPartition): Promise<void> {
      counter.starts++;
      const others = running.get(owned.partition) ?? 0;
      if (others > 0) counter.overlapped = true;
      running.set(owned.partition, others + 1);
      try {
        while (!owned.signal.aborted) await cycle(owned);
      } finally {
        running.set(owned.partition, running.get(owned.partition)! - 1);
      }
    },
  };
  async function cycle(owned: OwnedPartition): Promise<void> {
    const records = await owned.read({ maxRecords: options.maxRecords ?? 25, waitMs: 500 });
    if (records.length === 0) return;
    const counts = new Map<string, number>();
    for (const { key } of records) counts.set(key, (counts.get(key) ?? countOf(owned, key)) + 1);
    await owned.commit({
      nextOffset: records.at(-1)!.offset + 1n,
      logTime: records.at(-1)!.at,
      state: [...counts].map(([key, count]) => ({ key, value: bytes(String(count)), timers: {} })),
      outputs: records.map(({ key, value }) => ({ topic: outputs, partition: owned.partition % 2, key, value })),
    });
  }
  return counter;
}

export function countOf(owned: OwnedPartition, key: string): number {
  return Number(text(owned.state.get(key)?.value) ?? 0);
}

/** Joins for partition 0 alone to be looked at: hands the owned partition out and keeps it until it is asked back. */
export async function holdPartition(
  log: Log,
  options: { task: string; inbox: string; partition?: number },
): Promise<{ owned: OwnedPartition; giveBack(): Promise<void> }> {
  let found: OwnedPartition | undefined;
  const membership = await log.join({
    task: options.task,
    inbox: options.inbox,
    async run(owned) {
      if (owned.partition === (options.partition ?? 0)) found = owned;
      await aborted(owned.signal);
    },
  });
  await membership.ready();
  await until(() => found !== undefined);
  return { owned: found!, giveBack: () => membership.leave() };
}

export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

export const isUnavailable = (error: unknown): boolean => error instanceof LogUnavailable;
