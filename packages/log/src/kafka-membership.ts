/**
 * One member of a task's group: kafkajs's consumer fetches and keeps the membership; which partitions are held, paused, sought and
 * resumed is decided here, inside GROUP_JOIN, before the next fetch can go out. Must never begin a partition that another living
 * member still runs.
 */
import { Kafka, type EachBatchPayload } from 'kafkajs';
import { encodeClaim } from './kafka-assignment.ts';
import { createKafkaCluster } from './kafka-cluster.ts';
import { kafkaConfig } from './kafka-connection.ts';
import { createEnds } from './kafka-ends.ts';
import { createAssigner, createFetching } from './kafka-group.ts';
import { errorType } from './kafka-internals.ts';
import { holdPartition, type HolderDeps, type PartitionHolder } from './kafka-partition.ts';
import { muteHeartbeats, rejoinGroup } from './kafka-patches.ts';
import { WATCH_MS, watchWaiting } from './kafka-watch.ts';
import type { JoinOptions, LogRecord, Membership } from './log.ts';

export interface KafkaMembership extends Membership {
  /** The others take this member for dead; it fetches and runs on, and hears of it when it is fenced. For tests of fencing. */
  isolate(): Promise<void>;
  /** Cuts the connections; runs are left hanging. For tests of a crash. */
  crash(): Promise<void>;
}

export interface MembershipDeps extends Omit<
  HolderDeps,
  'partition' | 'after' | 'run' | 'onFault' | 'onChange' | 'fetching' | 'endOf' | 'transactionalId' | 'task' | 'inbox'
> {
  options: JoinOptions;
  /** Kafka's name of the group. */
  groupId: string;
  partitions: number;
  timing: GroupTiming;
  /** Ends the process: the consumer has crashed and nothing will start it again. */
  onFatal(error: Error): void;
  onLeave(): void;
}

export interface GroupTiming {
  /** A member that says nothing for this long is taken for dead, and its partitions go to others. */
  sessionTimeoutMs: number;
  /** The longest wait of a fetch: a resumed partition is fetched this much later at most, a change in the group noticed after two. */
  pollMs: number;
}

/** How often the position is told to Kafka's group, for tools that show lag. Nothing is restored from it. */
const GROUP_OFFSET_MS = 5_000;
/** A run that does not return when asked: its partition is given away, and fencing keeps it from harm. */
const RELEASE_TIMEOUT_MS = 30_000;
/** kafkajs waits for what it is at, which may be a broker that is away; the group finds out by itself. */
const DISCONNECT_TIMEOUT_MS = 2_000;
const REBALANCE_TIMEOUT_MS = 20_000;
/** A heartbeat with each fetch would double the requests of an idle member. */
const HEARTBEAT_POLLS = 2;
/** About a minute. A consumer that gives up comes back as a new member, and the group waits for the old one's session to end. */
const PATIENCE = { retries: 60, initialRetryTime: 100, maxRetryTime: 1_000 };
const EVICT_PAUSE_MS = 500;
const FETCH_BYTES = { maxBytesPerPartition: 1024 * 1024, maxBytes: 10 * 1024 * 1024 };

export async function joinKafkaGroup(deps: MembershipDeps): Promise<KafkaMembership> {
  const { options, clock, groupId } = deps;
  const inbox = deps.names.toKafka(options.inbox);
  const holders = new Map<number, PartitionHolder>();
  const watchers = new Set<() => void>();
  let assigned = new Set<number>();
  let memberId = '';
  let told: number[] = [];
  let joined = false;
  let unmute: (() => void) | null = null;
  let leaving = false;
  let telling = false;
  let joining = true;
  let fetchedAt = clock.monotonic();

  const consumer = new Kafka({ ...kafkaConfig(deps.connection), retry: PATIENCE }).consumer({
    groupId,
    partitionAssigners: [createAssigner(inbox, deps.partitions, claim)],
    sessionTimeout: deps.timing.sessionTimeoutMs,
    rebalanceTimeout: REBALANCE_TIMEOUT_MS,
    heartbeatInterval: HEARTBEAT_POLLS * deps.timing.pollMs,
    maxWaitTimeInMs: deps.timing.pollMs,
    ...FETCH_BYTES,
    retry: PATIENCE,
    allowAutoTopicCreation: false,
    readUncommitted: false,
  });
  const fetching = createFetching(consumer, inbox);
  const endOf = createEnds(inbox);

  /** What this member tells the group when it joins. */
  function claim(): Buffer {
    const held = [...holders.values()];
    told = held.map((holder) => holder.partition);
    return encodeClaim({
      claimedAs: memberId,
      holds: held.filter((holder) => !holder.isReleasing()).map((holder) => holder.partition),
      releases: held.filter((holder) => holder.isReleasing()).map((holder) => holder.partition),
      leaving,
    });
  }

  consumer.on(consumer.events.FETCH, () => {
    fetchedAt = clock.monotonic();
  });
  consumer.on(consumer.events.REBALANCING, () => {
    joining = true;
  });
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    joined = true;
    joining = false;
    assigned = new Set(leaving ? [] : (payload.memberAssignment[inbox] ?? []));
    // Taken for dead meanwhile: whatever it held belongs to others, or comes back to it from the start.
    const evicted = memberId !== '' && memberId !== payload.memberId;
    memberId = payload.memberId;
    for (const partition of payload.memberAssignment[inbox] ?? []) fetching.pause(partition);
    for (const holder of [...holders.values()]) if (evicted || !assigned.has(holder.partition)) letGo(holder);
    for (const partition of assigned) {
      const holder = holders.get(partition);
      if (!holder || holder.isReleasing()) hold(partition, holder?.released ?? Promise.resolve());
      else {
        holder.confirm();
        holder.reseek();
      }
    }
    tellWhatIsFree();
    changed();
  });
  consumer.on(consumer.events.HEARTBEAT, () => {
    for (const holder of holders.values()) holder.confirm();
  });
  // A stretch of markers and aborted records only: kafkajs goes past it without calling `eachBatch`.
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
    holders.get(payload.partition)?.offer([], BigInt(payload.lastOffset) + 1n);
  });
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    for (const holder of holders.values()) letGo(holder);
    assigned = new Set();
    joining = true;
    const gone = memberId;
    memberId = '';
    void forgetMember(gone);
    changed();
    if (!payload.restart && !leaving)
      deps.onFatal(
        new Error(`the consumer of ${groupId} has crashed: ${payload.error.message}`, { cause: payload.error }),
      );
  });

  /**
   * A consumer that crashed comes back as a new member, and the group would wait for the old one's session to end before it
   * gives out anything: takes it off the list as soon as the broker answers.
   */
  async function forgetMember(member: string): Promise<void> {
    while (member !== '' && memberId === '' && !leaving) {
      const error = await evict(member).catch((thrown: unknown) => thrown);
      if (error === undefined || errorType(error) === 'UNKNOWN_MEMBER_ID') return;
      await clock.sleep(EVICT_PAUSE_MS);
    }
  }

  async function evict(member: string): Promise<void> {
    const cluster = createKafkaCluster(deps.connection);
    try {
      await cluster.refresh([]);
      await cluster.evict(groupId, member);
    } finally {
      await cluster.close();
    }
  }

  function hold(partition: number, after: Promise<void>): void {
    const holder = holdPartition({
      ...deps,
      task: options.task,
      inbox: options.inbox,
      transactionalId: `${groupId}-${options.inbox}-${partition}`,
      partition,
      after,
      fetching,
      endOf,
      run: (owned) => options.run(owned),
      onFault(error) {
        unmute?.();
        options.onFault?.({ partition, error });
      },
      onChange: changed,
    });
    holders.set(partition, holder);
    void holder.released.then(() => {
      if (holders.get(partition) === holder) holders.delete(partition);
      tellWhatIsFree();
      changed();
    });
  }

  function letGo(holder: PartitionHolder): void {
    void holder.release();
    clock.after(RELEASE_TIMEOUT_MS, () => {
      if (holders.get(holder.partition) === holder) holders.delete(holder.partition);
      tellWhatIsFree();
    });
  }

  /** Partitions that the group thinks are held here and are not: it must hear of it, or nobody gets them. */
  function tellWhatIsFree(): void {
    if (!leaving && joined && told.some((partition) => !holders.has(partition) && !assigned.has(partition)))
      rejoinGroup(memberId);
  }

  async function eachBatch({ batch, resolveOffset, heartbeat, isRunning, isStale }: EachBatchPayload): Promise<void> {
    const holder = holders.get(batch.partition);
    if (!isRunning() || isStale() || !holder || holder.isReleasing()) return;
    const nextOffset = BigInt(batch.lastOffset()) + 1n;
    const records = batch.messages.map((message): LogRecord => ({
      topic: options.inbox,
      partition: batch.partition,
      offset: BigInt(message.offset),
      at: Number(message.timestamp),
      key: message.key?.toString('utf8') ?? '',
      value: message.value,
      // Our own decoder made them, of text.
      headers: message.headers as Record<string, string>,
    }));
    const full = holder.offer(records, nextOffset);
    resolveOffset(batch.lastOffset());
    if (full) fetching.pause(batch.partition);
    await heartbeat();
  }

  const stopTelling = clock.every(GROUP_OFFSET_MS, () => {
    const offsets = [...holders.values()].flatMap((holder) => {
      const committed = holder.isRunning() ? holder.committed() : null;
      return committed === null ? [] : [{ topic: inbox, partition: holder.partition, offset: String(committed) }];
    });
    if (offsets.length === 0 || telling) return;
    telling = true;
    void consumer
      .commitOffsets(offsets)
      .catch(() => {})
      .finally(() => (telling = false));
  });

  const stopWatching = watchWaiting(clock, (waiting) => options.onWaiting?.(waiting), stages);

  /** What is not as it should be: partition (null: the group) → what it waits for. */
  function stages(): Map<number | null, string> {
    const found = new Map<number | null, string>();
    if (joining) found.set(null, 'joining the group');
    else if (clock.monotonic() - fetchedAt > WATCH_MS) found.set(null, 'waiting for a fetch');
    for (const partition of assigned) {
      const holder = holders.get(partition);
      if (!holder?.isRunning()) found.set(partition, holder?.stage() ?? 'waiting for its turn');
    }
    return found;
  }

  function changed(): void {
    for (const watcher of [...watchers]) watcher();
  }

  async function until(condition: () => boolean): Promise<void> {
    while (!condition())
      await new Promise<void>((resolve) => {
        const watcher = (): void => {
          watchers.delete(watcher);
          resolve();
        };
        watchers.add(watcher);
      });
  }

  await consumer.connect();
  await consumer.subscribe({ topics: [inbox], fromBeginning: true });
  await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch });

  return {
    owned: () => [...holders.values()].filter((holder) => holder.isRunning()).map((holder) => holder.partition),
    ready: () =>
      until(() => leaving || (joined && [...assigned].every((partition) => holders.get(partition)?.isRunning()))),
    async leave() {
      if (leaving) return;
      leaving = true;
      stopTelling();
      stopWatching();
      const released = Promise.all([...holders.values()].map((holder) => holder.release()));
      await Promise.race([released, clock.sleep(RELEASE_TIMEOUT_MS)]);
      await Promise.race([consumer.disconnect().catch(() => {}), clock.sleep(DISCONNECT_TIMEOUT_MS)]);
      changed();
      deps.onLeave();
    },
    async isolate() {
      unmute = muteHeartbeats(memberId);
      await evict(memberId);
    },
    async crash() {
      leaving = true;
      stopTelling();
      stopWatching();
      await consumer.disconnect().catch(() => {});
    },
  };
}
