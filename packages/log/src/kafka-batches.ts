/** How records become produce requests: per partition batches below Kafka's usual size, in order, one request a node at a time. */
import type { KafkaCluster, ProducerIdentity } from './kafka-cluster.ts';
import { encodeRecordBatch, recordBytes, type RecordToWrite } from './kafka-record-batch.ts';

/** Kafka's own default for a batch at rest (`message.max.bytes`). A single record may be bigger and then goes alone. */
const MAX_BATCH_BYTES = 900_000;

export interface KafkaRecord extends RecordToWrite {
  topic: string;
  partition: number;
}

/** The records of one partition that go in one batch. */
export interface PartitionBatch {
  topic: string;
  partition: number;
  records: RecordToWrite[];
}

/** Rounds to send one after the other; a round holds one batch at the most of each partition, so that the order stays. */
export function intoRounds(records: readonly KafkaRecord[]): PartitionBatch[][] {
  const batches = new Map<string, { list: PartitionBatch[]; bytes: number }>();
  for (const record of records) {
    const key = `${record.topic}/${record.partition}`;
    let own = batches.get(key);
    if (!own) batches.set(key, (own = { list: [], bytes: 0 }));
    const bytes = recordBytes(record);
    if (own.list.length === 0 || own.bytes + bytes > MAX_BATCH_BYTES) {
      own.list.push({ topic: record.topic, partition: record.partition, records: [] });
      own.bytes = 0;
    }
    own.list.at(-1)!.records.push(record);
    own.bytes += bytes;
  }
  const rounds: PartitionBatch[][] = [];
  for (const { list } of batches.values()) list.forEach((batch, i) => (rounds[i] ??= []).push(batch));
  return rounds;
}

/** The sequence numbers of one producer: a producer's batches of a partition must come in this order, without a gap. */
export function createSequences(): { take(topic: string, partition: number, count: number): number } {
  const next = new Map<string, number>();
  return {
    take(topic, partition, count) {
      const key = `${topic}/${partition}`;
      const first = next.get(key) ?? 0;
      // 32 bits, from 2^31-1 on to 0.
      next.set(key, (first + count) & 0x7fffffff);
      return first;
    },
  };
}

export interface EncodedBatch {
  topic: string;
  partition: number;
  bytes: Buffer;
}

export function encodeRound(
  round: readonly PartitionBatch[],
  producer: ProducerIdentity,
  sequences: ReturnType<typeof createSequences>,
  options: { transactional: boolean; timestamp: number },
): EncodedBatch[] {
  return round.map(({ topic, partition, records }) => ({
    topic,
    partition,
    bytes: encodeRecordBatch({
      records,
      ...producer,
      ...options,
      sequence: sequences.take(topic, partition, records.length),
    }),
  }));
}

export interface ProduceFailure {
  batches: EncodedBatch[];
  error: unknown;
}

/** Sends the round to the leaders, one request each. Returns what failed; throws nothing. */
export async function produceRound(
  cluster: KafkaCluster,
  round: readonly EncodedBatch[],
  transactionalId: string | null,
): Promise<ProduceFailure[]> {
  const failed: ProduceFailure[] = [];
  let byLeader: Map<number, EncodedBatch[]>;
  try {
    byLeader = Map.groupBy(round, ({ topic, partition }) => cluster.leader(topic, partition));
  } catch (error) {
    return [{ batches: [...round], error }];
  }
  await Promise.all(
    [...byLeader].map(async ([node, batches]) => {
      try {
        await cluster.produce(node, batches, transactionalId);
      } catch (error) {
        failed.push({ batches, error });
      }
    }),
  );
  return failed;
}
