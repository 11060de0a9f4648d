/**
 * The requests that Cairn makes of Kafka beside the consumer group, on kafkajs's own connections and metadata. kafkajs keeps them
 * to itself behind its producer and consumer, which wait 300 ms where Kafka asks for 1 ms, ask for the coordinator twice a
 * transaction and cannot read without a group. Must never retry: the callers know what a failure means.
 */
import { createRequire } from 'node:module';
import { connect, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Clock } from '@cairn/clock/clock.ts';
import { logLevel, type ISocketFactory, type KafkaConfig } from 'kafkajs';
import './kafka-patches.ts';
import { decodeFetchResponse, type FetchedPartition } from './kafka-fetch-response.ts';
import { committedRecords, decodeRecordBatches, type ReadRecord } from './kafka-record-batch.ts';

const require = createRequire(import.meta.url);

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

/** One partition's record batch in a produce request. */
export interface BatchForPartition {
  topic: string;
  partition: number;
  bytes: Buffer;
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
  /** Puts a member out of its group, as a session that has run out does. For tests of fencing. */
  evict(groupId: string, memberId: string): Promise<void>;
  /** Forgets the node's connections after one broke, so that the next request makes new ones. */
  forget(error: unknown): void;
  /** Cuts every connection; what waits is rejected. */
  close(): Promise<void>;
}

export interface KafkaConnection {
  brokers: readonly string[];
  clientId: string;
  clock: Clock;
  ssl?: KafkaConfig['ssl'];
  sasl?: KafkaConfig['sasl'];
  /** Told of what kafkajs logs at warn or error. */
  onClientLog?: ((entry: { level: 'warn' | 'error'; message: string }) => void) | undefined;
}

/** A broker answers in milliseconds; one that takes longer than this is as good as away. */
const REQUEST_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 3_000;
const KEEP_ALIVE_MS = 60_000;
const METADATA_MAX_AGE_MS = 300_000;
const READ_COMMITTED = 1;
const EARLIEST = -2;
const LATEST = -1;
const ALL = -1;

/** For our own requests: short, because the callers retry. For kafkajs's consumer: its own defaults, a second at the most. */
export const CLIENT_RETRY = { retries: 4, initialRetryTime: 100, maxRetryTime: 1_000 };

export function kafkaConfig(connection: KafkaConnection): KafkaConfig {
  const report = connection.onClientLog;
  return {
    brokers: [...connection.brokers],
    clientId: connection.clientId,
    ...(connection.ssl === undefined ? {} : { ssl: connection.ssl }),
    ...(connection.sasl === undefined ? {} : { sasl: connection.sasl }),
    connectionTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    retry: CLIENT_RETRY,
    socketFactory,
    logLevel: report ? logLevel.WARN : logLevel.NOTHING,
    logCreator: () => (entry) =>
      report?.({ level: entry.level === logLevel.ERROR ? 'error' : 'warn', message: entry.log.message }),
  };
}

/** kafkajs leaves Nagle's algorithm on: a request's last packet may then wait 40 ms for the answer to the one before. */
const socketFactory: ISocketFactory = ({ host, port, ssl, onConnect }) =>
  ssl
    ? connectTls({ host, port, ...(isIP(host) ? {} : { servername: host }), ...ssl }, onConnect)
        .setNoDelay(true)
        .setKeepAlive(true, KEEP_ALIVE_MS)
    : connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS }, onConnect);

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

  return {
    refresh,
    partitions: (topic) => metadata(topic).length,
    leader,

    async fetch(nodeId, from, limits) {
      const broker = await node(nodeId);
      const topics = groupByTopic(from).map(([topic, entries]) => ({
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
      const offsets = new Map<number, bigint>();
      const byNode = Map.groupBy(wanted, (partition) => leader(topic, partition));
      await Promise.all(
        [...byNode].map(async ([nodeId, own]) => {
          const broker = await node(nodeId);
          const timestamp = which === 'oldest' ? EARLIEST : LATEST;
          const { responses } = await broker.listOffsets({
            isolationLevel: READ_COMMITTED,
            topics: [{ topic, partitions: own.map((partition) => ({ partition, timestamp })) }],
          });
          for (const entry of responses[0]?.partitions ?? []) offsets.set(entry.partition, BigInt(entry.offset));
        }),
      );
      return offsets;
    },

    async produce(nodeId, batches, transactionalId) {
      const broker = await node(nodeId);
      const request = {
        apiKey: PRODUCE_KEY,
        apiVersion: 7,
        apiName: 'Produce',
        expectResponse: () => true,
        encode: async () => new Encoder().writeBuffer(encodeProduce(batches, transactionalId)),
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

/** A refusal by the broker; `type` is Kafka's own name for it. */
export function errorType(error: unknown): string {
  const { type, cause, message } = (error ?? {}) as { type?: string; cause?: unknown; message?: string };
  // kafkajs does not know the newest codes: 90 is PRODUCER_FENCED.
  if (message?.includes('Unknown error code 90')) return 'PRODUCER_FENCED';
  return type ?? (cause ? errorType(cause) : '');
}

function protocolError(code: number, topic: string, partition: number): Error {
  const error = createErrorFromCode(code);
  error.message = `${topic}-${partition}: ${error.message}`;
  return error;
}

function groupByTopic<T extends { topic: string }>(entries: readonly T[]): [string, T[]][] {
  return [...Map.groupBy(entries, (entry) => entry.topic)];
}

/** Produce request, version 7: transactional id, acks, timeout, and per topic and partition one record batch. */
function encodeProduce(batches: readonly BatchForPartition[], transactionalId: string | null): Buffer {
  const topics = groupByTopic(batches);
  let size = 2 + (transactionalId === null ? 0 : Buffer.byteLength(transactionalId)) + 2 + 4 + 4;
  for (const [topic, own] of topics) {
    size += 2 + Buffer.byteLength(topic) + 4;
    for (const { bytes } of own) size += 8 + bytes.length;
  }
  const out = Buffer.allocUnsafe(size);
  let at = transactionalId === null ? out.writeInt16BE(-1, 0) : writeText(out, 0, transactionalId);
  at = out.writeInt16BE(ALL, at);
  at = out.writeInt32BE(REQUEST_TIMEOUT_MS, at);
  at = out.writeInt32BE(topics.length, at);
  for (const [topic, own] of topics) {
    at = writeText(out, at, topic);
    at = out.writeInt32BE(own.length, at);
    for (const { partition, bytes } of own) {
      at = out.writeInt32BE(partition, at);
      at = out.writeInt32BE(bytes.length, at);
      at += bytes.copy(out, at);
    }
  }
  return out;
}

function writeText(out: Buffer, at: number, text: string): number {
  const bytes = out.write(text, at + 2);
  out.writeInt16BE(bytes, at);
  return at + 2 + bytes;
}

// What is used of kafkajs's insides, and nothing more.

interface PartitionMetadata {
  partitionId: number;
  leader: number;
}

interface WireRequest {
  apiKey: number;
  apiVersion: number;
  apiName: string;
}

interface Broker {
  nodeId: string | number;
  connectionPool: {
    pool: { rejectRequests(error: Error): void }[];
    send<T>(exchange: { request: WireRequest; response: unknown; requestTimeout?: number }): Promise<T>;
  };
  listOffsets(
    request: object,
  ): Promise<{ responses: { topic: string; partitions: { partition: number; offset: string }[] }[] }>;
  initProducerId(request: {
    transactionalId: string | undefined;
    transactionTimeout: number;
  }): Promise<{ producerId: string; producerEpoch: number }>;
  addPartitionsToTxn(request: object): Promise<unknown>;
  endTxn(request: object): Promise<unknown>;
  leaveGroup(member: { groupId: string; memberId: string }): Promise<unknown>;
}

interface Cluster {
  brokerPool: {
    brokers: Record<string, Broker>;
    seedBroker?: Broker;
    metadata: { topicMetadata: { topic: string; partitionMetadata: PartitionMetadata[] }[] } | null;
  };
  isConnected(): boolean;
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  refreshMetadata(): Promise<void>;
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
  findBroker(node: { nodeId: number }): Promise<Broker>;
  findGroupCoordinator(group: { groupId: string; coordinatorType: number }): Promise<Broker>;
  getNodeIds(): string[];
  removeBroker(at: { host: string; port: number }): void;
}

const Encoder = require('kafkajs/src/protocol/encoder') as new () => { writeBuffer(bytes: Buffer): unknown };
const FETCH_RESPONSE = {
  decode: async (raw: Buffer): Promise<FetchedPartition[]> => {
    const { errorCode, partitions } = decodeFetchResponse(raw);
    if (errorCode !== 0) throw createErrorFromCode(errorCode);
    return partitions;
  },
  parse: async (partitions: FetchedPartition[]): Promise<FetchedPartition[]> => partitions,
};
const fetchRequest = require('kafkajs/src/protocol/requests/fetch/v11/request') as (request: object) => WireRequest;
const PRODUCE_RESPONSE: unknown = require('kafkajs/src/protocol/requests/produce/v7/response');
const { createErrorFromCode } = require('kafkajs/src/protocol/error') as {
  createErrorFromCode(code: number): Error & { type: string };
};
const { createLogger } = require('kafkajs/src/loggers') as { createLogger(options: object): unknown };
const PRODUCE_KEY = 0;

function newCluster(config: KafkaConfig): Cluster {
  const KafkajsCluster = require('kafkajs/src/cluster') as new (options: object) => Cluster;
  return new KafkajsCluster({
    ...config,
    logger: createLogger({ level: config.logLevel, logCreator: config.logCreator }),
    enforceRequestTimeout: true,
    metadataMaxAge: METADATA_MAX_AGE_MS,
    allowAutoTopicCreation: false,
    maxInFlightRequests: null,
    isolationLevel: READ_COMMITTED,
  });
}
