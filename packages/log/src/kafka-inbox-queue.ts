/**
 * The inbox records of one owned partition between kafkajs's fetches and the task's reads. kafkajs stops fetching all partitions
 * while a handler runs, so a batch is only put here; above the high-water mark the partition is paused. Must never lose a
 * record, hand one out twice, or let log time fall.
 */
import type { Clock } from '@cairn/clock/clock.ts';
import { waitAtMost } from './kafka-reader.ts';
import type { LogRecord } from './log.ts';

export interface InboxQueue {
  /** Begins anew at this offset; what waited is dropped. `logTime`: no record is handed out as older. */
  restart(from: bigint, logTime: number): void;
  /** Records as they were fetched, and the offset after them (past markers). Ones that are there already are left out. */
  push(records: readonly LogRecord[], nextOffset: bigint): void;
  read(
    options: { maxRecords: number; waitMs: number; signal?: AbortSignal | undefined },
    stop: AbortSignal,
  ): Promise<LogRecord[]>;
  size(): number;
  /** The offset that the next fetch should bring. */
  fetchFrom(): bigint;
  isFull(): boolean;
}

/** Kafka is asked for more when less than half is left: half must last for the longest pause between two fetches (500 ms). */
const HIGH_RECORDS = 40_000;
const HIGH_BYTES = 32 * 1024 * 1024;
const MAX_READ_BYTES = 16 * 1024 * 1024;

/** `onLow` is called when a full queue has become half empty. */
export function createInboxQueue(clock: Clock, onLow: () => void): InboxQueue {
  let records: LogRecord[] = [];
  let head = 0;
  let bytes = 0;
  let nextOffset = 0n;
  let logTime = 0;
  let full = false;
  let wake: (() => void) | null = null;

  function push(batch: readonly LogRecord[], next: bigint): void {
    for (const record of batch) {
      if (record.offset < nextOffset) continue;
      logTime = Math.max(logTime, record.at);
      records.push(record.at === logTime ? record : { ...record, at: logTime });
      bytes += size(record);
      nextOffset = record.offset + 1n;
    }
    if (next > nextOffset) nextOffset = next;
    full ||= records.length - head > HIGH_RECORDS || bytes > HIGH_BYTES;
    if (records.length > head) wake?.();
  }

  function take(maxRecords: number): LogRecord[] {
    let count = 0;
    let taken = 0;
    while (count < maxRecords && head + count < records.length && (count === 0 || taken < MAX_READ_BYTES))
      taken += size(records[head + count++]!);
    const batch = records.slice(head, head + count);
    head += count;
    bytes -= taken;
    if (head === records.length || head > HIGH_RECORDS) {
      records = records.slice(head);
      head = 0;
    }
    if (full && records.length - head <= HIGH_RECORDS / 2 && bytes <= HIGH_BYTES / 2) {
      full = false;
      onLow();
    }
    return batch;
  }

  return {
    restart(from, time) {
      records = [];
      head = 0;
      bytes = 0;
      full = false;
      nextOffset = from;
      logTime = time;
    },
    push,
    async read({ maxRecords, waitMs, signal }, stop) {
      if (records.length === head && waitMs > 0) {
        const arrived = Promise.withResolvers<void>();
        wake = arrived.resolve;
        await waitAtMost(clock, arrived.promise, waitMs, stop, signal);
        wake = null;
      }
      return take(maxRecords);
    },
    size: () => records.length - head,
    fetchFrom: () => nextOffset,
    isFull: () => full,
  };
}

function size(record: LogRecord): number {
  return (record.value?.length ?? 0) + record.key.length + 64;
}
