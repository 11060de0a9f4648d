import { Worker } from 'node:worker_threads';
import type { HistoryWorkerData } from './history-worker.ts';
import { HistoryUnavailable, type History } from './history.ts';

/** The history and its sink in a thread of their own. */
export interface HostedHistory {
  query: History['query'];
  healthy(): Promise<boolean>;
  /** Records of the log that are not in the history yet. */
  lag(): Promise<number>;
  caughtUp(): Promise<void>;
  stop(): Promise<void>;
}

export interface HostOptions extends HistoryWorkerData {
  onFault?(message: string): void;
  onChunk?(chunk: { records: number; rows: number; durationMs: number }): void;
}

/** Resolves once the tables are migrated and the sink runs. A worker that dies rejects what was asked of it and is not restarted: readiness turns false. */
export async function hostHistory(options: HostOptions): Promise<HostedHistory> {
  const { onFault = () => {}, onChunk = () => {}, target, log, sink } = options;
  // chDB's library leaves destructors of thread-local data behind. Loaded by the worker alone, it is unmapped with the worker, and the
  // thread's end then jumps into nothing (SIGSEGV at every stop). Held by this thread too, it stays mapped to the end of the process.
  if ('chdbPath' in target) await import('chdb');
  const worker = new Worker(new URL('./history-worker.ts', import.meta.url), {
    workerData: { target, log, sink } satisfies HistoryWorkerData,
  });
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let calls = 0;
  let dead: Error | null = null;

  const started = new Promise<void>((resolve, reject) => {
    worker.on('message', (message: WorkerMessage) => {
      if ('event' in message) {
        if (message.event === 'ready') resolve();
        else if (message.event === 'fault') onFault(message.message);
        else onChunk(message);
        return;
      }
      const caller = waiting.get(message.id);
      waiting.delete(message.id);
      if (message.error === undefined) caller?.resolve(message.result);
      else caller?.reject(new HistoryUnavailable(message.error));
    });
    const die = (error: Error): void => {
      dead ??= error;
      reject(error);
      for (const caller of waiting.values()) caller.reject(error);
      waiting.clear();
    };
    worker.on('error', (error) => {
      onFault(String(error));
      die(error instanceof Error ? error : new Error(String(error)));
    });
    worker.on('exit', (code) => die(new HistoryUnavailable(`the history's thread ended with ${code}`)));
  });
  await started;
  if ('chdbPath' in target) letFatalSignalsEnd();

  function call<T>(
    request:
      | { call: 'query'; sql: string; params?: Readonly<Record<string, unknown>> }
      | { call: 'healthy' | 'lag' | 'caughtUp' | 'stop' },
  ): Promise<T> {
    if (dead) return Promise.reject(dead);
    const id = ++calls;
    return new Promise<T>((resolve, reject) => {
      waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      worker.postMessage({ id, ...request });
    });
  }

  return {
    query: <T>(sql: string, params?: Readonly<Record<string, unknown>>) =>
      call<T[]>({ call: 'query', sql, ...(params ? { params } : {}) }),
    healthy: () => (dead ? Promise.resolve(false) : call<boolean>({ call: 'healthy' })),
    lag: () => call<number>({ call: 'lag' }),
    caughtUp: () => call<void>({ call: 'caughtUp' }),
    async stop() {
      if (dead) return;
      await call({ call: 'stop' });
      await worker.terminate();
    },
  };
}

/**
 * chDB catches the signals of a broken process, writes them down and keeps the thread that met them for ever: a process that answers nothing,
 * which no supervisor starts again. A listener of Node's takes chDB's place, and leaving leaves the system's own: the process ends.
 */
function letFatalSignalsEnd(): void {
  const never = (): void => {};
  for (const signal of ['SIGABRT', 'SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGFPE'] as const) {
    process.on(signal, never);
    process.off(signal, never);
  }
}

type WorkerMessage =
  | { event: 'ready' }
  | { event: 'fault'; message: string }
  | { event: 'chunk'; records: number; rows: number; durationMs: number }
  | { id: number; result?: unknown; error?: string };
