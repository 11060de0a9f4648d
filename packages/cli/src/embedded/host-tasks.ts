import { request } from 'node:http';
import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import type { RunningService } from '@cairn/service-kit/service.ts';
import { createProxy } from '../cluster/proxy.ts';
import { ROUTES } from '../cluster/routes.ts';
import type { TasksWorkerData } from './tasks-worker.ts';

/**
 * The thread of the tasks as one more service of the main thread: its routes are passed on, its readiness is asked for. A thread that
 * dies ends the process: the log holds the truth, and whoever runs the process starts it again.
 */
export async function hostTasks(
  data: TasksWorkerData,
  logger: Logger,
): Promise<RunningService & { metricsText(): Promise<string> }> {
  const worker = new Worker(new URL('./tasks-worker.ts', import.meta.url), { workerData: data });
  let stopping = false;
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    worker.once('message', () => resolve());
    worker.once('error', reject);
  });
  worker.on('error', (error) => logger.fatal({ event: 'tasks.failed', err: error }));
  worker.on('exit', (code) => {
    if (stopping) return;
    logger.fatal({ event: 'tasks.thread-ended', code });
    process.exit(1);
  });
  const { socketPath } = data;
  const mine = ROUTES.filter(({ service }) => service === 'stitcher' || service === 'orchestrator');
  const proxy = createProxy(mine.map(({ path }) => ({ path, targets: () => [{ socketPath }] })));
  return {
    name: 'tasks',
    http: {
      claims: (_method, path) => mine.includes(ROUTES.find((route) => route.path.test(path))!),
      handle: proxy.handle,
    },
    ready: async () => !stopping && (await ask(socketPath, '/readyz')).status === 200,
    metricsText: async () => (stopping ? '' : (await ask(socketPath, '/metrics')).body),
    async stop() {
      stopping = true;
      worker.postMessage('stop');
      await exited;
    },
  };
}

function ask(socketPath: string, path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve) => {
    const asking = request({ socketPath, path, timeout: 5_000 }, (answer) => {
      let body = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => (body += chunk));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }));
    });
    asking.on('error', () => resolve({ status: 0, body: '' }));
    asking.on('timeout', () => asking.destroy());
    asking.end();
  });
}
