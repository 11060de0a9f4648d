import { Command } from 'commander';
import { stopOnSignals } from '@cairn/service-kit/lifecycle.ts';
import { printBanner } from '../banner.ts';
import { startAllInOne } from '../embedded/all-in-one.ts';

/** `cairn start`: everything in one process on one port. */
export function startCommand(): Command {
  return new Command('start').description('start Cairn: all services in one process, on one port').action(async () => {
    const running = await startAllInOne(process.env);
    stopOnSignals(() => running.stop(), running.ports.logger);
    printBanner(running.firstRun, running.isFirstRun);
  });
}
