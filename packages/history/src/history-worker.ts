/**
 * The thread that holds the history in one process: chDB's calls and the sink's parsing stay off the thread that answers requests.
 * Speaks with `history-host.ts` by messages: `{ id, call, args }` → `{ id, result }` or `{ id, error }`.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '@cairn/clock/clock.system.ts';
import type { KafkaLogOptions } from '@cairn/log/log.kafka.ts';
import type { Log, Membership, TopicConfig } from '@cairn/log/log.ts';
import { openClickhouseHistory, type HistoryTarget } from './history.clickhouse.ts';
import type { History } from './history.ts';
import { openWhenThere } from './history-when-there.ts';
import { squash } from './identities/squash.ts';
import { startSink, type RunningSink } from './sink.ts';

export interface HistoryWorkerData {
  /** Whether this one carries the topics in, or stands by to (on Kafka one of several does); else it only answers queries. */
  sink: boolean;
  target: HistoryTarget;
  log:
    | { kind: 'lmdb'; path: string; topics: TopicConfig[] }
    | (Pick<KafkaLogOptions, 'ssl' | 'sasl' | 'replicationFactor' | 'topicPrefix'> & {
        kind: 'kafka';
        brokers: string[];
        topics: TopicConfig[];
      });
}

export type HistoryCall =
  | { id: number; call: 'query'; sql: string; params?: Readonly<Record<string, unknown>> }
  | { id: number; call: 'healthy' | 'lag' | 'caughtUp' | 'stop' };

const port = parentPort!;
const { target, log: logTarget, sink: isSink } = workerData as HistoryWorkerData;

function fault(error: unknown): void {
  port.postMessage({ event: 'fault', message: String((error as Error)?.message ?? error) });
}

async function openLog(): Promise<Log> {
  if (logTarget.kind === 'lmdb') {
    const { createLmdbLog } = await import('@cairn/log/log.lmdb.ts');
    return createLmdbLog({ path: logTarget.path, topics: logTarget.topics, clock: systemClock });
  }
  const { createKafkaLog } = await import('@cairn/log/log.kafka.ts');
  return createKafkaLog({ ...logTarget, clock: systemClock, clientId: 'cairn-history' });
}

const log = isSink ? await openLog() : null;
const open = (): Promise<History> => openClickhouseHistory(target);
// A server may be away for a while; a directory that cannot be opened stays so.
const history =
  'url' in target ? await openWhenThere(open, systemClock, fault) : { ...(await open()), opened: Promise.resolve() };
let sink: RunningSink | null = null;

async function beginSink(from: Log): Promise<RunningSink> {
  sink = await startSink({
    log: from,
    history,
    clock: systemClock,
    onFault: fault,
    onChunk: (chunk) => port.postMessage({ event: 'chunk', ...chunk }),
  });
  return sink;
}

/** Several nodes share one server: the owner of a partition runs the sink, the others stand by. Two at once fence each other by their plans. */
async function standBy(from: Log): Promise<Membership> {
  return from.join({
    task: 'history-sink',
    inbox: 'control',
    async run({ signal }) {
      const running = await beginSink(from);
      await Promise.race([
        running.ended,
        new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true })),
      ]);
      sink = null;
      await running.stop();
    },
  });
}

/** Nobody waits for it: until then reading looks up who lives on. */
const SQUASH_EVERY_MS = 6 * 3_600_000;
const stopSquashing = systemClock.every(SQUASH_EVERY_MS, () => {
  if (!sink) return;
  squash(history, systemClock.now()).catch((error: unknown) =>
    fault(`squash: ${String((error as Error)?.message ?? error)}`),
  );
});

let membership: Membership | null = null;
const begun = history.opened.then(async () => {
  if (!log) return;
  if (logTarget.kind === 'kafka') membership = await standBy(log);
  else await beginSink(log);
});
begun.catch((error: unknown) => {
  fault(error);
  // Dead, and said so: the process must not look ready without its history.
  throw error;
});
// A server that is away is waited for beside everything else.
if (await history.healthy()) await begun;

async function answer(call: HistoryCall): Promise<unknown> {
  switch (call.call) {
    case 'query':
      return history.query(call.sql, call.params);
    case 'healthy':
      return (sink?.healthy() ?? true) && (await history.healthy());
    case 'lag':
      return sink?.lag() ?? 0;
    case 'caughtUp':
      await begun;
      return sink?.caughtUp();
    case 'stop':
      stopSquashing();
      await membership?.leave();
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
