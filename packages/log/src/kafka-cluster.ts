/**
 * The requests that Cairn makes of Kafka beside the consumer group, on kafkajs's own connections and metadata. kafkajs keeps them
 * to itself behind its producer and consumer, which wait 300 ms where Kafka asks for 1 ms, ask for the coordinator twice a
 * transaction and cannot read without a group. Must never retry: the callers know what a failure means.
 */
import type { Clock } from '@cairn/clock/clock.ts';
import { kafkaConfig, REQUEST_TIMEOUT_MS, type KafkaConnection } from './kafka-connection.ts';
import { decodeFetchResponse, type FetchedPartition } from './kafka-fetch-response.ts';
import {
  createErrorFromCode,
  Encoder,
  fetchRequest,
  newCluster,
  PRODUCE_RESPONSE,
  protocolError,
  READ_COMMITTED,
  type Broker,
  type PartitionMetadata,
} from './kafka-internals.ts';
import { encodeProduceRequest, type BatchForPartition } from './kafka-produce-request.ts';
import { committedRecords, decodeRecordBatches, type ReadRecord } from './kafka-record-batch.ts';

/** A partition's stretch of committed log, as one fetch brought it. */
export interface Fetched {
  topic: string;
  partition: number;
  records: ReadRecord[];
  /** The offset to fetch next: past markers, aborted records and compacted gaps. */
  nextOffset: bigint;
  /** The offset after the last committed record or marker, when the broker answered. */
  lastStableOffset: bigint;
}

export interface FetchFrom {
  topic: string;
  partition: number;
  offset: bigint;
}

export interface ProducerIdentity {
  producerId: bigint;
  producerEpoch: number;
}

export interface KafkaCluster {
  /** Loads what is to be known about these topics; call again after an error (leaders move). */
  refresh(topics: readonly string[]): Promise<void>;
  /** The number of partitions, 0 while the topic is unknown. */
  partitions(topic: string): number;
  /** The node that leads the partition; throws when it has no leader now. */
  leader(topic: string, partition: number): number;
  /** One fetch from one node. Waits up to `maxWaitMs` while there is nothing. */
  fetch(
    node: number,
    from: readonly FetchFrom[],
    limits: { maxWaitMs: number; maxBytes: number; maxBytesPerPartition: number },
  ): Promise<Fetched[]>;
  /** Per partition the oldest offset kept (`oldest`) or the one after the last committed (`next`). */
  listOffsets(topic: string, which: 'oldest' | 'next', partitions?: readonly number[]): Promise<Map<number, bigint>>;
  /** The offset after the last committed record of every partition of these topics. */
  ends(topics: readonly string[]): Promise<Map<string, Map<number, bigint>>>;
  /** acks=all; all batches must have this node as their leader. Throws on the first refused one. */
  produce(node: number, batches: readonly BatchForPartition[], transactionalId: string | null): Promise<void>;
  /** Without a transactional id from any node. Fences every older producer of the same id. */
  initProducerId(transactional?: { id: string; timeoutMs: number; coordinator: number }): Promise<ProducerIdentity>;
  /** The node that coordinates the transactions of this id. */
  transactionCoordinator(transactionalId: string): Promise<number>;
  addPartitionsToTransaction(
    coordinator: number,
    transactionalId: string,
    producer: ProducerIdentity,
    topics: readonly { topic: string; partitions: number[] }[],
  ): Promise<void>;
  endTransaction(
    coordinator: number,
    transactionalId: string,
    producer: ProducerIdentity,
    commit: boolean,
  ): Promise<void>;
  /** What a group's members last told of their positions, by partition; 0 where they told nothing. */
  groupOffsets(groupId: string, topic: string, partitions: number): Promise<bigint[]>;
  /** Puts a member out of its group, as a session that has run out does. */
  evict(groupId: string, memberId: string): Promise<void>;
  /** Forgets the node's connections after one broke, so that the next request makes new ones. */
  forget(error: unknown): void;
  /** Cuts every connection; what waits is rejected. */
  close(): Promise<void>;
}

const EARLIEST = -2;
const LATEST = -1;
const PRODUCE_KEY = 0;

const FETCH_RESPONSE = {
  decode: async (raw: Buffer): Promise<FetchedPartition[]> => {
    const { errorCode, partitions } = decodeFetchResponse(raw);
    if (errorCode !== 0) throw createErrorFromCode(errorCode);
    return partitions;
  },
  parse: async (partitions: FetchedPartition[]): Promise<FetchedPartition[]> => partitions,
};

export function createKafkaCluster(connection: KafkaConnection): KafkaCluster {
  const cluster = newCluster(kafkaConfig(connection));
  const known = new Set<string>();
  let closed = false;

  async function refresh(topics: readonly string[]): Promise<void> {
    if (!cluster.isConnected()) await cluster.connect();
    const added = topics.filter((topic) => !known.has(topic));
    if (added.length > 0) {
      await cluster.addMultipleTargetTopics(added);
      for (const topic of added) known.add(topic);
    } else {
      await cluster.refreshMetadata();
    }
  }

  function metadata(topic: string): PartitionMetadata[] {
    return cluster.brokerPool.metadata?.topicMetadata.find((entry) => entry.topic === topic)?.partitionMetadata ?? [];
  }

  function leader(topic: string, partition: number): number {
    const found = metadata(topic).find((entry) => entry.partitionId === partition)?.leader;
    if (found === undefined || found < 0) throw new Error(`${topic}-${partition} has no leader now`);
    return found;
  }

  async function node(nodeId: number): Promise<Broker> {
    if (closed) throw new Error('the connection to Kafka is closed');
    return cluster.findBroker({ nodeId });
  }

  async function anyNode(): Promise<Broker> {
    if (!cluster.isConnected()) await cluster.connect();
    if (!cluster.brokerPool.metadata) await cluster.refreshMetadata();
    const ids = cluster.getNodeIds();
    if (ids.length === 0) throw new Error('no broker is known');
    return node(Number(ids[0]));
  }

  /** One request for each node, whatever the number of topics. */
  async function listOffsets(
    wanted: readonly { topic: string; partition: number }[],
    which: 'oldest' | 'next',
  ): Promise<Map<string, Map<number, bigint>>> {
    const offsets = new Map<string, Map<number, bigint>>();
    const timestamp = which === 'oldest' ? EARLIEST : LATEST;
    const byNode = Map.groupBy(wanted, ({ topic, partition }) => leader(topic, partition));
    await Promise.all(
      [...byNode].map(async ([nodeId, own]) => {
        const broker = await node(nodeId);
        const topics = [...Map.groupBy(own, ({ topic }) => topic)].map(([topic, entries]) => ({
          topic,
          partitions: entries.map(({ partition }) => ({ partition, timestamp })),
        }));
        const { responses } = await broker.listOffsets({ isolationLevel: READ_COMMITTED, topics });
        for (const { topic, partitions } of responses) {
          if (!offsets.has(topic)) offsets.set(topic, new Map());
          for (const { partition, offset } of partitions) offsets.get(topic)!.set(partition, BigInt(offset));
        }
      }),
    );
    return offsets;
  }

  return {
    refresh,
    partitions: (topic) => metadata(topic).length,
    leader,

    async fetch(nodeId, from, limits) {
      const broker = await node(nodeId);
      const topics = [...Map.groupBy(from, (entry) => entry.topic)].map(([topic, entries]) => ({
        topic,
        partitions: entries.map(({ partition, offset }) => ({
          partition,
          fetchOffset: offset,
          maxBytes: limits.maxBytesPerPartition,
        })),
      }));
      const request = fetchRequest({
        replicaId: -1,
        maxWaitTime: limits.maxWaitMs,
        minBytes: 1,
        maxBytes: limits.maxBytes,
        topics,
        isolationLevel: READ_COMMITTED,
      });
      const answer = await broker.connectionPool.send<FetchedPartition[]>({
        request,
        response: FETCH_RESPONSE,
        requestTimeout: limits.maxWaitMs + REQUEST_TIMEOUT_MS,
      });
      const offsets = new Map(from.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]));
      return answer.map((fetched) => {
        if (fetched.errorCode !== 0) throw protocolError(fetched.errorCode, fetched.topic, fetched.partition);
        const { records, nextOffset } = committedRecords(
          decodeRecordBatches(fetched.bytes),
          fetched.aborted,
          offsets.get(`${fetched.topic}/${fetched.partition}`)!,
        );
        return {
          topic: fetched.topic,
          partition: fetched.partition,
          records,
          nextOffset,
          lastStableOffset: fetched.lastStableOffset,
        };
      });
    },

    async listOffsets(topic, which, partitions) {
      const wanted = partitions ?? metadata(topic).map((entry) => entry.partitionId);
      const found = await listOffsets(
        wanted.map((partition) => ({ topic, partition })),
        which,
      );
      return found.get(topic) ?? new Map<number, bigint>();
    },

    ends: (topics) =>
      listOffsets(
        topics.flatMap((topic) => metadata(topic).map(({ partitionId }) => ({ topic, partition: partitionId }))),
        'next',
      ),

    async produce(nodeId, batches, transactionalId) {
      const broker = await node(nodeId);
      const request = {
        apiKey: PRODUCE_KEY,
        apiVersion: 7,
        apiName: 'Produce',
        expectResponse: () => true,
        encode: async () =>
          new Encoder().writeBuffer(encodeProduceRequest(batches, transactionalId, REQUEST_TIMEOUT_MS)),
      };
      await broker.connectionPool.send({ request, response: PRODUCE_RESPONSE });
    },

    async initProducerId(transactional) {
      const broker = transactional ? await node(transactional.coordinator) : await anyNode();
      const answer = await broker.initProducerId({
        transactionalId: transactional?.id,
        transactionTimeout: transactional?.timeoutMs ?? 60_000,
      });
      return { producerId: BigInt(answer.producerId), producerEpoch: answer.producerEpoch };
    },

    async transactionCoordinator(transactionalId) {
      if (!cluster.isConnected()) await cluster.connect();
      if (!cluster.brokerPool.metadata) await cluster.refreshMetadata();
      const broker = await cluster.findGroupCoordinator({ groupId: transactionalId, coordinatorType: 1 });
      return Number(broker.nodeId);
    },

    async addPartitionsToTransaction(coordinator, transactionalId, producer, topics) {
      const broker = await node(coordinator);
      await broker.addPartitionsToTxn({ transactionalId, ...producer, topics });
    },

    async endTransaction(coordinator, transactionalId, producer, commit) {
      const broker = await node(coordinator);
      await broker.endTxn({ transactionalId, ...producer, transactionResult: commit });
    },

    async groupOffsets(groupId, topic, partitions) {
      if (!cluster.isConnected()) await cluster.connect();
      const broker = await cluster.findGroupCoordinator({ groupId, coordinatorType: 0 });
      const asked = Array.from({ length: partitions }, (_, partition) => ({ partition }));
      const { responses } = await broker.offsetFetch({ groupId, topics: [{ topic, partitions: asked }] });
      const told = new Map(responses[0]?.partitions.map(({ partition, offset }) => [partition, BigInt(offset)]));
      // −1: nothing was told.
      return asked.map(({ partition }) => {
        const offset = told.get(partition) ?? 0n;
        return offset < 0n ? 0n : offset;
      });
    },

    async evict(groupId, memberId) {
      const broker = await cluster.findGroupCoordinator({ groupId, coordinatorType: 0 });
      await broker.leaveGroup({ groupId, memberId });
    },

    forget(error) {
      const { host, port, name } = error as { host?: string; port?: number; name?: string };
      if (
        name === 'KafkaJSConnectionClosedError' &&
        host !== undefined &&
        port !== undefined &&
        cluster.brokerPool.seedBroker
      )
        cluster.removeBroker({ host, port });
    },

    async close() {
      closed = true;
      const reason = new Error('the connection to Kafka is closed');
      const brokers = [
        ...Object.values(cluster.brokerPool.brokers),
        ...(cluster.brokerPool.seedBroker ? [cluster.brokerPool.seedBroker] : []),
      ];
      for (const broker of brokers) for (const socket of broker.connectionPool.pool) socket.rejectRequests(reason);
      await cluster.disconnect().catch(() => {});
    },
  };
}

const PASSING_TIMEOUT_MS = 3_000;
const PASSING_PAUSE_MS = 100;

/** Asks again for up to three seconds: leaders move, a new topic's leader does not know of it at once, connections break. */
export async function askAgain<T>(
  cluster: KafkaCluster,
  topics: readonly string[],
  clock: Clock,
  ask: () => Promise<T>,
): Promise<T> {
  const until = clock.monotonic() + PASSING_TIMEOUT_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (clock.monotonic() + PASSING_PAUSE_MS > until) throw error;
      await clock.sleep(PASSING_PAUSE_MS);
      cluster.forget(error);
      await cluster.refresh(topics).catch(() => {});
    }
  }
}
