/**
 * `append` on Kafka: idempotent, acks=all. Whoever appends while a request is under way shares the next one. Two lanes, a partition
 * always in the same, so that two requests are in flight and the order of a partition stays. Must never say that a record is
 * durable before every replica in sync has it.
 */
import type { Clock } from '@cairn/clock/clock.ts';
import {
  createSequences,
  encodeRound,
  intoRounds,
  produceRound,
  type EncodedBatch,
  type KafkaRecord,
  type ProduceFailure,
} from './kafka-batches.ts';
import { createKafkaCluster, type ProducerIdentity } from './kafka-cluster.ts';
import type { KafkaConnection } from './kafka-connection.ts';
import { errorType } from './kafka-internals.ts';
import { LogUnavailable } from './log.ts';

export interface Appender {
  /** Resolves when durable; rejects with `LogUnavailable` when it may not be. */
  append(records: readonly KafkaRecord[]): Promise<void>;
  close(): Promise<void>;
}

const LANES = 2;
/** Of the records in one request; Kafka takes 100 MB, a smaller one keeps the wait of the others short. */
const MAX_REQUEST_BYTES = 4 * 1024 * 1024;
/** A client that posts waits no longer than this for its 200; after it comes a 503. */
const APPEND_TIMEOUT_MS = 10_000;
const RETRY_PAUSE_MS = 200;
/** Once Kafka has not answered for this long, new appends are refused at once; the one under way goes on trying. */
const FAIL_FAST_AFTER_MS = 2_000;
/** What may wait in one lane: an outage at full load must not fill the memory. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;

/** What Kafka answers when a batch that was sent again had arrived the first time. */
const ALREADY_THERE = 'DUPLICATE_SEQUENCE_NUMBER';
/** Sending the same batch again cannot help. */
const HOPELESS = [
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'INVALID_TOPIC_EXCEPTION',
];
/** The broker no longer knows this producer: a new one is needed. */
const PRODUCER_GONE = [
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_EPOCH',
  'PRODUCER_FENCED',
  'INVALID_PRODUCER_ID_MAPPING',
];

export function createAppender(deps: {
  connection: KafkaConnection;
  topics: readonly string[];
  clock: Clock;
  onHealth: (healthy: boolean) => void;
}): Appender {
  const lanes = Array.from({ length: LANES }, () => createLane(deps));
  const laneOf = (record: KafkaRecord): number => (record.partition + record.topic.length) % LANES;
  return {
    async append(records) {
      const first = laneOf(records[0]!);
      if (records.every((record) => laneOf(record) === first)) return lanes[first]!.append(records);
      const split = Map.groupBy(records, laneOf);
      const settled = await Promise.allSettled([...split].map(([lane, own]) => lanes[lane]!.append(own)));
      const failed = settled.find((result) => result.status === 'rejected');
      if (failed) throw failed.reason;
    },
    close: async () => {
      await Promise.all(lanes.map((lane) => lane.close()));
    },
  };
}

interface Waiting {
  records: readonly KafkaRecord[];
  bytes: number;
  since: number;
  resolve: () => void;
  reject: (error: Error) => void;
}

function createLane(deps: {
  connection: KafkaConnection;
  topics: readonly string[];
  clock: Clock;
  onHealth: (healthy: boolean) => void;
}): Appender {
  const { clock } = deps;
  const cluster = createKafkaCluster(deps.connection);
  let producer: ProducerIdentity | null = null;
  let sequences = createSequences();
  let waiting: Waiting[] = [];
  let waitingBytes = 0;
  let failingSince: number | null = null;
  let pumping: Promise<void> | null = null;
  let closed = false;

  function append(records: readonly KafkaRecord[]): Promise<void> {
    if (closed) return Promise.reject(new LogUnavailable('the log is closed'));
    if (failingSince !== null && clock.monotonic() - failingSince > FAIL_FAST_AFTER_MS)
      return Promise.reject(new LogUnavailable('Kafka does not answer'));
    if (waitingBytes > MAX_WAITING_BYTES)
      return Promise.reject(new LogUnavailable('Kafka is slower than what comes in: too much waits already'));
    return new Promise((resolve, reject) => {
      const bytes = records.reduce((sum, record) => sum + (record.value?.length ?? 0) + 100, 0);
      waitingBytes += bytes;
      waiting.push({ records, bytes, since: clock.monotonic(), resolve, reject });
      // After this turn: whoever appends in it goes along.
      pumping ??= Promise.resolve().then(pump);
    });
  }

  async function pump(): Promise<void> {
    while (waiting.length > 0) {
      const taken = takeRequest();
      try {
        for (const round of intoRounds(taken.flatMap((entry) => entry.records))) await send(round);
        deps.onHealth(true);
        failingSince = null;
        for (const entry of taken) entry.resolve();
      } catch (error) {
        // A later batch under this producer could take a sequence that the broker thinks it has: it would be dropped in silence.
        producer = null;
        for (const entry of [...taken, ...takeExpired()]) entry.reject(error as Error);
      }
    }
    pumping = null;
    failingSince = null;
  }

  function takeRequest(): Waiting[] {
    let bytes = 0;
    let count = 0;
    while (count < waiting.length && (count === 0 || bytes + waiting[count]!.bytes <= MAX_REQUEST_BYTES))
      bytes += waiting[count++]!.bytes;
    const taken = waiting.slice(0, count);
    waiting = waiting.slice(count);
    waitingBytes -= bytes;
    return taken;
  }

  function takeExpired(): Waiting[] {
    const expired = waiting.filter((entry) => clock.monotonic() - entry.since >= APPEND_TIMEOUT_MS);
    waiting = waiting.filter((entry) => !expired.includes(entry));
    for (const entry of expired) waitingBytes -= entry.bytes;
    return expired;
  }

  async function send(round: ReturnType<typeof intoRounds>[number]): Promise<void> {
    const until = clock.monotonic() + APPEND_TIMEOUT_MS;
    let left: EncodedBatch[] | null = null;
    let mayBeThere = false;
    for (;;) {
      let error: unknown;
      try {
        const own = (producer ??= await newProducer());
        // Sent again byte for byte, so that the broker knows it by its sequence.
        left ??= encodeRound(round, own, sequences, { transactional: false, timestamp: clock.now() });
        const sent = left.length;
        const failed: ProduceFailure[] = (await produceRound(cluster, left, null)).filter(
          (part) => errorType(part.error) !== ALREADY_THERE,
        );
        if (failed.length === 0) return;
        left = failed.flatMap((part) => part.batches);
        error = failed[0]!.error;
        mayBeThere ||= left.length < sent || errorType(error) === '';
      } catch (caught) {
        error = caught;
      }
      if (HOPELESS.includes(errorType(error))) throw error;
      if (PRODUCER_GONE.includes(errorType(error))) {
        if (mayBeThere) throw unavailable(error);
        // Refused, every batch of it: Kafka forgets a producer that was idle for a day. Again under a new one.
        mayBeThere = true;
        producer = null;
        left = null;
        continue;
      }
      deps.onHealth(false);
      failingSince ??= clock.monotonic();
      if (closed || clock.monotonic() + RETRY_PAUSE_MS > until) throw unavailable(error);
      await clock.sleep(RETRY_PAUSE_MS);
      cluster.forget(error);
      await cluster.refresh(deps.topics).catch(() => {});
    }
  }

  async function newProducer(): Promise<ProducerIdentity> {
    await cluster.refresh(deps.topics);
    sequences = createSequences();
    return cluster.initProducerId();
  }

  return {
    append,
    async close() {
      closed = true;
      await pumping;
      await cluster.close();
    },
  };
}

function unavailable(error: unknown): LogUnavailable {
  return new LogUnavailable(`Kafka does not take records: ${error instanceof Error ? error.message : String(error)}`, {
    cause: error,
  });
}
