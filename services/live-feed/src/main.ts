import { runInCluster } from '@cairn/service-kit/cluster-main.ts';
import { readLiveFeedConfig } from './config.ts';
import { startLiveFeed } from './service.ts';

/** Live-feed as a process of its own, on Kafka. */
await runInCluster({ name: 'live-feed', readConfig: () => readLiveFeedConfig(), start: startLiveFeed });
