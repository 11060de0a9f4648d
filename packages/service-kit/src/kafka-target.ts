/**
 * How to reach Kafka, as the environment says it: plain data, because threads and the history's worker open logs of their own.
 * A broker beyond the own machine asks for TLS and a password; neither is ever printed.
 */
import { readFileSync } from 'node:fs';
import type { KafkaSasl } from './config.ts';

export interface KafkaTarget {
  brokers: string[];
  ssl?: true | { ca: string[] };
  sasl?: KafkaSasl;
  /** Of the topics that Cairn makes; absent: the broker's default. */
  replicationFactor?: number;
}

export function kafkaTargetOf(settings: {
  kafkaBrokers: readonly string[] | null;
  kafkaTls: boolean;
  kafkaTlsCa: string | null;
  kafkaSasl: KafkaSasl | null;
  kafkaReplicationFactor: number | null;
}): KafkaTarget | null {
  const { kafkaBrokers, kafkaTls, kafkaTlsCa, kafkaSasl, kafkaReplicationFactor } = settings;
  if (!kafkaBrokers) return null;
  return {
    brokers: [...kafkaBrokers],
    ...(kafkaTlsCa === null
      ? kafkaTls
        ? { ssl: true as const }
        : {}
      : { ssl: { ca: [readFileSync(kafkaTlsCa, 'utf8')] } }),
    ...(kafkaSasl === null ? {} : { sasl: kafkaSasl }),
    ...(kafkaReplicationFactor === null ? {} : { replicationFactor: kafkaReplicationFactor }),
  };
}
