import type { Ports, RunningService } from '@cairn/service-kit/service.ts';
import { startTask } from '@cairn/service-kit/start-task.ts';
import type { StitcherConfig } from './config.ts';
import { createStitchMetrics } from './shell/stitch-metrics.ts';
import { createStitchTask } from './shell/stitch-task.ts';

/** STITCH: admitted touchpoints in, touchpoints with their person, account and subject out. One writer a workspace. */
export async function startStitcher(ports: Ports, _config: StitcherConfig): Promise<RunningService> {
  const { log, logger, metrics } = ports;
  const definition = createStitchTask({
    partitions: (topic) => log.partitions(topic),
    metrics: createStitchMetrics(metrics),
  });
  const task = await startTask(ports, definition);
  logger.info({ event: 'stitcher.started' });

  return {
    name: 'stitcher',
    ready: () => task.isReady(),
    async stop() {
      await task.stop();
      logger.info({ event: 'stitcher.stopped' });
    },
  };
}
