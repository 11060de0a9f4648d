import { hostHistory } from '@cairn/history/history-host.ts';
import { newestTouchpoints } from '@cairn/history/queries/newest-touchpoints.ts';
import { exportTouchpoints } from '@cairn/history/queries/touchpoint-export.ts';
import { KAFKA_TOPICS } from '@cairn/service-kit/cluster-main.ts';
import type { Ports, RunningService } from '@cairn/service-kit/service.ts';
import type { HistoryConfig, LiveFeedConfig } from './config.ts';
import { startLiveFeed } from './service.ts';
import { deliveryHistory } from './shell/history-deliveries.ts';
import { historyPassed } from './shell/history-passed.ts';
import { journeyInsight } from './shell/history-insight.ts';
import { touchpointHistory } from './shell/history-timeline.ts';

/** A node of a cluster: live-feed, with the history beside it where this node has one. */
export async function startWithHistory(
  ports: Ports,
  config: LiveFeedConfig & { history: HistoryConfig },
): Promise<RunningService> {
  const { target, kafka } = config.history;
  if (!target || !kafka) return startLiveFeed(ports, config);
  const { logger, metrics } = ports;
  const rows = metrics.counter('cairn_history_rows_total', 'Rows that the history took');
  const history = await hostHistory({
    sink: true,
    target,
    log: { ...kafka, kind: 'kafka', topics: [...KAFKA_TOPICS] },
    onFault: (message) => logger.warn({ event: 'history.fault', message }),
    onChunk: (chunk) => rows.inc(chunk.rows),
  });
  const liveFeed = await startLiveFeed(ports, {
    ...config,
    touchpointHistory: touchpointHistory(history),
    deliveryHistory: deliveryHistory(history),
    historyPassed: historyPassed(history),
    journeyInsight: journeyInsight(history),
    touchpointExport: (workspace, page) => exportTouchpoints(history, workspace, page),
    newestTouchpoints: (workspace, from, newest) => newestTouchpoints(history, workspace, from, newest),
  });
  return {
    ...liveFeed,
    ready: async () => (await liveFeed.ready()) && (await history.healthy()),
    async stop() {
      await liveFeed.stop();
      await history.stop();
    },
  };
}
