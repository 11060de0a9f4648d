import { runInCluster } from '@cairn/service-kit/cluster-main.ts';
import { readHistoryConfig, readLiveFeedConfig } from './config.ts';
import { startWithHistory } from './with-history.ts';

/** Live-feed as a process of its own, on Kafka. */
await runInCluster({
  name: 'live-feed',
  readConfig: () => ({ ...readLiveFeedConfig(), history: readHistoryConfig() }),
  start: startWithHistory,
});
