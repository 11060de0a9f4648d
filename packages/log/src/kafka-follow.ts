/** `follow` on Kafka: a reader of all partitions of some topics, a cursor over them, and the truth about being caught up. */
import type { Clock } from '@cairn/clock/clock.ts';
import { decodeCursor, encodeCursor, type Positions } from './cursor.ts';
import { askAgain, createKafkaCluster, type KafkaCluster } from './kafka-cluster.ts';
import type { KafkaConnection } from './kafka-connection.ts';
import { createKafkaReader, toLogRecord, waitAtMost, type KafkaReader, type ReaderSlot } from './kafka-reader.ts';
import { LogUnavailable, type Batch, type Cursor, type Follower } from './log.ts';

const DEFAULT_WAIT_MS = 1_000;
const MAX_BATCH_RECORDS = 1_000;
const MAX_BATCH_BYTES = 16 * 1_048_576;

export interface TopicNames {
  toKafka(topic: string): string;
  fromKafka(name: string): string;
}

export async function followKafka(deps: {
  connection: KafkaConnection;
  clock: Clock;
  names: TopicNames;
  topics: readonly string[];
  /** Or `start`, or `end`. */
  cursor: Cursor;
  /** Aborted when the log closes. */
  signal: AbortSignal;
  onClose: () => void;
}): Promise<Follower> {
  const { clock, names } = deps;
  const topics = deps.topics.map(names.toKafka);
  const known: Positions =
    deps.cursor === 'start' || deps.cursor === 'end' ? (new Map() as Positions) : decodeCursor(deps.cursor);
  const cluster = createKafkaCluster(deps.connection);
  const closing = new AbortController();
  let reader: KafkaReader;
  try {
    await cluster.refresh(topics);
    const otherwise = deps.cursor === 'end' ? 'next' : 'oldest';
    const slots = await askAgain(cluster, topics, clock, () => startingSlots(cluster, topics, known, otherwise, names));
    reader = createKafkaReader(cluster, slots);
  } catch (error) {
    await cluster.close();
    throw unavailable(error);
  }

  async function next({
    maxRecords = MAX_BATCH_RECORDS,
    waitMs = DEFAULT_WAIT_MS,
    askCaughtUp = true,
    signal,
  }: Parameters<Follower['next']>[0] = {}): Promise<Batch> {
    const until = clock.monotonic() + waitMs;
    while (reader.isEmpty()) {
      if (closing.signal.aborted || deps.signal.aborted) throw new LogUnavailable('the follower is closed');
      const arrival = reader.arrival();
      await waitAtMost(clock, arrival, until - clock.monotonic(), signal, closing.signal, deps.signal);
      const fault = reader.takeFault();
      if (fault !== undefined) {
        await cluster.refresh(topics).catch(() => {});
        throw unavailable(fault);
      }
      if (clock.monotonic() >= until || signal?.aborted) break;
    }
    const records = reader
      .take(maxRecords, MAX_BATCH_BYTES)
      .map(({ slot, record }) => toLogRecord(names.fromKafka(slot.topic), slot.partition, record));
    // The next fetch goes out while the caller is busy with this batch.
    void reader.arrival();
    const caughtUp = askCaughtUp && reader.isEmpty() && reader.atEnd() !== false && (await isCaughtUp());
    return { records, cursor: cursor(), caughtUp };
  }

  /** Asks the broker anew: what an earlier fetch saw may be old by now. */
  async function isCaughtUp(): Promise<boolean> {
    try {
      return (await lagByPartition()).every((lag) => lag === 0n);
    } catch {
      return false;
    }
  }

  async function lagByPartition(): Promise<bigint[]> {
    const ends = await cluster.ends(topics);
    return reader.slots.map(({ topic, partition, position }) => {
      const end = ends.get(topic)!.get(partition)!;
      return end > position ? end - position : 0n;
    });
  }

  function cursor(): Cursor {
    const positions: Positions = new Map();
    for (const slot of reader.slots) {
      const topic = names.fromKafka(slot.topic);
      if (!positions.has(topic)) positions.set(topic, []);
      positions.get(topic)![slot.partition] = slot.position;
    }
    return encodeCursor(positions);
  }

  return {
    next,
    cursor,
    async lag() {
      try {
        return Number((await lagByPartition()).reduce((sum, lag) => sum + lag, 0n));
      } catch (error) {
        throw unavailable(error);
      }
    },
    async close() {
      if (closing.signal.aborted) return;
      closing.abort();
      deps.onClose();
      await cluster.close();
    },
  };
}

/** Where to start each partition. One that the cursor does not know is read from its oldest record. */
async function startingSlots(
  cluster: KafkaCluster,
  topics: readonly string[],
  known: Positions,
  otherwise: 'oldest' | 'next',
  names: TopicNames,
): Promise<ReaderSlot[]> {
  const slots: ReaderSlot[] = [];
  for (const topic of topics) {
    const given = known.get(names.fromKafka(topic));
    const defaults = await cluster.listOffsets(topic, otherwise);
    for (const [partition, offset] of [...defaults].sort(([a], [b]) => a - b))
      slots.push({ topic, partition, position: given?.[partition] ?? offset });
  }
  return slots;
}

export function unavailable(error: unknown): Error {
  if (error instanceof LogUnavailable) return error;
  return new LogUnavailable(`Kafka does not answer: ${error instanceof Error ? error.message : String(error)}`, {
    cause: error,
  });
}
