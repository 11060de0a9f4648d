/**
 * The transactions of one owned partition: one producer, never shared, under an id made of group, topic and partition, so that a
 * newer owner's `fence` shuts out every older one. Any error makes it useless: throw it away, take the partition again. Must
 * never retry what may have been written.
 */
import type { Clock } from '@cairn/clock/clock.ts';
import { createSequences, encodeRound, intoRounds, produceRound, type KafkaRecord } from './kafka-batches.ts';
import type { KafkaCluster, ProducerIdentity } from './kafka-cluster.ts';
import { errorType } from './kafka-internals.ts';
import { Fenced, LogUnavailable } from './log.ts';

export interface Transactor {
  /** Shuts out every older producer of the id; ends their open transactions. Resolves when nothing of them is undecided. */
  fence(signal: AbortSignal): Promise<void>;
  /**
   * Writes the records as one transaction. `beforeCommit` runs when everything is written and nothing decided. Rejects with `Fenced`
   * when a newer owner has come (nothing was written), with `LogUnavailable` otherwise (perhaps it was).
   */
  commit(records: readonly KafkaRecord[], beforeCommit?: () => Promise<void> | void): Promise<void>;
}

/** Longer than any pause of a living process; a dead one's transaction ends earlier, with its successor's `fence`. */
const TRANSACTION_TIMEOUT_MS = 20_000;
/** The coordinator needs a few ms after a commit before it takes the next transaction of the same id. */
const BUSY_PAUSES_MS = [1, 1, 2, 2, 4, 8, 16, 32, 64, 128];
const BUSY_TIMEOUT_MS = 10_000;
const FENCE_TIMEOUT_MS = 60_000;

const BUSY = ['CONCURRENT_TRANSACTIONS', 'COORDINATOR_LOAD_IN_PROGRESS'];
const COORDINATOR_MOVES = [
  'GROUP_LOAD_IN_PROGRESS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
];
const FENCED = ['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED'];

export function createTransactor(deps: { cluster: KafkaCluster; clock: Clock; transactionalId: string }): Transactor {
  const { cluster, clock, transactionalId } = deps;
  let coordinator = -1;
  let producer: ProducerIdentity | null = null;
  let sequences = createSequences();

  async function fence(signal: AbortSignal): Promise<void> {
    const until = clock.monotonic() + FENCE_TIMEOUT_MS;
    for (let attempt = 0; ; attempt++) {
      try {
        coordinator = await cluster.transactionCoordinator(transactionalId);
        producer = await cluster.initProducerId({
          id: transactionalId,
          timeoutMs: TRANSACTION_TIMEOUT_MS,
          coordinator,
        });
        sequences = createSequences();
        return;
      } catch (error) {
        if (![...BUSY, ...COORDINATOR_MOVES].includes(errorType(error)) || clock.monotonic() > until) throw error;
        await clock.sleep(pauseMs(attempt), signal);
      }
    }
  }

  async function commit(records: readonly KafkaRecord[], beforeCommit?: () => Promise<void> | void): Promise<void> {
    const own = producer;
    if (!own) throw new LogUnavailable('this owner of the partition is no more');
    // Until the transaction has ended well this producer is not to be used again.
    producer = null;
    try {
      const rounds = intoRounds(records);
      await addPartitions(own, rounds[0] ?? []);
      for (const round of rounds) {
        const failed = await produceRound(
          cluster,
          encodeRound(round, own, sequences, { transactional: true, timestamp: clock.now() }),
          transactionalId,
        );
        if (failed.length > 0) throw failed[0]!.error;
      }
      await beforeCommit?.();
      await cluster.endTransaction(coordinator, transactionalId, own, true);
      producer = own;
    } catch (error) {
      throw asLogError(await truth(own, error));
    }
  }

  /**
   * Fenced in the middle of a transaction, Kafka may speak of an invalid state instead. To give the transaction up is right in any
   * case, and its answer tells: only a producer of the old epoch is refused.
   */
  async function truth(own: ProducerIdentity, error: unknown): Promise<unknown> {
    if (errorType(error) === '' || FENCED.includes(errorType(error))) return error;
    try {
      await cluster.endTransaction(coordinator, transactionalId, own, false);
      return error;
    } catch (answer) {
      return FENCED.includes(errorType(answer)) ? answer : error;
    }
  }

  async function addPartitions(
    own: ProducerIdentity,
    firstRound: readonly { topic: string; partition: number }[],
  ): Promise<void> {
    const topics = [...Map.groupBy(firstRound, (batch) => batch.topic)].map(([topic, batches]) => ({
      topic,
      partitions: batches.map((batch) => batch.partition),
    }));
    const until = clock.monotonic() + BUSY_TIMEOUT_MS;
    for (let attempt = 0; ; attempt++) {
      try {
        return await cluster.addPartitionsToTransaction(coordinator, transactionalId, own, topics);
      } catch (error) {
        // The markers of the transaction before are still being written; nothing of this one has been.
        if (!BUSY.includes(errorType(error)) || clock.monotonic() > until) throw error;
        await clock.sleep(pauseMs(attempt));
      }
    }
  }

  return { fence, commit };
}

function pauseMs(attempt: number): number {
  return BUSY_PAUSES_MS[Math.min(attempt, BUSY_PAUSES_MS.length - 1)]!;
}

function asLogError(error: unknown): Error {
  if (error instanceof Fenced || error instanceof LogUnavailable) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (FENCED.includes(errorType(error)))
    return new Fenced(`a newer owner has taken the partition (${errorType(error)})`, { cause: error });
  return new LogUnavailable(`the transaction failed: ${message}`, { cause: error });
}
