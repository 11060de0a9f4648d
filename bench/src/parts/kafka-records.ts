import type { Follower, Log } from '@cairn/log/log.ts';

/** What the benchmarks on Kafka write and read: records of one size, keys in turn, spread over all partitions. */
export const VALUE_BYTES = 320;
const APPENDERS = 64;
const BATCH = 100;

export interface FillOptions {
  records: number;
  keys: number;
  /** Given the number of the record; 320 bytes of nothing otherwise. */
  value?(number: number): Uint8Array;
}

const NOTHING = Buffer.alloc(VALUE_BYTES, 'x');

/** 64 callers with batches of 100. Records per second. */
export async function fill(log: Log, topic: string, options: FillOptions): Promise<number> {
  const { records, keys, value = () => NOTHING } = options;
  const startedAt = performance.now();
  const partitions = log.partitions(topic);
  let next = 0;
  await Promise.all(
    Array.from({ length: APPENDERS }, async () => {
      while (next < records) {
        const first = next;
        next += BATCH;
        await log.append(
          Array.from({ length: Math.min(BATCH, records - first) }, (_, index) => ({
            topic,
            partition: (first / BATCH) % partitions,
            key: `workspace/subject-${(first + index) % keys}`,
            value: value(first + index),
          })),
        );
      }
    }),
  );
  return perSecond(records, startedAt);
}

/** Reads until so many records came. */
export async function readAll(follower: Follower, records: number): Promise<void> {
  for (let seen = 0; seen < records;) seen += (await follower.next({ maxRecords: 10_000 })).records.length;
}

/** Rounded; `startedAt` is of `performance.now()`. */
export function perSecond(records: number, startedAt: number): number {
  return Math.round((records / (performance.now() - startedAt)) * 1_000);
}
