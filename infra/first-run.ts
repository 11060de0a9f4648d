/**
 * For `infra/compose.yaml`: makes the workspace `default` on the cluster when it is not there yet, and writes first-run.json with its
 * address and keys into CAIRN_DATA_DIR, as `npm start` and `npm run cluster` do. Ends when it is done; may be run again.
 *
 *   CAIRN_KAFKA_BROKERS=… CAIRN_DATA_DIR=… node infra/first-run.ts [URL]
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { readStartConfig } from '@cairn/cli/config.ts';
import { topicConfigs } from '@cairn/cli/embedded/open-log.ts';
import { openPorts } from '@cairn/cli/embedded/open-ports.ts';
import { firstRun } from '@cairn/cli/first-run.ts';
import { readOrchestratorConfig } from '@cairn/orchestrator/config.ts';
import { createDefaultDefinition } from '@cairn/orchestrator/shell/control/default-definition.ts';

const url = process.argv[2] ?? 'http://127.0.0.1:8080';
const { kafkaBrokers, dataDir, logLevel } = readStartConfig(process.env);
if (!kafkaBrokers) {
  console.error('CAIRN_KAFKA_BROKERS must name the brokers: host:port,…');
  process.exit(1);
}
mkdirSync(dataDir, { recursive: true, mode: 0o700 });
const { ports, close } = await openPorts({
  log: {
    kind: 'kafka',
    brokers: [...kafkaBrokers],
    topics: topicConfigs('cluster'),
    clientId: 'cairn-first-run',
    checkpointDir: join(dataDir, 'checkpoint'),
  },
  clock: null,
  logLevel,
  thread: 'first-run',
  runtimeMetrics: false,
});
const made = await firstRun(ports, {
  dataDir,
  url,
  defaultDefinition: createDefaultDefinition(readOrchestratorConfig().definitionPath),
});
console.log(
  made.isFirst ? `Workspace ${made.firstRun.workspace} is made.` : `Workspace ${made.firstRun.workspace} is there.`,
);
console.log(`Dashboard: ${made.firstRun.dashboardUrl}`);
console.log(`Write key: ${made.firstRun.writeKey}`);
await close();
process.exit(0);
