import { createVirtualClock, settleFully } from '@cairn/clock/clock.virtual.ts';
import type { VirtualClock } from '@cairn/clock/clock.virtual.ts';
import { decodeJson, encodeJson } from '@cairn/contracts/json.ts';
import type { LogFaults } from '@cairn/log/log-faults.ts';
import type { LogRecord, StateEntry, TopicConfig } from '@cairn/log/log.ts';
import { createMemoryLog } from '@cairn/log/log.memory.ts';
import type { MemoryLog } from '@cairn/log/log.memory.ts';

/** A memory log on a virtual clock, with what tests of tasks ask of it. Time stands still until `clock.advance`. */
export interface MemoryWorld {
  clock: VirtualClock;
  log: MemoryLog;
  /** A further process on the same disk: after a crash, or beside the first. */
  anotherProcess(faults?: LogFaults): MemoryLog;
  /** Appends JSON values to partition 0 of the inbox, in one append. */
  send(...records: { key: string; value: unknown; headers?: Record<string, string> }[]): Promise<void>;
  /** Every record of a topic, by partition and offset. */
  records(topic: string): LogRecord[];
  /** Their values, parsed. */
  values(topic: string): unknown[];
  /** A task's committed state: key → value (parsed) and timers. */
  state(task: string, partition?: number): Record<string, { value: unknown; timers: Record<string, number> }>;
  /** The same as text, byte for byte, in key order: what a replay must give again. */
  stateBytes(task: string, partition?: number): string;
}

export interface MemoryWorldOptions {
  topics: readonly string[];
  partitions?: number;
  inbox?: string;
  faults?: LogFaults;
  startMs?: number;
  seed?: number;
}

export function createMemoryWorld(options: MemoryWorldOptions): MemoryWorld {
  const { inbox = 'inbox', partitions = 1 } = options;
  const topics: TopicConfig[] = options.topics.map((name) => ({
    name,
    partitions,
    cleanup: 'delete',
    retentionMs: null,
  }));
  const clock = createVirtualClock(options.startMs ?? 1_000_000, options.seed ?? 1, settleFully);
  const start = (faults?: LogFaults, disk?: MemoryLog['disk']): MemoryLog =>
    createMemoryLog({ topics, clock, ...(faults ? { faults } : {}), ...(disk ? { disk } : {}) });
  const log = start(options.faults);

  function records(topic: string): LogRecord[] {
    const all = Array.from({ length: partitions }, (_, partition) => log.disk.partition(topic, partition).records);
    return all.flat();
  }

  function entries(task: string, partition: number): [string, StateEntry][] {
    return [...log.disk.task(task, partition).state.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  return {
    clock,
    log,
    anotherProcess: (faults) => start(faults, log.disk),
    async send(...sent) {
      log.disk.append(
        sent.map(({ key, value, headers }) => ({
          topic: inbox,
          partition: 0,
          key,
          value: value instanceof Uint8Array ? value : encodeJson(value),
          ...(headers ? { headers } : {}),
        })),
        clock.now(),
      );
      log.disk.tell({ topics: new Set([inbox]) });
      await settleFully();
    },
    records,
    values: (topic) => records(topic).map((record) => record.value && decodeJson(record.value)),
    state: (task, partition = 0) =>
      Object.fromEntries(
        entries(task, partition).map(([key, { value, timers }]) => [
          key,
          { value: value && decodeJson(value), timers: { ...timers } },
        ]),
      ),
    stateBytes: (task, partition = 0) =>
      entries(task, partition)
        .map(
          ([key, { value, timers }]) =>
            `${key} ${value ? Buffer.from(value).toString() : '-'} ${JSON.stringify(timers)}`,
        )
        .join('\n'),
  };
}
