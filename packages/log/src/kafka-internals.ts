/**
 * What Cairn uses of kafkajs's insides, typed, and nothing more. kafkajs is pinned to 2.2.4, its last release; whoever moves to
 * another client changes this file and kafka-patches.ts.
 */
import { createRequire } from 'node:module';
import { logLevel, type KafkaConfig } from 'kafkajs';
import './kafka-patches.ts';

const require = createRequire(import.meta.url);

export interface PartitionMetadata {
  partitionId: number;
  leader: number;
}

export interface WireRequest {
  apiKey: number;
  apiVersion: number;
  apiName: string;
}

export interface Broker {
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
  offsetFetch(request: {
    groupId: string;
    topics: { topic: string; partitions: { partition: number }[] }[];
  }): Promise<{ responses: { topic: string; partitions: { partition: number; offset: string }[] }[] }>;
  leaveGroup(member: { groupId: string; memberId: string }): Promise<unknown>;
}

export interface Cluster {
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

export const Encoder = require('kafkajs/src/protocol/encoder') as new () => { writeBuffer(bytes: Buffer): unknown };
export const fetchRequest = require('kafkajs/src/protocol/requests/fetch/v11/request') as (
  request: object,
) => WireRequest;
export const PRODUCE_RESPONSE: unknown = require('kafkajs/src/protocol/requests/produce/v7/response');
export const { createErrorFromCode } = require('kafkajs/src/protocol/error') as {
  createErrorFromCode(code: number): Error & { type: string };
};
const { createLogger } = require('kafkajs/src/loggers') as { createLogger(options: object): unknown };

export const READ_COMMITTED = 1;
const METADATA_MAX_AGE_MS = 300_000;

export function newCluster(config: KafkaConfig): Cluster {
  const KafkajsCluster = require('kafkajs/src/cluster') as new (options: object) => Cluster;
  return new KafkajsCluster({
    ...config,
    // It logs every refusal as an error; ours are thrown to callers who know what they mean.
    logger: createLogger({ level: logLevel.NOTHING, logCreator: () => () => {} }),
    enforceRequestTimeout: true,
    metadataMaxAge: METADATA_MAX_AGE_MS,
    allowAutoTopicCreation: false,
    maxInFlightRequests: null,
    isolationLevel: READ_COMMITTED,
  });
}

/** A refusal by the broker; `type` is Kafka's own name for it. */
export function errorType(error: unknown): string {
  const { type, cause, message } = (error ?? {}) as { type?: string; cause?: unknown; message?: string };
  // kafkajs does not know the newest codes: 90 is PRODUCER_FENCED.
  if (message?.includes('Unknown error code 90')) return 'PRODUCER_FENCED';
  return type ?? (cause ? errorType(cause) : '');
}

/** The error that Kafka's code stands for, with the place it is about. */
export function protocolError(code: number, topic: string, partition: number): Error {
  const error = createErrorFromCode(code);
  error.message = `${topic}-${partition}: ${error.message}`;
  return error;
}
