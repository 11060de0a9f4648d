/**
 * The thread that holds the history in one process: chDB's calls and the sink's parsing stay off the thread that answers requests.
 * Speaks with `history-host.ts` by messages: `{ id, call, args }` → `{ id, result }` or `{ id, error }`.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '@cairn/clock/clock.system.ts';
import type { TopicConfig } from '@cairn/log/log.ts';
import { openClickhouseHistory, type HistoryTarget } from './history.clickhouse.ts';
import { startSink } from './sink.ts';

export interface HistoryWorkerData {
  /** Whether this one carries the topics in. Exactly one may, over all processes: two would each insert everything. */
  sink: boolean;
  target: HistoryTarget;
  log:
    | { kind: 'lmdb'; path: string; topics: TopicConfig[] }
    | { kind: 'kafka'; brokers: string[]; topics: TopicConfig[]; topicPrefix?: string };
}

export type HistoryCall =
  | { id: number; call: 'query'; sql: string; params?: Readonly<Record<string, unknown>> }
  | { id: number; call: 'healthy' | 'lag' | 'caughtUp' | 'stop' };

const port = parentPort!;
const { target, log: logTarget, sink: isSink } = workerData as HistoryWorkerData;

async function openLog() {
  if (logTarget.kind === 'lmdb') {
    const { createLmdbLog } = await import('@cairn/log/log.lmdb.ts');
    return createLmdbLog({ path: logTarget.path, topics: logTarget.topics, clock: systemClock });
  }
  const { createKafkaLog } = await import('@cairn/log/log.kafka.ts');
  return createKafkaLog({ ...logTarget, clock: systemClock, clientId: 'cairn-history' });
}

const log = isSink ? await openLog() : null;
const history = await openClickhouseHistory(target);
const sink =
  log &&
  (await startSink({
    log,
    history,
    clock: systemClock,
    onFault: (error) => port.postMessage({ event: 'fault', message: String((error as Error)?.message ?? error) }),
    onChunk: (chunk) => port.postMessage({ event: 'chunk', ...chunk }),
  }));

async function answer(call: HistoryCall): Promise<unknown> {
  switch (call.call) {
    case 'query':
      return history.query(call.sql, call.params);
    case 'healthy':
      return (sink?.healthy() ?? true) && (await history.healthy());
    case 'lag':
      return sink?.lag() ?? 0;
    case 'caughtUp':
      return sink?.caughtUp();
    case 'stop':
      await sink?.stop();
      await history.close();
      await log?.close();
      return null;
  }
}

port.on('message', (call: HistoryCall) => {
  answer(call).then(
    (result) => {
      port.postMessage({ id: call.id, result });
      if (call.call === 'stop') port.close();
    },
    (error: Error) => port.postMessage({ id: call.id, error: error.message, name: error.name }),
  );
});
port.postMessage({ event: 'ready' });
