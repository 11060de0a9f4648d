/** How to reach Kafka, and how kafkajs is set up everywhere. Decides time limits and nothing else. */
import { connect, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Clock } from '@cairn/clock/clock.ts';
import { logLevel, type ISocketFactory, type KafkaConfig } from 'kafkajs';
import './kafka-patches.ts';

export interface KafkaConnection {
  brokers: readonly string[];
  clientId: string;
  clock: Clock;
  ssl?: KafkaConfig['ssl'] | undefined;
  sasl?: KafkaConfig['sasl'] | undefined;
  /** Told of what kafkajs logs at warn or error. */
  onClientLog?: ((entry: { level: 'warn' | 'error'; message: string }) => void) | undefined;
}

/** A broker answers in milliseconds; one that takes longer than this is as good as away. */
export const REQUEST_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 3_000;
const KEEP_ALIVE_MS = 60_000;

/** For our own requests: short, because the callers retry. For kafkajs's consumer: its own defaults, a second at the most. */
const CLIENT_RETRY = { retries: 4, initialRetryTime: 100, maxRetryTime: 1_000 };

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
