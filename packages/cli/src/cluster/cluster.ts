/**
 * Cluster mode on one machine: each service a process of its own on Kafka, behind a plain reverse proxy. Where no ClickHouse server is
 * given, the first live-feed holds the history in process (one process per chDB directory).
 */
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { systemClock } from '@cairn/clock/clock.system.ts';
import { ConfigError } from '@cairn/service-kit/config.ts';
import { kafkaTargetOf } from '@cairn/service-kit/kafka-target.ts';
import { sendProblem } from '@cairn/service-kit/problem.ts';
import type { FirstRun } from '../api-client.ts';
import { readStartConfig } from '../config.ts';
import { topicConfigs } from '../embedded/open-log.ts';
import { openPorts } from '../embedded/open-ports.ts';
import { createDefaultDefinition } from '@cairn/orchestrator/shell/control/default-definition.ts';
import { readOrchestratorConfig } from '@cairn/orchestrator/config.ts';
import { firstRun } from '../first-run.ts';
import { makeDataDir } from '../make-data-dir.ts';
import { createProxyServer } from './proxy.ts';
import { ROUTES, type ServiceName } from './routes.ts';
import { startSupervisor, type ChildSpec } from './supervisor.ts';

export interface Cluster {
  firstRun: FirstRun;
  isFirstRun: boolean;
  logger: Logger;
  /** Process ids by name (`stitcher-1`). */
  pids(): ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

const root = join(import.meta.dirname, '../../../..');

export async function startCluster(
  env: Readonly<Record<string, string | undefined>>,
  counts: Readonly<Record<ServiceName, number>>,
): Promise<Cluster> {
  const config = readStartConfig(env);
  const kafka = kafkaTargetOf(config);
  if (!kafka)
    throw new ConfigError([{ variable: 'CAIRN_KAFKA_BROKERS', message: 'must name the brokers: host:port,…' }]);
  const defaultDefinition = createDefaultDefinition(readOrchestratorConfig(env).definitionPath);
  // Before anything is started or made: a bad file stops the start.
  await defaultDefinition();
  const { dataDir, host } = config;
  makeDataDir(dataDir);
  const { ports, close } = await openPorts({
    log: {
      kind: 'kafka',
      ...kafka,
      topics: topicConfigs('cluster'),
      clientId: 'cairn-cluster',
      checkpointDir: join(dataDir, 'checkpoint'),
    },
    clock: null,
    logLevel: config.logLevel,
    thread: 'cluster',
    runtimeMetrics: false,
  });

  const children: (ChildSpec & { service: ServiceName; port: number })[] = [];
  for (const [service, count] of Object.entries(counts) as [ServiceName, number][])
    for (let number = 1; number <= count; number++) {
      const port = await freePort();
      children.push({
        name: `${service}-${number}`,
        service,
        port,
        main: `services/${service}/src/main.ts`,
        env: {
          PORT: String(port),
          CAIRN_HOST: '127.0.0.1',
          // What a node keeps for itself (view, checkpoints) is its own; the secret key is the cluster's.
          CAIRN_DATA_DIR: service === 'orchestrator' ? dataDir : join(dataDir, `${service}-${number}`),
          ...(service === 'live-feed' && number === 1 ? { CAIRN_HISTORY_DIR: join(dataDir, 'history') } : {}),
        },
      });
    }
  for (const child of children) mkdirSync(child.env.CAIRN_DATA_DIR!, { recursive: true, mode: 0o700 });
  const supervisor = startSupervisor({ root, children, baseEnv: env, clock: systemClock, logger: ports.logger });
  const alive = (service: ServiceName): { host: string; port: number }[] =>
    children
      .filter((child) => child.service === service && supervisor.pids().has(child.name))
      .map(({ port }) => ({ host: '127.0.0.1', port }));

  let begun = false;

  async function answerReady(response: ServerResponse): Promise<void> {
    const states = await Promise.all(
      children.map(async ({ name, port }) => {
        const answer = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(5_000) }).catch(
          () => null,
        );
        return [name, answer?.ok ?? false] as const;
      }),
    );
    const ready = begun && states.every(([, ok]) => ok);
    response.statusCode = ready ? 200 : 503;
    if (!ready) response.setHeader('retry-after', '1');
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ ready, services: Object.fromEntries(states) }));
  }

  async function answerMetrics(response: ServerResponse): Promise<void> {
    const texts = await Promise.all(
      children.map(({ name, port }) =>
        fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(5_000) })
          .then((answer) => answer.text())
          .then((text) => labelled(text, name))
          .catch(() => ''),
      ),
    );
    response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8');
    response.end(texts.join('\n'));
  }

  const server = createProxyServer(
    ROUTES.map(({ service, path }) => ({ path, targets: () => alive(service) })),
    (path, response) => {
      if (path === '/healthz') response.end('{"status":"ok"}');
      else if (path === '/readyz')
        void answerReady(response).catch(() =>
          sendProblem(response, { status: 503, code: 'not-ready', title: 'Not ready' }),
        );
      else if (path === '/metrics') void answerMetrics(response);
      else return false;
      return true;
    },
  );
  async function begin(): ReturnType<typeof firstRun> {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port: config.port }, () => resolve());
    });
    const { port } = server.address() as { port: number };
    const first = await firstRun(ports, { dataDir, url: `http://${host}:${port}`, defaultDefinition });
    begun = true;
    return first;
  }
  const first = await begin().catch(async (error: unknown) => {
    // The children would live on without us.
    await supervisor.stop();
    throw error;
  });
  return {
    firstRun: first.firstRun,
    isFirstRun: first.isFirst,
    logger: ports.logger,
    pids: supervisor.pids,
    async stop() {
      server.close();
      await supervisor.stop();
      server.closeAllConnections();
      await close();
    },
  };
}

/** Puts the process's name on every sample, so that figures of several nodes stand side by side. */
function labelled(text: string, node: string): string {
  return text
    .split('\n')
    .filter((line) => line && !line.startsWith('#'))
    .map((line) =>
      line.replace(
        /^(\w+)(?:\{(.*?)\})? /,
        (_, name: string, labels?: string) => `${name}{${labels ? `${labels},` : ''}node="${node}"} `,
      ),
    )
    .join('\n');
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
