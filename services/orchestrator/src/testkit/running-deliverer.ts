import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '@cairn/clock/clock.ts';
import { systemClock } from '@cairn/clock/clock.system.ts';
import { TOPIC_NAMES, TOPICS } from '@cairn/contracts/topics.ts';
import type { Log } from '@cairn/log/log.ts';
import { createMemoryLog } from '@cairn/log/log.memory.ts';
import type { MemoryLog } from '@cairn/log/log.memory.ts';
import type { Delivery } from '@cairn/contracts/generated/delivery.ts';
import { decodeJson, encodeJson } from '@cairn/contracts/json.ts';
import { keyOf, partitionOf } from '@cairn/contracts/topics.ts';
import { startControlMirror } from '@cairn/service-kit/control-mirror.ts';
import { createExpressApp } from '@cairn/service-kit/express-app.ts';
import { silentLogger } from '@cairn/service-kit/logger.ts';
import { createMetrics } from '@cairn/service-kit/metrics.ts';
import type { Metrics } from '@cairn/service-kit/metrics.ts';
import type { Ports } from '@cairn/service-kit/service.ts';
import { runTask } from '@cairn/task/run-task.ts';
import type { Logger } from 'pino';
import { requestDeliveries } from '../core/deliver/request-delivery.ts';
import type { WebhookFact } from '../core/deliver/request-delivery.ts';
import { createControlRoutes, createWorkspace } from '../shell/control/control-routes.ts';
import type { NewWorkspace } from '../shell/control/control-routes.ts';
import { createDefinitionRoutes } from '../shell/control/definition-routes.ts';
import { createControlTask } from '../shell/control/control-task.ts';
import { startDeliverer } from '../shell/deliver/deliverer.ts';
import type { DelivererConfig, DelivererSeams } from '../shell/deliver/deliverer.ts';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever an answer holds; the test says what it should
export type Parsed = any;

/** The deliverer with its routes on a port, over a memory log and the machine's clock: what a receiver and an operator meet. */
export interface RunningDeliverer {
  /** A memory log unless another was given; `values` and `crash` need it. */
  log: MemoryLog;
  ports: Ports;
  metrics: Metrics;
  workspace: NewWorkspace;
  base: string;
  /** `GET`, `POST` … with the admin token; the body parsed. */
  call(
    method: string,
    path: string,
    body?: unknown,
    token?: string,
  ): Promise<{ status: number; body: Parsed; headers: Headers }>;
  /** Makes an endpoint and resolves to it (201 expected). */
  endpoint(settings: Record<string, unknown>): Promise<Parsed>;
  /** Something happens that endpoints may want to hear of. */
  happen(fact: Partial<WebhookFact> & { factId: string }): Promise<void>;
  /** Resolves to the delivery once `test` holds for it. */
  delivery(endpointId: string, test: (delivery: Delivery) => boolean): Promise<Delivery>;
  values(topic: string): unknown[];
  stop(): Promise<void>;
  /** The process dies where it stands. */
  crash(): Promise<void>;
}

export async function startRunningDeliverer(
  config: Partial<DelivererConfig> = {},
  more: {
    disk?: MemoryLog['disk'];
    log?: Log;
    workspace?: NewWorkspace;
    seams?: DelivererSeams;
    logger?: Logger;
    /** The machine's, unless a test wants to jump. */
    clock?: Clock;
  } = {},
): Promise<RunningDeliverer> {
  const clock = more.clock ?? systemClock;
  const topics = TOPIC_NAMES.map((name) => ({ ...TOPICS[name], partitions: TOPICS[name].partitionsEmbedded }));
  const log =
    (more.log as MemoryLog | undefined) ??
    createMemoryLog({ topics, clock: clock, ...(more.disk ? { disk: more.disk } : {}) });
  const logger = more.logger ?? silentLogger();
  const metrics = createMetrics();
  const control = await startControlMirror(log, clock);
  const ports: Ports = { log, clock: clock, logger, metrics, control };
  const deliverer = await startDeliverer(
    ports,
    { webhookAllow: [], retryScheduleMs: [50, 50], secretKey: 'a key', ...config },
    {},
    more.seams,
  );
  const controlTask = await runTask(log, clock, createControlTask({ partitions: (topic) => log.partitions(topic) }));
  const defaultDefinition = async () => ({ name: 'b2b-sales', definition: { name: 'b2b-sales' } });
  const controlRoutes = createControlRoutes({ ports, defaultDefinition });
  const server = createServer(
    createExpressApp({ logger }, (app) => {
      deliverer.routes.routes(app);
      controlRoutes.routes(app);
      createDefinitionRoutes(ports).routes(app);
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const workspace =
    more.workspace ??
    (await createWorkspace(
      { ports, defaultDefinition },
      { id: 'default', name: 'default', installation: true, by: 'test' },
    ));
  await deliverer.task.ready();

  async function call(method: string, path: string, body?: unknown, token = workspace.adminToken) {
    const response = await fetch(`${base}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : JSON.parse(text), headers: response.headers };
  }

  async function close(): Promise<void> {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  return {
    log,
    ports,
    metrics,
    workspace,
    base,
    call,
    async endpoint(settings) {
      const { status, body } = await call('POST', '/api/endpoints', settings);
      if (status !== 201) throw new Error(`${status} ${JSON.stringify(body)}`);
      return body;
    },
    async happen(fact) {
      const whole = { workspace: workspace.id, type: 'alert.opened', at: clock.now(), data: {}, ...fact };
      await log.append(
        requestDeliveries(control.endpoints(workspace.id), whole).map((request) => {
          const key = keyOf.endpoint(workspace.id, request.endpointId);
          return {
            topic: 'delivery-inbox',
            partition: partitionOf(key, log.partitions('delivery-inbox')),
            key,
            value: encodeJson(request),
          };
        }),
      );
    },
    async delivery(endpointId, test) {
      for (let last = ''; ; last = '') {
        const { body } = await call('GET', `/api/endpoints/${endpointId}/deliveries`);
        last = JSON.stringify(body);
        const found = (body.items as Delivery[]).find(test);
        if (found) return found;
        await systemClock.sleep(10).catch(() => Promise.reject(new Error(last)));
      }
    },
    values: (topic) =>
      Array.from({ length: log.partitions(topic) }, (_, partition) => log.disk.partition(topic, partition).records)
        .flat()
        .map((record) => record.value && decodeJson(record.value)),
    async stop() {
      await close();
      await Promise.all([deliverer.stop(), controlTask.stop()]);
      await control.stop();
      await log.close();
    },
    async crash() {
      log.crash();
      await close();
    },
  };
}
