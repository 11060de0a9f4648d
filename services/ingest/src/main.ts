import { runInCluster } from '@cairn/service-kit/cluster-main.ts';
import { readIngestConfig } from './config.ts';
import { startIngest } from './service.ts';

await runInCluster({ name: 'ingest', readConfig: readIngestConfig, start: startIngest });
