import type { LogRecord, NewRecord, TopicConfig } from './log.ts';
import { TOMBSTONE_KEPT_MS } from './retention.ts';
import { createStateTable, type StateTable } from './state-table.ts';

/**
 * What outlives a process of the memory log: records, committed state, epochs, and who is a member. Several memory logs on one
 * disk are several processes of one cluster. All changes are synchronous, so none can be half done.
 */
export interface MemoryDisk {
  append(records: readonly NewRecord[], now: number): void;
  partition(topic: string, partition: number): MemoryPartition;
  task(task: string, partition: number): TaskPartition;
  /** task → members in the order of entering. */
  members: Map<string, string[]>;
  nextMember: number;
  /** Told after every change: the topics that have new records, or the task whose members or holders changed. */
  listeners: Set<(change: { topics?: ReadonlySet<string>; task?: string }) => void>;
  tell(change: { topics?: ReadonlySet<string>; task?: string }): void;
  /** Deletes what retention and compaction no longer keep. */
  maintain(now: number): void;
}

export interface MemoryPartition {
  /** Rising offsets, with gaps where compaction took something. */
  records: LogRecord[];
  oldest: number;
  next: number;
  lastAt: number;
}

export interface TaskPartition {
  state: StateTable;
  nextOffset: bigint;
  logTime: number;
  epoch: number;
  holder: string | null;
}

/** Appends between two runs of `maintain`: often enough to bound memory, rare enough to cost nothing. */
const MAINTAIN_EVERY = 50_000;
const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({});

export function createMemoryDisk(topics: readonly TopicConfig[]): MemoryDisk {
  const partitions = new Map<string, MemoryPartition[]>();
  for (const topic of topics)
    partitions.set(
      topic.name,
      Array.from({ length: topic.partitions }, () => ({ records: [], oldest: 0, next: 0, lastAt: 0 })),
    );
  const tasks = new Map<string, TaskPartition>();
  let untilMaintain = MAINTAIN_EVERY;

  const disk: MemoryDisk = {
    members: new Map(),
    nextMember: 1,
    listeners: new Set(),
    tell(change) {
      for (const listener of [...disk.listeners]) listener(change);
    },
    partition(topic, partition) {
      const found = partitions.get(topic)?.[partition];
      if (!found) throw new Error(`topic ${topic} has no partition ${partition}`);
      return found;
    },
    task(task, partition) {
      const key = `${partition}/${task}`;
      let found = tasks.get(key);
      if (!found) {
        found = { state: createStateTable(), nextOffset: 0n, logTime: 0, epoch: 0, holder: null };
        tasks.set(key, found);
      }
      return found;
    },
    append(records, now) {
      for (const record of records) {
        const partition = disk.partition(record.topic, record.partition);
        partition.lastAt = Math.max(partition.lastAt, now);
        partition.records.push({
          topic: record.topic,
          partition: record.partition,
          offset: BigInt(partition.next++),
          at: partition.lastAt,
          key: record.key,
          value: record.value,
          headers: record.headers ?? NO_HEADERS,
        });
      }
      untilMaintain -= records.length;
      if (untilMaintain <= 0) {
        untilMaintain = MAINTAIN_EVERY;
        disk.maintain(now);
      }
    },
    maintain(now) {
      for (const topic of topics) for (const partition of partitions.get(topic.name)!) clean(partition, topic, now);
    },
  };
  return disk;
}

/** The index of the first record at or after `offset`. */
export function indexOf(partition: MemoryPartition, offset: number): number {
  let low = 0;
  let high = partition.records.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (partition.records[middle]!.offset < BigInt(offset)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function clean(partition: MemoryPartition, topic: TopicConfig, now: number): void {
  if (topic.retentionMs !== null) {
    const keepFrom = partition.records.findIndex((record) => record.at >= now - topic.retentionMs!);
    const expired = keepFrom === -1 ? partition.records.length : keepFrom;
    if (expired > 0) {
      partition.oldest = keepFrom === -1 ? partition.next : Number(partition.records[expired]!.offset);
      partition.records.splice(0, expired);
    }
  }
  if (topic.cleanup === 'compact') {
    const newest = new Map<string, bigint>();
    const compactBefore = now - (topic.minCompactionLagMs ?? 0);
    for (const record of partition.records) if (record.at <= compactBefore) newest.set(record.key, record.offset);
    // Newest among those that may be compacted, as on the other logs: what is younger than the lag hides nothing yet.
    partition.records = partition.records.filter(
      (record) =>
        record.at > compactBefore ||
        (newest.get(record.key) === record.offset && (record.value !== null || record.at >= now - TOMBSTONE_KEPT_MS)),
    );
  }
}
