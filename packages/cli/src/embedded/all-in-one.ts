/**
 * The whole of Cairn in one process behind one port. The main thread answers requests (ingest, live-feed); one thread runs the tasks
 * (stitcher, orchestrator), one holds the history. They share nothing but the log.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@cairn/clock/clock.system.ts';
import { hostHistory, type HostedHistory } from '@cairn/history/history-host.ts';
import { newestTouchpoints } from '@cairn/history/queries/newest-touchpoints.ts';
import { exportTouchpoints } from '@cairn/history/queries/touchpoint-export.ts';
import { createHttpFront } from '@cairn/service-kit/http-front.ts';
import { kafkaTargetOf } from '@cairn/service-kit/kafka-target.ts';
import { stopAll } from '@cairn/service-kit/lifecycle.ts';
import type { Ports, RunningService } from '@cairn/service-kit/service.ts';
import { startTelemetry } from '@cairn/service-kit/telemetry.ts';
import { readIngestConfig } from '@cairn/ingest/config.ts';
import { startIngest } from '@cairn/ingest/service.ts';
import { readLiveFeedConfig } from '@cairn/live-feed/config.ts';
import { startLiveFeed } from '@cairn/live-feed/service.ts';
import type { FirstRun } from '../api-client.ts';
import { readStartConfig } from '../config.ts';
import { createDefaultDefinition } from '@cairn/orchestrator/shell/control/default-definition.ts';
import { readOrchestratorConfig } from '@cairn/orchestrator/config.ts';
import { firstRun } from '../first-run.ts';
import { makeDataDir } from '../make-data-dir.ts';
import { hostTasks } from './host-tasks.ts';
import { topicConfigs, type LogTarget } from './open-log.ts';
import { openPorts, type ClockTarget } from './open-ports.ts';
import { deliveryHistory } from '@cairn/live-feed/shell/history-deliveries.ts';
import { historyPassed } from '@cairn/live-feed/shell/history-passed.ts';
import { journeyInsight } from '@cairn/live-feed/shell/history-insight.ts';
import { touchpointHistory } from '@cairn/live-feed/shell/history-timeline.ts';

export interface AllInOne {
  ports: Ports;
  url: string;
  firstRun: FirstRun;
  isFirstRun: boolean;
  stop(): Promise<void>;
}

export async function startAllInOne(
  env: Readonly<Record<string, string | undefined>>,
  options: { clock?: ClockTarget } = {},
): Promise<AllInOne> {
  const config = readStartConfig(env);
  const ingestConfig = readIngestConfig(env);
  const liveFeedConfig = readLiveFeedConfig(env);
  const defaultDefinition = createDefaultDefinition(readOrchestratorConfig(env).definitionPath);
  // Before anything is started or made: a bad file stops the start.
  await defaultDefinition();
  const { dataDir } = config;
  makeDataDir(dataDir);
  const clock = options.clock ?? null;
  const kafka = kafkaTargetOf(config);
  const logTarget: LogTarget = kafka
    ? {
        kind: 'kafka',
        ...kafka,
        topics: topicConfigs('cluster'),
        clientId: 'cairn',
        checkpointDir: join(dataDir, 'checkpoint'),
      }
    : { kind: 'lmdb', path: join(dataDir, 'log'), topics: topicConfigs('embedded') };
  const { ports, close } = await openPorts({
    log: logTarget,
    clock,
    logLevel: config.logLevel,
    thread: 'cairn',
    runtimeMetrics: true,
  });
  const { logger, metrics } = ports;
  const stopTelemetry = await startTelemetry({ endpoint: config.otlpEndpoint, service: 'cairn' });

  const historyChunks = metrics.counter('cairn_history_rows_total', 'Rows that the history took');
  const history: HostedHistory = await hostHistory({
    sink: true,
    log: logTarget,
    target: config.clickhouseUrl ? { url: config.clickhouseUrl } : { chdbPath: join(dataDir, 'history') },
    onFault: (message) => logger.warn({ event: 'history.fault', message }),
    onChunk: (chunk) => historyChunks.inc(chunk.rows),
  });

  const socketPath = join(dataDir, 'tasks.sock');
  rmSync(socketPath, { force: true });
  const tasks = await hostTasks(
    {
      ports: { log: logTarget, clock, logLevel: config.logLevel, thread: 'cairn-tasks', runtimeMetrics: false },
      socketPath,
      env: { ...env, CAIRN_DATA_DIR: dataDir },
    },
    logger,
  );
  const ingest = await startIngest(ports, ingestConfig);
  const liveFeed = await startLiveFeed(ports, {
    ...liveFeedConfig,
    touchpointHistory: touchpointHistory(history),
    deliveryHistory: deliveryHistory(history),
    historyPassed: historyPassed(history),
    journeyInsight: journeyInsight(history),
    touchpointExport: (workspace, page) => exportTouchpoints(history, workspace, page),
    newestTouchpoints: (workspace, from, newest) => newestTouchpoints(history, workspace, from, newest),
  });
  const historyService: RunningService = {
    name: 'history',
    ready: () => history.healthy(),
    stop: () => history.stop(),
  };

  // Ingest stops first and the history last: what was accepted on the way down is carried through.
  let begun = false;
  const beginning: RunningService = { name: 'first-run', ready: () => begun, stop: async () => {} };
  const services = [ingest, tasks, liveFeed, historyService, beginning];
  const front = createHttpFront({
    host: config.host,
    port: config.port,
    services,
    clock: systemClock,
    metrics: { ...metrics, expose: async () => `${await metrics.expose()}\n${await tasks.metricsText()}` },
    logger,
  });
  const { url } = await front.listen();
  const first = await firstRun(ports, { dataDir, url, defaultDefinition });
  begun = true;
  logger.info({ event: 'process.listening', url });
  return {
    ports,
    url,
    firstRun: first.firstRun,
    isFirstRun: first.isFirst,
    async stop() {
      const complete = await stopAll({
        logger,
        clock: systemClock,
        front,
        services,
        async finish() {
          await close();
          await stopTelemetry();
        },
      });
      if (!complete) throw new Error('not everything stopped in time');
    },
  };
}
