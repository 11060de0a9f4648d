import { createAnswers } from '@cairn/service-kit/await-answer.ts';
import { createExpressApp } from '@cairn/service-kit/express-app.ts';
import type { Ports, RunningService } from '@cairn/service-kit/service.ts';
import { startTask } from '@cairn/service-kit/start-task.ts';
import type { StitcherConfig } from './config.ts';
import { addIdentityRoutes, isIdentityPath, pickIdentityAnswer } from './shell/identity-routes.ts';
import { createStitchMetrics } from './shell/stitch-metrics.ts';
import { createStitchTask } from './shell/stitch-task.ts';

/**
 * Of parsed state, a partition: twice what other tasks hold. Its entries are many and small (a slot of messageIds and three or four of the graph
 * for each touchpoint), and the ways noted beside them last only as long as they stay.
 */
const CACHE_BYTES = 32 * 1024 * 1024;

/** STITCH: admitted touchpoints in, touchpoints with their person, account and subject out. One writer a workspace. */
export async function startStitcher(ports: Ports, _config: StitcherConfig): Promise<RunningService> {
  const { log, clock, logger, metrics } = ports;
  const partitions = (topic: string): number => log.partitions(topic);
  const stitch = createStitchTask({ partitions, metrics: createStitchMetrics(metrics) });
  const task = await startTask(ports, stitch, { cacheBytes: CACHE_BYTES });
  const answers = await createAnswers(log, clock, ['identities'], (_record, message) => pickIdentityAnswer(message));
  const handle = createExpressApp({ logger, clock, control: ports.control }, (app) =>
    addIdentityRoutes(app, { ports, answers }),
  );
  logger.info({ event: 'stitcher.started' });

  return {
    name: 'stitcher',
    http: { claims: (_method, path) => isIdentityPath(path), handle },
    ready: () => task.isReady(),
    async stop() {
      await answers.stop();
      await task.stop();
      logger.info({ event: 'stitcher.stopped' });
    },
  };
}
