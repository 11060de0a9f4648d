import { threadId } from 'node:worker_threads';
import type { LmdbDatabase } from './lmdb-database.ts';
import type { LmdbWriter } from './lmdb-writer.ts';
import type { GroupStore, Owner } from './local-store.ts';
import { Fenced } from './log.ts';

/**
 * Members and holders of tasks in LMDB, so that threads of one process share partitions. Members of earlier processes are dead
 * (only one process has the directory at a time). A thread that ends without closing its log keeps its partitions: it must take
 * its process down with it.
 */
export interface LmdbGroups extends GroupStore {
  /** Inside a write transaction only: throws `Fenced` unless the owner is the newest. */
  check(owner: Owner): void;
  /** Tells the listeners of this thread. */
  tell(tasks: Iterable<string>): void;
  /** Tells all listeners: for a change whose message was lost. */
  poll(): void;
  /** For tests: the members of this log vanish without leaving. `deaf`: it is not told, until one of them enters again. */
  drop(options: { deaf: boolean }): Promise<void>;
}

interface Holder {
  member: string | null;
  epoch: number;
}

let nextMember = 1;

/** A few bytes each: who holds what can be told on a full disk too. */
const UPKEEP = { upkeep: true };

export function createLmdbGroups(deps: { database: LmdbDatabase; writer: LmdbWriter; processTag: string }): LmdbGroups {
  const { database, writer, processTag } = deps;
  const listeners = new Map<string, Set<() => void>>();
  const own = new Map<string, string>();
  let deaf = false;

  const living = (member: string): boolean => member.startsWith(`${processTag}/`);
  const membersName = (task: string): string => `members/${task}`;
  const holderName = (task: string, partition: number): string => `holder/${partition}/${task}`;
  const readMembers = (task: string): string[] => (database.readName<string[]>(membersName(task)) ?? []).filter(living);
  const readHolder = (task: string, partition: number): Holder =>
    database.readName<Holder>(holderName(task, partition)) ?? { member: null, epoch: 0 };

  function exit(task: string, member: string): Promise<void> {
    return writer.submit((batch) => {
      database.writeName(
        membersName(task),
        readMembers(task).filter((other) => other !== member),
      );
      batch.touchTask(task);
    }, UPKEEP);
  }

  return {
    newMemberId: () => `${processTag}/${threadId}/${nextMember++}`,
    enter(task, member) {
      deaf = false;
      own.set(member, task);
      return writer.submit((batch) => {
        const members = readMembers(task);
        if (members.includes(member)) return;
        database.writeName(membersName(task), [...members, member]);
        batch.touchTask(task);
      }, UPKEEP);
    },
    exit(task, member) {
      own.delete(member);
      return exit(task, member);
    },
    members: (task) => readMembers(task),
    take: (task, partition, member) =>
      writer.submit(() => {
        const holder = readHolder(task, partition);
        const held = holder.member !== null && readMembers(task).includes(holder.member);
        if (held && holder.member !== member) return null;
        const epoch = holder.epoch + 1;
        database.ensureTaskId(task, partition);
        database.writeName(holderName(task, partition), { member, epoch } satisfies Holder);
        return epoch;
      }, UPKEEP),
    release: (task, partition, epoch) =>
      writer.submit((batch) => {
        if (readHolder(task, partition).epoch !== epoch) return;
        database.writeName(holderName(task, partition), { member: null, epoch } satisfies Holder);
        batch.touchTask(task);
      }, UPKEEP),
    onChange(task, listener) {
      let ofTask = listeners.get(task);
      if (!ofTask) listeners.set(task, (ofTask = new Set()));
      ofTask.add(listener);
      return () => ofTask.delete(listener);
    },
    check({ task, partition, epoch }) {
      const newest = readHolder(task, partition).epoch;
      if (newest !== epoch) throw new Fenced(`${task}-${partition}: epoch ${epoch} gave way to ${newest}`);
    },
    tell(tasks) {
      if (deaf) return;
      for (const task of tasks) for (const listener of [...(listeners.get(task) ?? [])]) listener();
    },
    poll() {
      if (!deaf) for (const ofTask of listeners.values()) for (const listener of [...ofTask]) listener();
    },
    async drop(options) {
      deaf = options.deaf;
      await Promise.all([...own].map(([member, task]) => exit(task, member)));
    },
  };
}
