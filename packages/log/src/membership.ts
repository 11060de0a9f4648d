import type { Clock } from '@cairn/clock/clock.ts';
import type { LocalStore } from './local-store.ts';
import type { JoinOptions, Membership } from './log.ts';
import { createOwnedPartition } from './owned-partition.ts';

/**
 * One member of a task's group on a local store. Nobody leads: every member computes the same assignment from the same list
 * (partition p goes to member p mod n, in the order of entering) and takes what is its own; a taking is exclusive, and the holder
 * lets go only after its `run` returned. Must never run one partition twice at a time.
 */
export interface LocalMembership extends Membership {
  readonly id: string;
}

/** After a fault the partition is taken again this much later: long enough not to spin on a full disk, short beside a stall. */
const RETAKE_PAUSE_MS = 200;

interface Slot {
  /** A `hold` is under way. */
  held: boolean;
  /** Something changed while it was: look again. */
  again: boolean;
  running: AbortController | null;
}

export async function joinGroup(deps: {
  store: LocalStore;
  clock: Clock;
  partitions: number;
  options: JoinOptions;
  onLeave: () => void;
}): Promise<LocalMembership> {
  const { store, clock, partitions, options } = deps;
  const { groups } = store;
  const id = groups.newMemberId();
  const slots: Slot[] = Array.from({ length: partitions }, () => ({ held: false, again: false, running: null }));
  const watchers = new Set<() => void>();
  const leaving = new AbortController();
  let entered = false;

  function isMine(partition: number): boolean {
    if (leaving.signal.aborted) return false;
    const members = groups.members(options.task);
    return members.length > 0 && members[partition % members.length] === id;
  }

  function settle(): void {
    if (store.halted()) return;
    // Taken for dead (a long pause): come back as a new member.
    if (entered && !leaving.signal.aborted && !groups.members(options.task).includes(id))
      void groups.enter(options.task, id).catch(() => {});
    for (let partition = 0; partition < partitions; partition++) {
      const slot = slots[partition]!;
      if (slot.running && !isMine(partition)) slot.running.abort();
      if (slot.held) slot.again = true;
      else if (isMine(partition)) void hold(partition, slot);
    }
    for (const watcher of [...watchers]) watcher();
  }

  async function hold(partition: number, slot: Slot): Promise<void> {
    slot.held = true;
    do {
      slot.again = false;
      let epoch: number | null = null;
      let fault: unknown;
      try {
        epoch = await groups.take(options.task, partition, id);
        if (epoch !== null) fault = await runOnce(partition, slot, epoch);
      } catch (error) {
        fault = error;
      }
      if (store.halted()) return;
      if (fault !== undefined) {
        options.onFault?.({ partition, error: fault });
        await pause();
        slot.again = true;
        // A member that was taken for dead comes back as a new one.
        if (!leaving.signal.aborted) await groups.enter(options.task, id).catch(() => {});
      }
    } while (slot.again && isMine(partition));
    slot.held = false;
    settleWatchers();
  }

  /** Returns what went wrong, undefined when the partition was asked back. */
  async function runOnce(partition: number, slot: Slot, epoch: number): Promise<unknown> {
    const controller = new AbortController();
    slot.running = controller;
    let fault: unknown;
    try {
      if (!isMine(partition)) return undefined;
      settleWatchers();
      const owner = { task: options.task, inbox: options.inbox, partition, epoch };
      await options.run(createOwnedPartition(store, owner, controller.signal));
      fault = new Error('run returned without being asked to');
    } catch (error) {
      fault = error;
    } finally {
      slot.running = null;
      if (!store.halted()) await groups.release(options.task, partition, epoch).catch(() => {});
    }
    return controller.signal.aborted ? undefined : fault;
  }

  function settleWatchers(): void {
    for (const watcher of [...watchers]) watcher();
  }

  function pause(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        leaving.signal.removeEventListener('abort', done);
        resolve();
      };
      const cancel = clock.after(RETAKE_PAUSE_MS, done);
      leaving.signal.addEventListener('abort', done, { once: true });
      if (leaving.signal.aborted) done();
    });
  }

  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        const watcher = (): void => {
          watchers.delete(watcher);
          resolve();
        };
        watchers.add(watcher);
      });
    }
  }

  const stopListening = groups.onChange(options.task, settle);
  await groups.enter(options.task, id);
  entered = true;
  settle();

  return {
    id,
    owned: () => slots.flatMap(({ running }, partition) => (running && !running.signal.aborted ? [partition] : [])),
    ready: () =>
      until(
        () => leaving.signal.aborted || slots.every((slot, partition) => !isMine(partition) || slot.running !== null),
      ),
    async leave() {
      if (store.halted()) return new Promise<never>(() => {});
      leaving.abort();
      settle();
      await until(() => slots.every((slot) => !slot.held));
      stopListening();
      await groups.exit(options.task, id);
      deps.onLeave();
    },
  };
}
