/**
 * The log on Apache Kafka: one `Log` of the parts beside it (append, follow, groups, transactions). Knows topics and lifetimes; must
 * never hold a decision of its own. DESIGN section 3 has the rules.
 */
import type { Clock } from '@cairn/clock/clock.ts';
import { createAppender } from './kafka-append.ts';
import { askAgain, createKafkaCluster } from './kafka-cluster.ts';
import type { KafkaConnection } from './kafka-connection.ts';
import { followKafka, unavailable, type TopicNames } from './kafka-follow.ts';
import { createHealth } from './kafka-health.ts';
import { joinKafkaGroup, type GroupTiming, type KafkaMembership } from './kafka-membership.ts';
import { checkSize, pass } from './kafka-partition.ts';
import { createKafkaReader, toLogRecord } from './kafka-reader.ts';
import { createMissingTopics, type KafkaTopic } from './kafka-topics.ts';
import type { LogFaults } from './log-faults.ts';
import { LogUnavailable, type Follower, type JoinOptions, type Log, type LogRecord, type TopicConfig } from './log.ts';

export interface KafkaLogOptions extends Omit<KafkaConnection, 'clock'> {
  topics: readonly TopicConfig[];
  clock: Clock;
  /** Before every topic, group and transactional id, so that several systems share one cluster. */
  topicPrefix?: string;
  /** Of topics that are created; the broker's own default when absent. */
  replicationFactor?: number;
  timing?: Partial<GroupTiming>;
  /**
   * A group's consumer has crashed and kafkajs will not start it again: the process must end, so that another takes over. The default
   * throws where nothing catches it, which ends the process.
   */
  onFatal?: (error: Error) => void;
  faults?: LogFaults;
}

export interface KafkaLog extends Log {
  /** For tests of fencing: the groups take this process for dead while its code keeps running. */
  isolate(): Promise<void>;
  /** For tests of a crash: nothing of this log moves any more, whatever waits for it never settles. */
  crash(): Promise<void>;
}

/** A session shorter than a busy machine's pauses would hand partitions around; longer keeps those of a dead process waiting. */
const TIMING: GroupTiming = { sessionTimeoutMs: 15_000, pollMs: 500 };
const READ_TIMEOUT_MS = 15_000;
const READ_BYTES = 16 * 1024 * 1024;

/** Creates the missing topics and connects. Rejects with `LogUnavailable` when no broker answers. */
export async function createKafkaLog(options: KafkaLogOptions): Promise<KafkaLog> {
  const { clock, topics, faults } = options;
  const connection: KafkaConnection = options;
  const prefix = options.topicPrefix ?? '';
  const names: TopicNames = { toKafka: (topic) => prefix + topic, fromKafka: (name) => name.slice(prefix.length) };
  const partitionsOf = new Map(topics.map((topic) => [topic.name, topic.partitions]));
  const kafkaTopics = topics.map((topic): KafkaTopic => ({ ...topic, name: names.toKafka(topic.name) }));
  const allNames = kafkaTopics.map((topic) => topic.name);
  const closing = new AbortController();
  const followers = new Set<Follower>();
  const memberships = new Set<KafkaMembership>();
  let crashed = false;

  const cluster = createKafkaCluster(connection);
  try {
    await createMissingTopics(connection, kafkaTopics, options.replicationFactor ?? -1);
    await cluster.refresh(allNames);
  } catch (error) {
    await cluster.close();
    throw unavailable(error);
  }
  const health = createHealth(cluster, allNames, clock);
  const appender = createAppender({ connection, topics: allNames, clock, onHealth: health.report });

  function partitions(topic: string): number {
    const count = partitionsOf.get(topic);
    if (count === undefined) throw new Error(`unknown topic ${JSON.stringify(topic)}`);
    return count;
  }

  function check(topic: string, partition: number): void {
    if (!(partition >= 0 && partition < partitions(topic)))
      throw new Error(`topic ${topic} has no partition ${partition}, only ${partitions(topic)}`);
  }

  /** Nothing moves in a crashed process, nothing is taken by a closed log. */
  async function alive<T>(work: () => Promise<T>): Promise<T> {
    if (closing.signal.aborted && !crashed) throw new LogUnavailable('the log is closed');
    try {
      const result = await work();
      return crashed ? await never() : result;
    } catch (error) {
      if (crashed) return never();
      throw error;
    }
  }

  async function ask<T>(request: () => Promise<T>): Promise<T> {
    return alive(() =>
      askAgain(cluster, allNames, clock, request).catch((error: unknown) => {
        throw unavailable(error);
      }),
    );
  }

  async function read(topic: string, partition: number, fromOffset: bigint, maxRecords: number): Promise<LogRecord[]> {
    const name = names.toKafka(topic);
    const end = (await cluster.listOffsets(name, 'next', [partition])).get(partition)!;
    const reader = createKafkaReader(cluster, [{ topic: name, partition, position: fromOffset }]);
    const slot = reader.slot(name, partition);
    const records: LogRecord[] = [];
    const until = clock.monotonic() + READ_TIMEOUT_MS;
    let bytes = 0;
    while (slot.position < end && records.length < maxRecords && bytes < READ_BYTES) {
      if (reader.isEmpty()) await reader.arrival();
      const fault = reader.takeFault();
      if (fault !== undefined) throw fault;
      if (clock.monotonic() > until)
        throw new LogUnavailable(`Kafka took more than ${READ_TIMEOUT_MS / 1000} s to read ${topic}-${partition}`);
      for (const { record } of reader.take(maxRecords - records.length, READ_BYTES)) {
        bytes += record.value?.length ?? 0;
        records.push(toLogRecord(topic, partition, record));
      }
    }
    return records;
  }

  async function join(joining: JoinOptions): Promise<KafkaMembership> {
    const changelog = `${prefix}changelog-${joining.task}`;
    const count = partitions(joining.inbox);
    await createMissingTopics(
      connection,
      [{ name: changelog, partitions: count, cleanup: 'compact', retentionMs: null, changelog: true }],
      options.replicationFactor ?? -1,
    );
    const membership = await joinKafkaGroup({
      connection,
      clock,
      names,
      topics: [...allNames, changelog],
      appender,
      faults,
      changelog,
      options: joining,
      groupId: prefix + joining.task,
      partitions: count,
      timing: { ...TIMING, ...options.timing },
      onFatal: options.onFatal ?? endTheProcess,
      onLeave: () => memberships.delete(membership),
    });
    memberships.add(membership);
    return membership;
  }

  return {
    append: (records) =>
      alive(async () => {
        for (const record of records) {
          check(record.topic, record.partition);
          checkSize(record);
        }
        if (records.length === 0) return;
        if (faults) await pass(faults, { operation: 'append', phase: 'before' });
        await appender.append(records.map((record) => ({ ...record, topic: names.toKafka(record.topic) })));
        if (faults) await pass(faults, { operation: 'append', phase: 'after' });
      }),
    follow: (followed, cursor) =>
      alive(async () => {
        for (const topic of followed) partitions(topic);
        const follower = await followKafka({
          connection,
          clock,
          names,
          topics: followed,
          cursor,
          signal: closing.signal,
          onClose: () => followers.delete(follower),
        });
        followers.add(follower);
        return { ...follower, next: (wanted) => alive(() => follower.next(wanted)), lag: () => alive(follower.lag) };
      }),
    read(topic, partition, fromOffset, maxRecords) {
      check(topic, partition);
      return ask(() => read(topic, partition, fromOffset, maxRecords));
    },
    offsets: (topic) =>
      ask(async () => {
        partitions(topic);
        const [oldest, next] = await Promise.all(
          (['oldest', 'next'] as const).map((which) => cluster.listOffsets(names.toKafka(topic), which)),
        );
        return [...next!]
          .sort(([a], [b]) => a - b)
          .map(([partition, offset]) => ({ partition, oldest: oldest!.get(partition)!, next: offset }));
      }),
    join: (joining) => alive(() => join(joining)),
    positions: (task, inbox) => ask(() => cluster.groupOffsets(prefix + task, names.toKafka(inbox), partitions(inbox))),
    partitions,
    healthy: () => !closing.signal.aborted && health.healthy(),
    async close() {
      if (closing.signal.aborted) return;
      await Promise.all([...memberships].map((membership) => membership.leave()));
      closing.abort();
      health.stop();
      await Promise.all([...followers].map((follower) => follower.close()));
      await appender.close();
      await cluster.close();
    },
    async isolate() {
      await Promise.all([...memberships].map((membership) => membership.isolate()));
    },
    async crash() {
      crashed = true;
      closing.abort();
      health.stop();
      await Promise.all([...memberships].map((membership) => membership.crash()));
      await Promise.all([...followers].map((follower) => follower.close()));
      await cluster.close();
    },
  };
}

function never(): Promise<never> {
  return new Promise<never>(() => {});
}

function endTheProcess(error: Error): void {
  queueMicrotask(() => {
    throw error;
  });
}
