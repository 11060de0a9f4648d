import type { Clock } from '@cairn/clock/clock.ts';
import { TOPICS } from '@cairn/contracts/topics.ts';
import type { KafkaTarget } from '@cairn/service-kit/kafka-target.ts';
import type { Log, TopicConfig } from '@cairn/log/log.ts';

/** Which log the process stands on; plain data, because its threads each open their own. */
export type LogTarget =
  | { kind: 'lmdb'; path: string; topics: TopicConfig[] }
  | (KafkaTarget & { kind: 'kafka'; topics: TopicConfig[]; clientId: string; checkpointDir: string });

export const topicConfigs = (where: 'embedded' | 'cluster'): TopicConfig[] =>
  Object.values(TOPICS).map(({ name, partitions, partitionsEmbedded, cleanup, retentionMs, minCompactionLagMs }) => ({
    name,
    partitions: where === 'embedded' ? partitionsEmbedded : partitions,
    cleanup,
    retentionMs,
    ...(minCompactionLagMs === undefined ? {} : { minCompactionLagMs }),
  }));

export async function openLog(target: LogTarget, clock: Clock, onFatal: (error: unknown) => void): Promise<Log> {
  if (target.kind === 'lmdb') {
    const { createLmdbLog } = await import('@cairn/log/log.lmdb.ts');
    return createLmdbLog({ path: target.path, topics: target.topics, clock });
  }
  // Loaded here alone: embedded mode never pays for kafkajs.
  const { createKafkaLog } = await import('@cairn/log/log.kafka.ts');
  return createKafkaLog({ ...target, clock, onFatal });
}
