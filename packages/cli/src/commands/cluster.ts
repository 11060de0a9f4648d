import { Command } from 'commander';
import { startCluster } from '../cluster/cluster.ts';
import { printBanner } from '../banner.ts';
import { stopOnSignals } from '@cairn/service-kit/lifecycle.ts';
import { createLogger } from '@cairn/service-kit/logger.ts';
import { WrongUse } from '../wrong-use.ts';

/** `cairn cluster`: the four services as processes of their own on Kafka, the whole API on one port. */
export function clusterCommand(): Command {
  return new Command('cluster')
    .description('start the four services as processes of their own on CAIRN_KAFKA_BROKERS, behind one port')
    .option('--ingests <n>', 'how many', '1')
    .option('--stitchers <n>', 'how many', '1')
    .option('--orchestrators <n>', 'how many', '1')
    .option('--live-feeds <n>', 'how many', '1')
    .action(async (options: Record<'ingests' | 'stitchers' | 'orchestrators' | 'liveFeeds', string>) => {
      const counts = {
        ingest: Number(options.ingests),
        stitcher: Number(options.stitchers),
        orchestrator: Number(options.orchestrators),
        'live-feed': Number(options.liveFeeds),
      };
      if (!Object.values(counts).every((count) => Number.isInteger(count) && count >= 1 && count <= 32))
        throw new WrongUse('the counts are whole numbers from 1 to 32');
      const starting = startCluster(process.env, counts);
      // From the first moment on: the children must not outlive a start that is stopped half-way.
      stopOnSignals(async () => (await starting).stop(), createLogger({ service: 'cairn-cluster', level: 'warn' }));
      const cluster = await starting;
      printBanner(cluster.firstRun, cluster.isFirstRun);
    });
}
