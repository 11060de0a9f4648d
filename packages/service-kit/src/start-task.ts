import { runTask } from '@cairn/task/run-task.ts';
import type { RunTaskOptions, RunningTask } from '@cairn/task/running-task.ts';
import type { TaskDefinition } from '@cairn/task/task.ts';
import type { Ports } from './service.ts';

const STATUS_EVERY_MS = 1_000;

/**
 * Runs a task as every service does: faults, parked records and failed effects to the log lines; commits, timers, lag in records
 * and in seconds to the metrics. Decides nothing of the task's own.
 */
export async function startTask(
  ports: Ports,
  definition: TaskDefinition,
  options: RunTaskOptions = {},
): Promise<RunningTask> {
  const { log, clock, logger, metrics } = ports;
  const task = definition.name;
  const labels = ['task'] as const;
  const handled = metrics.counter('cairn_task_records_total', 'Inbox records handled', labels);
  const outputs = metrics.counter('cairn_task_outputs_total', 'Records written by commits', labels);
  const timers = metrics.counter('cairn_task_timers_fired_total', 'Timers that fired', labels);
  const parked = metrics.counter('cairn_task_parked_total', 'Records parked in dead-letters', labels);
  const faults = metrics.counter('cairn_task_faults_total', 'Faults after which a partition was taken again', labels);
  const commitSeconds = metrics.histogram('cairn_commit_seconds', 'How long a commit took', labels);
  const cycleSeconds = metrics.histogram(
    'cairn_cycle_seconds',
    'From the first record of a cycle to its commit',
    labels,
  );
  const lagRecords = metrics.gauge('cairn_lag_records', 'Inbox records not handled yet', labels);
  const lagSeconds = metrics.gauge('cairn_lag_seconds', 'How far the slowest partition is behind', labels);
  const pendingEffects = metrics.gauge('cairn_effects_pending', 'Effects committed and not answered yet', labels);

  const running = await runTask(log, clock, definition, {
    // The demo's clock runs faster than the waits: a due timer must not wait for the next idle look.
    ...(clock.idleWaitMs === undefined ? {} : { idleWaitMs: clock.idleWaitMs }),
    ...options,
    onCommit(commit) {
      handled.inc({ task }, commit.records);
      outputs.inc({ task }, commit.outputs);
      if (commit.timersFired) timers.inc({ task }, commit.timersFired);
      commitSeconds.observe({ task }, commit.commitMs / 1_000);
      cycleSeconds.observe({ task }, commit.durationMs / 1_000);
      options.onCommit?.(commit);
    },
    onFault(fault) {
      faults.inc({ task });
      logger.warn({ event: `${task}.partition-fault`, partition: fault.partition, err: fault.error });
      options.onFault?.(fault);
    },
    onWaiting(waiting) {
      logger.warn({ event: `${task}.partition-waiting`, ...waiting });
      options.onWaiting?.(waiting);
    },
    onParked(record) {
      parked.inc({ task });
      logger.error({ event: `${task}.parked`, ...record });
      options.onParked?.(record);
    },
    onEffectFault({ error, ...fault }) {
      logger.warn({ event: `${task}.effect-fault`, ...fault, err: error });
      options.onEffectFault?.({ error, ...fault });
    },
  });

  async function measure(): Promise<void> {
    const partitions = await running.status();
    lagRecords.set(
      { task },
      partitions.reduce((sum, { backlog }) => sum + backlog, 0),
    );
    lagSeconds.set({ task }, Math.max(0, ...partitions.map((partition) => partition.lagSeconds)));
    pendingEffects.set(
      { task },
      partitions.reduce((sum, partition) => sum + partition.pendingEffects, 0),
    );
  }
  const stopMeasuring = clock.every(STATUS_EVERY_MS, () => void measure().catch(() => {}));

  return {
    ...running,
    async stop() {
      stopMeasuring();
      await running.stop();
    },
  };
}
