/**
 * One partition while a member holds it: take it (fence, restore, seek), run the task on it, take it again after a fault, let it
 * go. The nine rules live here: state is folded into memory only after the commit returned, and after any error the producer
 * and the state in memory are thrown away.
 */
import type { Clock } from '@cairn/clock/clock.ts';
import { encodeEntry, encodePosition, POSITION_KEY, type Position } from './changelog.ts';
import type { Appender } from './kafka-append.ts';
import type { KafkaRecord } from './kafka-batches.ts';
import { createKafkaCluster, type KafkaCluster } from './kafka-cluster.ts';
import type { KafkaConnection } from './kafka-connection.ts';
import type { TopicNames } from './kafka-follow.ts';
import type { EndOf } from './kafka-ends.ts';
import { createInboxQueue } from './kafka-inbox-queue.ts';
import { MAX_RECORD_BYTES } from './kafka-topics.ts';
import { restoreState, type Restored } from './kafka-restore.ts';
import { createTransactor, type Transactor } from './kafka-transaction.ts';
import type { LogFaults } from './log-faults.ts';
import { Fenced, LogUnavailable, type Cycle, type LogRecord, type OwnedPartition } from './log.ts';

/** What the member's consumer does for a partition. None of these throws. */
export interface Fetching {
  pause(partition: number): void;
  seek(partition: number, offset: bigint): void;
  resume(partition: number): void;
}

export interface PartitionHolder {
  readonly partition: number;
  /** The task runs on it and it was not asked back. */
  isRunning(): boolean;
  isReleasing(): boolean;
  /** What it is at, in words. */
  stage(): string;
  /** What the consumer fetched, and the offset after it. True: pause it, the queue is full. */
  offer(records: readonly LogRecord[], nextOffset: bigint): boolean;
  /** The consumer has lost its place (the group was joined anew): tells it again. */
  reseek(): void;
  /** The group says that the partition is still this member's. */
  confirm(): void;
  /** The inbox offset that is committed; null before the restore. */
  committed(): bigint | null;
  /** Asks it back; resolves when the run has returned and nothing of it is left. */
  release(): Promise<void>;
  /** Resolves when nothing of it is left. */
  readonly released: Promise<void>;
}

export interface HolderDeps {
  connection: KafkaConnection;
  clock: Clock;
  names: TopicNames;
  /** All topics of the log, as Kafka knows them: a task may write to any. */
  topics: readonly string[];
  appender: Appender;
  /** Where a partition of the inbox ends. */
  endOf: EndOf;
  fetching: Fetching;
  faults: LogFaults | undefined;
  task: string;
  inbox: string;
  changelog: string;
  transactionalId: string;
  partition: number;
  /** Nothing starts before this: the run of an earlier holding. */
  after: Promise<void>;
  run(owned: OwnedPartition): Promise<void>;
  onFault(error: unknown): void;
  onChange(): void;
}

/** After a fault the partition is taken again this much later: long enough not to spin on a dead broker, short beside a stall. */
const RETAKE_PAUSE_MS = 200;

export function holdPartition(deps: HolderDeps): PartitionHolder {
  const { clock, partition, fetching } = deps;
  const stop = new AbortController();
  const queue = createInboxQueue(clock, () => fetching.resume(partition));
  let phase: 'taking' | 'running' | 'gone' = 'taking';
  let seekTo: bigint | null = null;
  let committed: bigint | null = null;
  let confirmed: (() => void) | null = null;
  let stage = 'waiting for the run before';

  const released = deps.after.then(hold);

  async function hold(): Promise<void> {
    while (!stop.signal.aborted) {
      const error = await takeAndRun().catch((thrown: unknown) => thrown ?? new Error('run rejected with nothing'));
      phase = 'taking';
      seekTo = null;
      fetching.pause(partition);
      if (stop.signal.aborted) break;
      deps.onFault(error);
      deps.onChange();
      // Taking it again at once could shut out the rightful owner: first the group must say that it is still ours.
      stage = error instanceof Fenced ? 'fenced, waiting for the group to say whose it is' : 'pausing after a fault';
      if (error instanceof Fenced) await confirmation();
      else await clock.sleep(RETAKE_PAUSE_MS, stop.signal).catch(() => {});
    }
    phase = 'gone';
    deps.onChange();
  }

  /** Resolves with what went wrong when the run returned unasked. */
  async function takeAndRun(): Promise<unknown> {
    const cluster = createKafkaCluster(deps.connection);
    try {
      stage = 'connecting';
      await cluster.refresh(deps.topics);
      stage = 'fencing';
      const transactor = createTransactor({ cluster, clock, transactionalId: deps.transactionalId });
      await transactor.fence(stop.signal);
      stage = 'restoring';
      const restored = await restoreState(cluster, clock, deps.changelog, partition, stop.signal);
      stage = 'finding its place';
      const from = await whereToGoOn(cluster, restored.position.nextOffset);
      queue.restart(from, restored.position.logTime);
      committed = restored.position.nextOffset;
      seekTo = from;
      fetching.seek(partition, from);
      fetching.resume(partition);
      if (stop.signal.aborted) return undefined;
      phase = 'running';
      stage = 'running';
      deps.onChange();
      await deps.run(createOwned(cluster, transactor, restored));
      return new Error('run returned without being asked to');
    } finally {
      await cluster.close();
    }
  }

  /** The committed offset, or the oldest record kept after it. */
  async function whereToGoOn(cluster: KafkaCluster, nextOffset: bigint): Promise<bigint> {
    const inbox = deps.names.toKafka(deps.inbox);
    const [oldest, next] = await Promise.all(
      (['oldest', 'next'] as const).map(async (which) =>
        (await cluster.listOffsets(inbox, which, [partition])).get(partition)!,
      ),
    );
    // Right after a change of leaders the end may lag for a moment. An end that stays there means that records are lost or the topic
    // was made anew: to go on would skip what comes in until the old offset is reached, in silence.
    if (nextOffset > next!)
      throw new Error(
        `${inbox}-${partition} ends at ${next}, but ${nextOffset} is what ${deps.task} has committed: the topic was truncated or made anew (to begin anew as well, delete ${deps.changelog})`,
      );
    return nextOffset > oldest! ? nextOffset : oldest!;
  }

  function createOwned(cluster: KafkaCluster, transactor: Transactor, restored: Restored): OwnedPartition {
    const { task, inbox, faults } = deps;
    const where = { operation: 'commit', task, partition } as const;
    let position: Position = restored.position;
    let broken: Error | null = null;
    let committing = false;

    async function commit(cycle: Cycle): Promise<void> {
      if (broken) throw broken;
      if (committing) throw new Error('one commit at a time: the cycle before has not been decided');
      const records = toRecords(cycle);
      committing = true;
      try {
        await transactor.commit(records, faults && (() => pass(faults, { ...where, phase: 'before' })));
        if (faults) await pass(faults, { ...where, phase: 'after' });
      } catch (error) {
        broken = error as Error;
        throw error;
      } finally {
        committing = false;
      }
      for (const change of cycle.state) restored.state.apply(change);
      position = { nextOffset: cycle.nextOffset, logTime: Math.max(position.logTime, cycle.logTime) };
      committed = cycle.nextOffset;
    }

    function toRecords(cycle: Cycle): KafkaRecord[] {
      const records: KafkaRecord[] = cycle.outputs.map((output) => ({
        ...output,
        topic: deps.names.toKafka(output.topic),
      }));
      for (const change of cycle.state) {
        if (change.key === POSITION_KEY) throw new Error(`${POSITION_KEY} is the log's own key`);
        records.push({ topic: deps.changelog, partition, key: change.key, value: encodeEntry(change) });
      }
      for (const record of records) checkSize(record);
      const logTime = Math.max(position.logTime, cycle.logTime);
      records.push({
        topic: deps.changelog,
        partition,
        key: POSITION_KEY,
        value: encodePosition({ nextOffset: cycle.nextOffset, logTime }),
      });
      return records;
    }

    return {
      task,
      inbox,
      partition,
      signal: stop.signal,
      state: restored.state,
      position: () => position,
      commit,
      async read(options) {
        if (broken) throw broken;
        return queue.read(options, stop.signal);
      },
      async backlog() {
        try {
          const end = await deps.endOf(cluster, partition);
          const beyond = end - queue.fetchFrom();
          return queue.size() + (beyond > 0n ? Number(beyond) : 0);
        } catch (error) {
          throw new LogUnavailable(`Kafka does not answer: ${(error as Error).message}`, { cause: error });
        }
      },
      appendToInbox: (records) =>
        deps.appender.append(records.map((record) => ({ ...record, topic: deps.names.toKafka(inbox), partition }))),
    };
  }

  async function confirmation(): Promise<void> {
    await new Promise<void>((resolve) => {
      confirmed = resolve;
      stop.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    confirmed = null;
  }

  return {
    partition,
    released,
    isRunning: () => phase === 'running' && !stop.signal.aborted,
    isReleasing: () => stop.signal.aborted,
    stage: () => stage,
    offer(records, nextOffset) {
      queue.push(records, nextOffset);
      return queue.isFull();
    },
    reseek() {
      if (seekTo === null) return fetching.pause(partition);
      fetching.seek(partition, queue.fetchFrom());
      if (queue.isFull()) fetching.pause(partition);
      else fetching.resume(partition);
    },
    confirm: () => confirmed?.(),
    committed: () => committed,
    release() {
      stop.abort();
      deps.onChange();
      return released;
    },
  };
}

/** Kafka would refuse it, and with it the whole cycle, for ever. */
export function checkSize(record: { topic: string; key: string; value: Uint8Array | null }): void {
  const bytes = (record.value?.length ?? 0) + Buffer.byteLength(record.key);
  if (bytes > MAX_RECORD_BYTES)
    throw new Error(`a record of ${bytes} bytes for ${record.topic}: the limit is ${MAX_RECORD_BYTES}`);
}

/** A broken fault point stands for a broken log: the caller sees `LogUnavailable`. */
export async function pass(faults: LogFaults, point: Parameters<LogFaults['at']>[0]): Promise<void> {
  try {
    await faults.at(point);
  } catch (error) {
    throw new LogUnavailable(`broken ${point.phase} ${point.operation}`, { cause: error });
  }
}
