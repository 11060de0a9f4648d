import type { MemoryHistory } from '@cairn/history/history.memory.ts';
import { memorySubjects } from '@cairn/history/identities/subject-history.memory.ts';
import { startSink } from '@cairn/history/sink.ts';
import { admitTouchpoint } from '@cairn/ingest/core/admit-touchpoint.ts';
import { createAppendAdmitted } from '@cairn/ingest/shell/append-admitted.ts';
import { createRecords } from '@cairn/ingest/shell/records.ts';
import { createLoadRequest } from '@cairn/orchestrator/shell/deliver/load-request.ts';
import { createAdvanceMetrics } from '@cairn/orchestrator/shell/advance/advance-metrics.ts';
import { createAdvanceTask } from '@cairn/orchestrator/shell/advance/advance-task.ts';
import { createControlTask } from '@cairn/orchestrator/shell/control/control-task.ts';
import { createDeliverTask } from '@cairn/orchestrator/shell/deliver/deliver-task.ts';
import { createMetrics } from '@cairn/service-kit/metrics.ts';
import { createStitchMetrics } from '@cairn/stitcher/shell/stitch-metrics.ts';
import { createStitchTask } from '@cairn/stitcher/shell/stitch-task.ts';
import { runTask } from '@cairn/task/run-task.ts';
import type { TaskDefinition } from '@cairn/task/task.ts';
import type { Receiver } from './endpoint.ts';
import { startFeed } from './feed.ts';
import type { FeedView } from './feed.ts';
import type { CallBody } from './traffic.ts';
import type { Process, Service } from './world.ts';

/** Ingest as a client sees it: resolves once the call is acknowledged. */
export interface Ingest extends Service {
  post(workspace: string, body: CallBody): Promise<void>;
}

export interface Outside {
  receiver: Receiver;
  view: FeedView;
  /** Outlives the process that writes it, as a ClickHouse server does. */
  history: MemoryHistory;
}

/** With so little to do an idle partition need not look at the clock more often; runs go over virtual days. */
const IDLE_WAIT_MS = 3_600_000;
/** Small cycles: more commits, more points to die at. */
const LIMITS = { maxRecords: 4, maxTimers: 3 };

/** What each process runs: the services' own tasks and handlers on the simulated ports. */
export async function serve(process: Process, outside: Outside): Promise<Service> {
  switch (process.role) {
    case 'ingest':
      return startIngest(process);
    case 'feed':
      return startFeed(process, outside.view);
    case 'history':
      return startHistory(process, outside.history);
    case 'stitcher':
    case 'orchestrator':
      return startTasks(process, tasksOf(process, outside.receiver));
    default:
      return process.role satisfies never;
  }
}

/** The tasks of a role. A replay asks for them too, on a process of its own. */
export function tasksOf(process: Pick<Process, 'role' | 'log' | 'clock'>, receiver: Receiver): TaskDefinition[] {
  const metrics = createMetrics();
  const partitions = (topic: string): number => process.log.partitions(topic);
  if (process.role === 'stitcher') return [createStitchTask({ partitions, metrics: createStitchMetrics(metrics) })];
  return [
    createControlTask({ partitions }),
    createAdvanceTask({ partitions, metrics: createAdvanceMetrics(metrics) }),
    createDeliverTask({
      topics: { partitions },
      metrics,
      sendWebhook: receiver.send(process.clock),
      loadRequest: createLoadRequest(process.log),
    }),
  ];
}

async function startTasks({ log, clock }: Process, definitions: readonly TaskDefinition[]): Promise<Service> {
  const options = { idleWaitMs: IDLE_WAIT_MS, limits: LIMITS };
  const tasks = await Promise.all(definitions.map((definition) => runTask(log, clock, definition, options)));
  return {
    stop: async () => void (await Promise.all(tasks.map((task) => task.stop()))),
    backlog: async () =>
      (await Promise.all(tasks.map((task) => task.status()))).flat().reduce((sum, { backlog }) => sum + backlog, 0),
  };
}

async function startHistory({ log, clock }: Process, history: MemoryHistory): Promise<Service> {
  const sink = await startSink({
    log,
    history,
    clock,
    subjects: memorySubjects(history),
    chunkWaitMs: 10,
    idleWaitMs: IDLE_WAIT_MS,
  });
  return { stop: () => sink.stop(), backlog: () => sink.lag() };
}

async function startIngest({ log, clock, slot, incarnation }: Process): Promise<Ingest> {
  const appender = createAppendAdmitted({ log, clock, metrics: createMetrics() });
  let posts = 0;
  return {
    async post(workspace, body) {
      const at = { receivedAt: clock.now(), kind: null, messageId: `${slot}-${incarnation}-${posts++}` };
      const admission = admitTouchpoint({ workspace, imported: false, source: 'http' }, body, at);
      if (admission.type !== 'admitted') throw new Error(`refused: ${admission.reason}`);
      await appender.appended([createRecords(log, workspace).ofTouchpoint(admission.touchpoint)]);
    },
    stop: () => appender.idle(),
  };
}
