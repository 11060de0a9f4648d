/**
 * Reads committed records of given partitions from given offsets on, without a group: for followers, bounded reads and restores.
 * Keeps one fetch per node under way while less than `LOW` waits to be taken. Must never skip a committed record.
 */
import type { Clock } from '@cairn/clock/clock.ts';
import type { Fetched, KafkaCluster } from './kafka-cluster.ts';
import { errorType } from './kafka-internals.ts';
import type { ReadRecord } from './kafka-record-batch.ts';
import type { LogRecord } from './log.ts';

export interface ReaderSlot {
  topic: string;
  partition: number;
  /** The offset of the next record to hand out. */
  position: bigint;
}

export interface KafkaReader {
  /** Up to `maxRecords` of what has come; empty when nothing has. Moves the positions. */
  take(maxRecords: number, maxBytes: number): { slot: ReaderSlot; record: ReadRecord }[];
  /** True when nothing waits to be taken. */
  isEmpty(): boolean;
  /** Makes sure that fetches are under way; resolves when one of them has ended (well or not). */
  arrival(): Promise<void>;
  /** False where the last fetches told of more than was taken; null while some partition was never fetched. */
  atEnd(): boolean | null;
  /** The error of a fetch that failed, once: the connections are new after it. */
  takeFault(): Error | undefined;
  slots: readonly ReaderSlot[];
  slot(topic: string, partition: number): ReaderSlot;
}

interface Slot extends ReaderSlot {
  /** The offset that the next fetch asks for. */
  fetchFrom: bigint;
  fetching: boolean;
  /** The last stable offset as the last fetch told it. */
  end: bigint | null;
}

interface Stretch {
  slot: Slot;
  records: ReadRecord[];
  next: number;
  nextOffset: bigint;
}

const LOW_BYTES = 8 * 1024 * 1024;
const FETCH_LIMITS = { maxWaitMs: 1_000, maxBytes: 8 * 1024 * 1024, maxBytesPerPartition: 1024 * 1024 };
/** One partition alone (a restore) is read in bigger stretches. */
const FETCH_LIMITS_ALONE = { ...FETCH_LIMITS, maxBytesPerPartition: 4 * 1024 * 1024 };

export function createKafkaReader(cluster: KafkaCluster, from: readonly ReaderSlot[]): KafkaReader {
  const slots: Slot[] = from.map((slot) => ({ ...slot, fetchFrom: slot.position, fetching: false, end: null }));
  const byName = new Map(slots.map((slot) => [`${slot.topic}/${slot.partition}`, slot]));
  const inFlight = new Map<number, Promise<void>>();
  const limits = slots.length === 1 ? FETCH_LIMITS_ALONE : FETCH_LIMITS;
  let stretches: Stretch[] = [];
  let bytesWaiting = 0;
  let fault: Error | undefined;

  function take(maxRecords: number, maxBytes: number): { slot: ReaderSlot; record: ReadRecord }[] {
    const taken: { slot: ReaderSlot; record: ReadRecord }[] = [];
    let bytes = 0;
    let whole = 0;
    for (const stretch of stretches) {
      while (stretch.next < stretch.records.length && taken.length < maxRecords && bytes < maxBytes) {
        const record = stretch.records[stretch.next++]!;
        bytes += size(record);
        taken.push({ slot: stretch.slot, record });
        stretch.slot.position = record.offset + 1n;
      }
      if (stretch.next < stretch.records.length) break;
      stretch.slot.position = stretch.nextOffset;
      whole++;
    }
    stretches = stretches.slice(whole);
    bytesWaiting -= bytes;
    return taken;
  }

  function ensureFetches(): void {
    if (bytesWaiting >= LOW_BYTES || fault !== undefined) return;
    let byLeader: Map<number, Slot[]>;
    try {
      byLeader = Map.groupBy(
        slots.filter((slot) => !slot.fetching),
        (slot) => cluster.leader(slot.topic, slot.partition),
      );
    } catch (error) {
      fault = error as Error;
      return;
    }
    for (const [node, own] of byLeader) if (!inFlight.has(node)) inFlight.set(node, fetch(node, own));
  }

  async function fetch(node: number, own: Slot[]): Promise<void> {
    for (const slot of own) slot.fetching = true;
    try {
      const fetched = await cluster.fetch(
        node,
        own.map(({ topic, partition, fetchFrom }) => ({ topic, partition, offset: fetchFrom })),
        limits,
      );
      for (const part of fetched) add(part);
    } catch (error) {
      try {
        if (errorType(error) === 'OFFSET_OUT_OF_RANGE') await backIntoRange(own);
        else fault = error as Error;
      } catch (second) {
        fault = second as Error;
      }
    } finally {
      for (const slot of own) slot.fetching = false;
      inFlight.delete(node);
    }
  }

  function add({ topic, partition, records, nextOffset, lastStableOffset }: Fetched): void {
    const slot = byName.get(`${topic}/${partition}`)!;
    slot.fetchFrom = nextOffset;
    slot.end = lastStableOffset;
    if (records.length > 0) {
      for (const record of records) bytesWaiting += size(record);
      stretches.push({ slot, records, next: 0, nextOffset });
    } else if (!stretches.some((stretch) => stretch.slot === slot)) {
      slot.position = nextOffset;
    } else {
      stretches.push({ slot, records, next: 0, nextOffset });
    }
  }

  /** Retention has overtaken the reader (or the topic was made anew): on with the oldest record kept. */
  async function backIntoRange(own: Slot[]): Promise<void> {
    for (const [topic, ofTopic] of Map.groupBy(own, (slot) => slot.topic)) {
      const partitions = ofTopic.map((slot) => slot.partition);
      const oldest = await cluster.listOffsets(topic, 'oldest', partitions);
      const next = await cluster.listOffsets(topic, 'next', partitions);
      for (const slot of ofTopic) {
        const kept = oldest.get(slot.partition)!;
        if (slot.fetchFrom >= kept && slot.fetchFrom <= next.get(slot.partition)!) continue;
        slot.fetchFrom = kept;
        if (!stretches.some((stretch) => stretch.slot === slot)) slot.position = kept;
      }
    }
  }

  return {
    take,
    slots,
    slot: (topic, partition) => byName.get(`${topic}/${partition}`)!,
    isEmpty: () => stretches.every((stretch) => stretch.next >= stretch.records.length),
    atEnd: () => (slots.some(({ end }) => end === null) ? null : slots.every(({ position, end }) => position >= end!)),
    async arrival() {
      ensureFetches();
      if (fault === undefined) await Promise.race(inFlight.values());
    },
    takeFault() {
      const taken = fault;
      fault = undefined;
      if (taken !== undefined) cluster.forget(taken);
      return taken;
    },
  };
}

function size(record: ReadRecord): number {
  return (record.value?.length ?? 0) + (record.key?.length ?? 0) + 64;
}

export function toLogRecord(topic: string, partition: number, record: ReadRecord): LogRecord {
  return {
    topic,
    partition,
    offset: record.offset,
    at: record.at,
    key: record.key?.toString('utf8') ?? '',
    value: record.value,
    headers: record.headers,
  };
}

/** Waits for `promise`, but not longer than `waitMs` and not after an abort. Never rejects. */
export async function waitAtMost(
  clock: Clock,
  promise: Promise<unknown>,
  waitMs: number,
  ...signals: (AbortSignal | undefined)[]
): Promise<void> {
  if (waitMs <= 0 || signals.some((signal) => signal?.aborted)) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      cancel();
      for (const signal of signals) signal?.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(waitMs, done);
    for (const signal of signals) signal?.addEventListener('abort', done, { once: true });
    promise.then(done, done);
  });
}
