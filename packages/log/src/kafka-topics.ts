/** Creates the topics that are missing, with the settings that Cairn relies on. Never changes a topic that is there. */
import type { Clock } from '@cairn/clock/clock.ts';
import { Kafka, type ITopicConfig } from 'kafkajs';
import { kafkaConfig, type KafkaConnection } from './kafka-connection.ts';
import { errorType } from './kafka-internals.ts';
import type { TopicConfig } from './log.ts';

/** A state value or a journey of one big account may be far beyond Kafka's default of 1 MB. */
export const MAX_RECORD_BYTES = 10 * 1024 * 1024;

/** Another service may create the same topics at the same time, and a new topic has no leader at first. */
const ATTEMPTS = 20;
const PAUSE_MS = 250;

export interface KafkaTopic extends TopicConfig {
  /** A task's state: compacted soon and in small segments, so that a restore reads little. */
  changelog?: boolean;
}

/** Resolves when every topic is there with a leader for each partition. `replicationFactor` -1: the broker's default. */
export async function createMissingTopics(
  connection: KafkaConnection,
  topics: readonly KafkaTopic[],
  replicationFactor: number,
): Promise<void> {
  const admin = new Kafka(kafkaConfig(connection)).admin();
  await admin.connect();
  try {
    for (let attempt = 1; ; attempt++) {
      try {
        const there = new Set(await admin.listTopics());
        const missing = topics.filter((topic) => !there.has(topic.name));
        if (missing.length > 0)
          await admin.createTopics({
            topics: missing.map((topic) => settings(topic, replicationFactor)),
            waitForLeaders: true,
          });
        const { topics: found } = await admin.fetchTopicMetadata({ topics: topics.map((topic) => topic.name) });
        const leaderless = found.find((topic) => topic.partitions.some((partition) => partition.leader < 0));
        if (!leaderless) return checkPartitions(topics, found);
        throw new Error(`topic ${leaderless.name} has no leader yet`);
      } catch (error) {
        if (attempt >= ATTEMPTS || !mayPass(error)) throw error;
        await pause(connection.clock);
      }
    }
  } finally {
    await admin.disconnect();
  }
}

function settings(topic: KafkaTopic, replicationFactor: number): ITopicConfig {
  const entries: Record<string, string> = {
    // Log time is the broker's, so that it rises with the offsets.
    'message.timestamp.type': 'LogAppendTime',
    'cleanup.policy': topic.cleanup,
    'retention.ms': String(topic.retentionMs ?? -1),
    'max.message.bytes': String(MAX_RECORD_BYTES + 1024),
  };
  if (topic.minCompactionLagMs !== undefined) entries['min.compaction.lag.ms'] = String(topic.minCompactionLagMs);
  if (topic.changelog) {
    entries['segment.bytes'] = String(32 * 1024 * 1024);
    entries['min.cleanable.dirty.ratio'] = '0.2';
  }
  return {
    topic: topic.name,
    numPartitions: topic.partitions,
    replicationFactor,
    configEntries: Object.entries(entries).map(([name, value]) => ({ name, value })),
  };
}

/** A topic with another number of partitions would send keys elsewhere than the rest of the system thinks. */
function checkPartitions(
  topics: readonly KafkaTopic[],
  found: readonly { name: string; partitions: readonly unknown[] }[],
): void {
  for (const topic of topics) {
    const actual = found.find((entry) => entry.name === topic.name)?.partitions.length;
    if (actual !== topic.partitions)
      throw new Error(
        `topic ${topic.name} has ${actual} partitions on Kafka, ${topic.partitions} are configured: the keys would not be where they are looked for`,
      );
  }
}

function mayPass(error: unknown): boolean {
  const type = errorType(error);
  if (
    [
      'TOPIC_ALREADY_EXISTS',
      'UNKNOWN_TOPIC_OR_PARTITION',
      'LEADER_NOT_AVAILABLE',
      'REQUEST_TIMED_OUT',
      'NOT_CONTROLLER',
    ].includes(type)
  )
    return true;
  const { name, message, errors } = error as { name?: string; message?: string; errors?: unknown[] };
  if (name === 'KafkaJSAggregateError' && errors?.every(mayPass)) return true;
  return (
    name === 'KafkaJSConnectionError' ||
    name === 'KafkaJSNumberOfRetriesExceeded' ||
    (message ?? '').includes('no leader yet')
  );
}

async function pause(clock: Clock): Promise<void> {
  await clock.sleep(PAUSE_MS);
}
