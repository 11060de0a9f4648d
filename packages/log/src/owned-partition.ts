import { MAX_BATCH_BYTES } from './follower.ts';
import type { LocalStore, Owner } from './local-store.ts';
import { LogUnavailable, type OwnedPartition } from './log.ts';

/** One taking of a partition on a local store: its read position, its epoch. Everything durable is the store's. */
export function createOwnedPartition(store: LocalStore, owner: Owner, signal: AbortSignal): OwnedPartition {
  const { task, inbox, partition } = owner;
  let readFrom = Number(store.position(task, partition).nextOffset);

  function readNow(maxRecords: number): ReturnType<LocalStore['records']> {
    const records = store.records(inbox, partition, readFrom, { maxRecords, maxBytes: MAX_BATCH_BYTES });
    if (records.length > 0) readFrom = Number(records.at(-1)!.offset) + 1;
    return records;
  }

  return {
    task,
    inbox,
    partition,
    signal,
    state: store.state(task, partition),
    position: () => store.position(task, partition),
    async read({ maxRecords, waitMs, signal: stop }) {
      if (store.halted()) return new Promise<never>(() => {});
      const records = readNow(maxRecords);
      if (records.length > 0 || waitMs <= 0 || signal.aborted) return records;
      await store.wait([inbox], waitMs, signal, stop);
      return signal.aborted ? [] : readNow(maxRecords);
    },
    async backlog() {
      const { oldest, next } = store.bounds(inbox, partition);
      return Math.max(0, next - Math.max(oldest, readFrom));
    },
    commit: (cycle) => store.commit(owner, cycle),
    flushed: () => store.flushed(),
    appendToInbox(records) {
      if (signal.aborted && store.halted()) return Promise.reject(new LogUnavailable('the log is closed'));
      return store.append(records.map((record) => ({ ...record, topic: inbox, partition })));
    },
  };
}
