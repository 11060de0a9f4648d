import type { Log } from '@cairn/log/log.ts';
import { Kafka, logLevel, type Producer } from 'kafkajs';
import { perSecond, readAll } from './kafka-records.ts';

/**
 * The bare limit on Kafka: two stages of kafkajs alone, one behind the other; per stage a consumer, and a transactional producer for
 * each partition, offsets in the transaction. No state, no thought: what comes in goes out.
 */
export interface BareOptions {
  brokers: readonly string[];
  /** Reads the last topic. */
  log: Log;
  /** Before each topic's name on the broker. */
  prefix: string;
  topics: readonly [from: string, between: string, to: string];
  records: number;
}

const RECORDS_PER_TRANSACTION = 2_000;

/** Records per second from the first read to the last output; `from` holds them already. */
export async function bareTwoStages(options: BareOptions): Promise<number> {
  const { log, records, prefix } = options;
  const [from, between, to] = options.topics;
  const partitions = log.partitions(from);
  const client = new Kafka({ brokers: [...options.brokers], clientId: 'bare', logLevel: logLevel.NOTHING });

  async function stage(name: string, inbox: string, outputs: string): Promise<() => Promise<void>> {
    const groupId = `${prefix}bare-${name}`;
    const producers: Producer[] = [];
    for (let partition = 0; partition < partitions; partition++) {
      const producer = client.producer({
        transactionalId: `${groupId}-${partition}`,
        idempotent: true,
        maxInFlightRequests: 1,
        retry: { initialRetryTime: 5 },
      });
      await producer.connect();
      producers.push(producer);
    }
    const consumer = client.consumer({ groupId, maxWaitTimeInMs: 100 });
    await consumer.connect();
    await consumer.subscribe({ topics: [prefix + inbox], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: true,
      partitionsConsumedConcurrently: partitions,
      async eachBatch({ batch: { partition, messages } }) {
        for (let start = 0; start < messages.length; start += RECORDS_PER_TRANSACTION) {
          const part = messages.slice(start, start + RECORDS_PER_TRANSACTION);
          const transaction = await producers[partition]!.transaction();
          await transaction.sendBatch({
            topicMessages: [
              { topic: prefix + outputs, messages: part.map(({ key, value }) => ({ key, value, partition })) },
            ],
          });
          const offset = String(BigInt(part.at(-1)!.offset) + 1n);
          await transaction.sendOffsets({
            consumerGroupId: groupId,
            topics: [{ topic: prefix + inbox, partitions: [{ partition, offset }] }],
          });
          await transaction.commit();
        }
      },
    });
    return async () => {
      await consumer.disconnect();
      await Promise.all(producers.map((producer) => producer.disconnect()));
    };
  }

  const out = await log.follow([to], 'end');
  const startedAt = performance.now();
  const stops = [await stage('first', from, between), await stage('second', between, to)];
  await readAll(out, records);
  const rate = perSecond(records, startedAt);
  await out.close();
  await Promise.all(stops.map((stop) => stop()));
  return rate;
}
