import { runInCluster } from '@cairn/service-kit/cluster-main.ts';
import { readStitcherConfig } from './config.ts';
import { startStitcher } from './service.ts';

await runInCluster({ name: 'stitcher', readConfig: readStitcherConfig, start: startStitcher });
