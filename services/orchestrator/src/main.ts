import { runInCluster } from '@cairn/service-kit/cluster-main.ts';
import { readOrchestratorConfig } from './config.ts';
import { startOrchestrator } from './service.ts';

await runInCluster({ name: 'orchestrator', readConfig: readOrchestratorConfig, start: startOrchestrator });
