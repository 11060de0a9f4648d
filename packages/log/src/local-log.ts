import type { Clock } from '@cairn/clock/clock.ts';
import { createFollower, MAX_BATCH_BYTES } from './follower.ts';
import type { LocalStore } from './local-store.ts';
import { LogUnavailable, type Follower, type Log, type Membership, type TopicConfig } from './log.ts';
import { joinGroup } from './membership.ts';

/** The `Log` on a local store: followers, bounded reads, groups. Knows topics and lifetimes; everything durable is the store's. */
export function createLocalLog(deps: { store: LocalStore; topics: readonly TopicConfig[]; clock: Clock }): Log {
  const { store, clock } = deps;
  const partitionsOf = new Map(deps.topics.map((topic) => [topic.name, topic.partitions]));
  const followers = new Set<Follower>();
  const memberships = new Set<Membership>();
  const closing = new AbortController();

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
  async function open(): Promise<void> {
    if (store.halted()) return new Promise<never>(() => {});
    if (closing.signal.aborted) throw new LogUnavailable('the log is closed');
  }

  return {
    async append(records) {
      if (store.halted() || closing.signal.aborted) await open();
      for (const { topic, partition } of records) check(topic, partition);
      if (records.length > 0) await store.append(records);
    },
    async follow(topics, cursor) {
      await open();
      const follower = createFollower({
        store,
        topics: [...topics],
        partitions,
        cursor,
        signal: closing.signal,
        onClose: () => followers.delete(follower),
      });
      followers.add(follower);
      return follower;
    },
    async read(topic, partition, fromOffset, maxRecords) {
      await open();
      check(topic, partition);
      return store.records(topic, partition, Number(fromOffset), { maxRecords, maxBytes: MAX_BATCH_BYTES });
    },
    async offsets(topic) {
      await open();
      return Array.from({ length: partitions(topic) }, (_, partition) => {
        const { oldest, next } = store.bounds(topic, partition);
        return { partition, oldest: BigInt(oldest), next: BigInt(next) };
      });
    },
    async join(options) {
      await open();
      const membership = await joinGroup({
        store,
        clock,
        partitions: partitions(options.inbox),
        options,
        onLeave: () => memberships.delete(membership),
      });
      memberships.add(membership);
      return membership;
    },
    async positions(task, inbox) {
      await open();
      return Array.from({ length: partitions(inbox) }, (_, partition) => store.position(task, partition).nextOffset);
    },
    partitions,
    healthy: () => !closing.signal.aborted && store.healthy(),
    async close() {
      if (closing.signal.aborted) return;
      await Promise.all([...memberships].map((membership) => membership.leave()));
      closing.abort();
      await Promise.all([...followers].map((follower) => follower.close()));
      await store.close();
    },
  };
}
