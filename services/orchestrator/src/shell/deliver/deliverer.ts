import { join } from 'node:path';
import type { RunTaskOptions, RunningTask } from '@cairn/task/running-task.ts';
import type { Ports } from '@cairn/service-kit/service.ts';
import { startTask } from '@cairn/service-kit/start-task.ts';
import { ATTEMPTS_AT_ONCE, createDeliverTask } from './deliver-task.ts';
import { startDeliveriesView } from './deliveries-view.ts';
import { createEndpointRoutes } from '../control/endpoint-routes.ts';
import type { Routes } from '../control/endpoint-routes.ts';
import { createLoadRequest } from './load-request.ts';
import { createSecretBox } from './secrets.ts';
import { createSendWebhook } from './send-webhook.ts';
import { createResolve, createVetTarget } from './vet-address.ts';
import type { Resolve } from './vet-address.ts';
import { createConnectorFor, createWebhookPools } from './webhook-pools.ts';
import type { ConnectorFor } from './webhook-pools.ts';

/** Everything that delivers, wired: the task, the sender, the view of what became of it, and the routes. */
export interface Deliverer {
  task: RunningTask;
  routes: Routes;
  /** True when every owned partition runs and the view has caught up. */
  ready(): boolean;
  stop(): Promise<void>;
}

export interface DelivererConfig {
  /** `host:port` entries of CAIRN_WEBHOOK_ALLOW. */
  webhookAllow: readonly string[];
  /** Of endpoints that name none, ms. */
  retryScheduleMs: readonly number[];
  /** What secrets are sealed with (secrets.ts: `loadSecretKey`). */
  secretKey: string;
  /** `http://[user:password@]host:port` of a forward proxy for all targets that are not on the list; null or absent: none. */
  webhookProxy?: string | null;
  /** Where the view keeps its snapshot; absent: nowhere. */
  dataDir?: string;
}

/** What a test replaces: how names are looked up, and how connections are opened. */
export interface DelivererSeams {
  resolve?: Resolve;
  connectorFor?: ConnectorFor;
}

export async function startDeliverer(
  ports: Ports,
  config: DelivererConfig,
  taskOptions: RunTaskOptions = {},
  seams: DelivererSeams = {},
): Promise<Deliverer> {
  const { log, clock, metrics } = ports;
  const secrets = createSecretBox(config.secretKey);
  const vet = createVetTarget({ allow: config.webhookAllow, resolve: seams.resolve ?? createResolve(), clock });
  const pools = createWebhookPools(seams.connectorFor ?? createConnectorFor(config.webhookProxy ?? null));
  const view = await startDeliveriesView(log, clock, {
    snapshotPath: config.dataDir === undefined ? null : join(config.dataDir, 'view', 'deliveries.jsonl'),
    onFault: (error) => ports.logger.warn({ event: 'deliveries-view.fault', err: error }),
  });
  const definition = createDeliverTask({
    topics: log,
    metrics,
    sendWebhook: createSendWebhook({ clock, secrets, vet, pools, metrics }),
    loadRequest: createLoadRequest(log),
  });
  const task = await startTask(ports, definition, { effectConcurrency: ATTEMPTS_AT_ONCE, ...taskOptions });
  return {
    task,
    routes: createEndpointRoutes({
      ports,
      secrets,
      vet,
      view,
      allow: config.webhookAllow,
      retryScheduleMs: config.retryScheduleMs,
    }),
    ready: () => task.isReady() && view.ready(),
    async stop() {
      await task.stop();
      await Promise.all([view.stop(), pools.close()]);
    },
  };
}
