import type { Clock } from '@cairn/clock/clock.ts';
import type { Log, OwnedPartition } from '@cairn/log/log.ts';
import { DEFAULT_LIMITS } from './commit-cycle.ts';
import { createEffectSlots, createEffects } from './effects.ts';
import type { Effects } from './effects.ts';
import { lagSeconds } from './log-time.ts';
import { runPartition } from './run-partition.ts';
import type { PartitionProgress } from './run-partition.ts';
import type { PartitionStatus, RunTaskOptions, RunningTask } from './running-task.ts';
import { createStateMap } from './state-map.ts';
import type { TaskDefinition } from './task.ts';

/** Waiting effects cost little: this bounds sockets and what a crash leaves unanswered. */
const EFFECT_CONCURRENCY = 256;
const EFFECT_GRACE_MS = 3_000;
const CACHE_BYTES = 16 * 1024 * 1024;
/** After the machine slept or its clock was set, a due timer is noticed this late at most; costs one wake-up a partition. */
const IDLE_WAIT_MS = 10_000;

/**
 * Runs a task on any log: joins its group, and runs each partition that it is given until it is taken away. A fault throws away
 * all that the partition held in memory; the log restores the truth and hands it back. Rejects where the group cannot be joined.
 */
export async function runTask(
  log: Log,
  clock: Clock,
  definition: TaskDefinition,
  options: RunTaskOptions = {},
): Promise<RunningTask> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const slots = createEffectSlots(options.effectConcurrency ?? EFFECT_CONCURRENCY);
  const topicPartitions = remember(options.topicPartitions ?? ((topic) => log.partitions(topic)));
  const running = new Map<number, { owned: OwnedPartition; effects: Effects; progress: PartitionProgress }>();

  async function run(owned: OwnedPartition): Promise<void> {
    const { partition } = owned;
    const effects = createEffects({
      definition,
      owned,
      clock,
      slots,
      onFault: (fault) => options.onEffectFault?.({ partition, ...fault }),
    });
    const progress: PartitionProgress = { ...owned.position(), lastCommitAt: null, levelAt: clock.now() };
    const here = { owned, effects, progress };
    running.set(partition, here);
    let graceMs = 0;
    try {
      await runPartition({
        definition,
        partition,
        owned,
        clock,
        state: createStateMap(owned.state, options.cacheBytes ?? CACHE_BYTES, definition.stored),
        effects,
        progress,
        limits,
        topicPartitions,
        idleWaitMs: options.idleWaitMs ?? IDLE_WAIT_MS,
        onCommit: (report) => options.onCommit?.(report),
        onParked: ({ reason, error, deadLetterId }) =>
          options.onParked?.({ partition, reason, error: stackOf(error), deadLetterId }),
      });
      graceMs = options.effectGraceMs ?? EFFECT_GRACE_MS;
    } finally {
      await effects.close(graceMs);
      if (running.get(partition) === here) running.delete(partition);
    }
  }

  const membership = await log.join({
    task: definition.name,
    inbox: definition.inbox,
    run,
    onFault: (fault) => options.onFault?.(fault),
    onWaiting: (waiting) => options.onWaiting?.(waiting),
  });
  let stopped: Promise<void> | null = null;

  return {
    name: definition.name,
    ready: () => membership.ready(),
    isReady: () => stopped === null && membership.owned().every((partition) => running.has(partition)),
    status: () =>
      Promise.all(
        [...running].map(async ([partition, { owned, effects, progress }]): Promise<PartitionStatus> => {
          const backlog = await owned.backlog();
          return {
            partition,
            committedOffset: progress.nextOffset,
            backlog,
            logTime: progress.logTime,
            lagSeconds: lagSeconds(backlog, clock.now(), progress.logTime, progress.levelAt),
            lastCommitAt: progress.lastCommitAt,
            pendingEffects: effects.size(),
          };
        }),
      ),
    stop: () => (stopped ??= membership.leave()),
  };
}

/** A topic's number of partitions never changes while a task runs; asking the log for each output would show. */
function remember(ask: (topic: string) => number): (topic: string) => number {
  const known = new Map<string, number>();
  return (topic) => {
    let partitions = known.get(topic);
    if (partitions === undefined) known.set(topic, (partitions = ask(topic)));
    return partitions;
  };
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
