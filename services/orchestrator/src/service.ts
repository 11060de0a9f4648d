import { createExpressApp } from '@cairn/service-kit/express-app.ts';
import type { Ports, RunningService } from '@cairn/service-kit/service.ts';
import { startTask } from '@cairn/service-kit/start-task.ts';
import type { OrchestratorConfig } from './config.ts';
import { createAdvanceMetrics } from './shell/advance/advance-metrics.ts';
import { createAdvanceTask } from './shell/advance/advance-task.ts';
import { createControlRoutes } from './shell/control/control-routes.ts';
import { createControlTask } from './shell/control/control-task.ts';
import { createDefaultDefinition } from './shell/control/default-definition.ts';
import { awaitDefinitionLive } from './shell/control/definition-live.ts';
import { createDefinitionRoutes } from './shell/control/definition-routes.ts';
import { startDeliverer } from './shell/deliver/deliverer.ts';
import { loadSecretKey } from './shell/deliver/secrets.ts';

/** ADVANCE and DELIVER: stitched touchpoints in, journeys and alerts out, webhooks to whoever asked. */
export async function startOrchestrator(ports: Ports, config: OrchestratorConfig): Promise<RunningService> {
  const { clock, log, logger, metrics } = ports;
  const partitions = (topic: string): number => log.partitions(topic);
  const defaultDefinition = createDefaultDefinition(config.definitionPath);
  // A bad definition stops the start, not the first workspace made a week later.
  await defaultDefinition();
  const secretKey = loadSecretKey(config.dataDir, config.secretKey);
  const advanceTask = createAdvanceTask({ partitions, metrics: createAdvanceMetrics(metrics) });

  const control = await startTask(ports, createControlTask({ partitions }));
  const advance = await startTask(ports, advanceTask);
  const deliverer = await startDeliverer(ports, { ...config, secretKey });

  const parts = [
    createDefinitionRoutes(ports),
    createControlRoutes({ ports, defaultDefinition, definitionLive: awaitDefinitionLive }),
    deliverer.routes,
  ];
  const handle = createExpressApp({ logger, clock, control: ports.control }, (app) =>
    parts.forEach((part) => part.routes(app)),
  );
  logger.info({ event: 'orchestrator.started' });

  return {
    name: 'orchestrator',
    http: { claims: (method, path) => parts.some((part) => part.claims(method, path)), handle },
    ready: () => control.isReady() && advance.isReady() && deliverer.ready(),
    async stop() {
      await Promise.all([control.stop(), advance.stop(), deliverer.stop()]);
      logger.info({ event: 'orchestrator.stopped' });
    },
  };
}
