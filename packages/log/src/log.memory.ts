import type { Clock } from '@cairn/clock/clock.ts';
import { createLocalLog } from './local-log.ts';
import type { GroupStore, LocalStore } from './local-store.ts';
import type { FaultPoint, LogFaults } from './log-faults.ts';
import { Fenced, LogUnavailable, type Log, type LogRecord, type TopicConfig } from './log.ts';
import { createMemoryDisk, indexOf, type MemoryDisk } from './memory-disk.ts';
import { createWakeUps } from './wake-ups.ts';

/**
 * The log in memory: a real mode, on which the simulator, replays and tests run. Each call makes one *process*; processes on one
 * `disk` share records, state and groups as services on one broker do. Deterministic: nothing but the clock and the calls decide.
 */
export interface MemoryLog extends Log {
  /** Hand it to another `createMemoryLog` to start a further process, or the same one again after a crash. */
  readonly disk: MemoryDisk;
  /**
   * The process dies here: its members vanish without leaving (others take their partitions at once), whatever it awaits never
   * settles, nothing it still tries is written.
   */
  crash(): void;
  /**
   * The process is taken for dead but lives: others take its partitions, it hears of nothing until a commit of its own is
   * refused as `Fenced`; then it joins again.
   */
  isolate(): void;
}

export function createMemoryLog(deps: {
  topics: readonly TopicConfig[];
  clock: Clock;
  disk?: MemoryDisk;
  faults?: LogFaults;
}): MemoryLog {
  const { clock, faults } = deps;
  const disk = deps.disk ?? createMemoryDisk(deps.topics);
  const wakeUps = createWakeUps(clock);
  const ownMembers = new Set<string>();
  let crashed = false;
  let isolated = false;

  const onDiskChange = (change: { topics?: ReadonlySet<string> }): void => {
    if (change.topics) for (const topic of change.topics) wakeUps.wake(topic);
  };
  disk.listeners.add(onDiskChange);

  async function pass(point: FaultPoint): Promise<void> {
    try {
      await faults?.at(point);
    } catch (error) {
      if (!crashed) throw new LogUnavailable(`broken ${point.phase} ${point.operation}`, { cause: error });
    }
    if (crashed) await never();
  }

  const store: LocalStore = {
    async append(records) {
      if (crashed) return never();
      if (faults) await pass({ operation: 'append', phase: 'before' });
      disk.append(records, clock.now());
      disk.tell({ topics: new Set(records.map((record) => record.topic)) });
      if (faults) await pass({ operation: 'append', phase: 'after' });
    },
    async commit(owner, cycle) {
      if (crashed) return never();
      const where = { operation: 'commit', task: owner.task, partition: owner.partition } as const;
      if (faults) await pass({ ...where, phase: 'before' });
      const task = disk.task(owner.task, owner.partition);
      if (task.epoch !== owner.epoch)
        throw new Fenced(`${owner.task}-${owner.partition}: epoch ${owner.epoch} gave way to ${task.epoch}`);
      // Throws on an unknown partition before anything is written.
      for (const output of cycle.outputs) disk.partition(output.topic, output.partition);
      disk.append(cycle.outputs, clock.now());
      for (const change of cycle.state) task.state.apply(change);
      task.nextOffset = cycle.nextOffset;
      task.logTime = Math.max(task.logTime, cycle.logTime);
      if (cycle.outputs.length > 0) disk.tell({ topics: new Set(cycle.outputs.map((record) => record.topic)) });
      if (faults) await pass({ ...where, phase: 'after' });
    },
    flushed: () => (crashed ? never() : Promise.resolve()),
    records(topic, partition, from, limits) {
      const { records } = disk.partition(topic, partition);
      const found: LogRecord[] = [];
      let bytes = 0;
      for (let i = indexOf(disk.partition(topic, partition), from); i < records.length; i++) {
        if (found.length >= limits.maxRecords || bytes >= limits.maxBytes) break;
        found.push(records[i]!);
        bytes += records[i]!.value?.byteLength ?? 0;
      }
      return found;
    },
    bounds: (topic, partition) => disk.partition(topic, partition),
    state: (task, partition) => disk.task(task, partition).state,
    position(task, partition) {
      const { nextOffset, logTime } = disk.task(task, partition);
      return { nextOffset, logTime };
    },
    groups: createMemoryGroups(),
    wait: (topics, waitMs, ...signals) => (crashed ? never() : wakeUps.wait(topics, waitMs, ...signals)),
    healthy: () => true,
    halted: () => crashed,
    async close() {
      disk.listeners.delete(onDiskChange);
    },
  };

  function createMemoryGroups(): GroupStore {
    return {
      newMemberId() {
        const id = `member-${disk.nextMember++}`;
        ownMembers.add(id);
        return id;
      },
      async enter(task, member) {
        isolated = false;
        const members = disk.members.get(task) ?? [];
        if (members.includes(member)) return;
        disk.members.set(task, [...members, member]);
        disk.tell({ task });
      },
      async exit(task, member) {
        disk.members.set(
          task,
          (disk.members.get(task) ?? []).filter((other) => other !== member),
        );
        disk.tell({ task });
      },
      members: (task) => disk.members.get(task) ?? [],
      async take(taskName, partition, member) {
        const task = disk.task(taskName, partition);
        const holderLives = task.holder !== null && disk.members.get(taskName)?.includes(task.holder);
        if (holderLives && task.holder !== member) return null;
        task.holder = member;
        return ++task.epoch;
      },
      async release(taskName, partition, epoch) {
        const task = disk.task(taskName, partition);
        if (task.epoch !== epoch) return;
        task.holder = null;
        disk.tell({ task: taskName });
      },
      onChange(task, listener) {
        const onChange = (change: { task?: string }): void => {
          if (change.task === task && !isolated && !crashed) listener();
        };
        disk.listeners.add(onChange);
        return () => disk.listeners.delete(onChange);
      },
    };
  }

  function dropMembers(): void {
    for (const [task, members] of disk.members) {
      const left = members.filter((member) => !ownMembers.has(member));
      if (left.length === members.length) continue;
      disk.members.set(task, left);
      disk.tell({ task });
    }
  }

  return {
    ...createLocalLog({ store, topics: deps.topics, clock }),
    disk,
    crash() {
      crashed = true;
      disk.listeners.delete(onDiskChange);
      wakeUps.drop();
      dropMembers();
    },
    isolate() {
      isolated = true;
      dropMembers();
    },
  };
}

function never(): Promise<never> {
  return new Promise<never>(() => {});
}
