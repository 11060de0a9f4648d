/**
 * The records that were read last, by their place in the log, so that a client which was away for seconds is served without asking
 * the log. Bounded by count and by bytes; whatever is not here is read from the log.
 */
import type { LogRecord } from '@cairn/log/log.ts';

export interface RecentRecords {
  add(record: LogRecord): void;
  get(topic: string, partition: number, offset: bigint): LogRecord | undefined;
}

/** 5 minutes at 60 records a second, or a second and a half at 15,000: enough for every reconnect that is quick. */
const RECORDS_MAX = 20_000;
const BYTES_MAX = 32 * 1024 * 1024;

export function createRecentRecords(): RecentRecords {
  const byPlace = new Map<string, LogRecord>();
  let bytes = 0;
  const keyOf = (topic: string, partition: number, offset: bigint): string => `${topic}/${partition}/${offset}`;
  const sizeOf = (record: LogRecord): number => (record.value?.length ?? 0) + 200;

  return {
    add(record) {
      byPlace.set(keyOf(record.topic, record.partition, record.offset), record);
      bytes += sizeOf(record);
      // A Map keeps the order of insertion: its first entry is the oldest.
      for (const [key, oldest] of byPlace) {
        if (byPlace.size <= RECORDS_MAX && bytes <= BYTES_MAX) break;
        byPlace.delete(key);
        bytes -= sizeOf(oldest);
      }
    },
    get: (topic, partition, offset) => byPlace.get(keyOf(topic, partition, offset)),
  };
}
