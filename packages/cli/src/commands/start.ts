import { Command } from 'commander';
import { stopOnSignals } from '@cairn/service-kit/lifecycle.ts';
import { createLogger } from '@cairn/service-kit/logger.ts';
import { printBanner } from '../banner.ts';
import { startAllInOne } from '../embedded/all-in-one.ts';

/** `cairn start`: everything in one process on one port. */
export function startCommand(): Command {
  return new Command('start').description('start Cairn: all services in one process, on one port').action(async () => {
    const starting = startAllInOne(process.env);
    // From the first moment on: a start that is still restoring is stopped in order too.
    stopOnSignals(async () => (await starting).stop(), createLogger({ service: 'cairn', level: 'warn' }));
    const running = await starting;
    printBanner(running.firstRun, running.isFirstRun);
  });
}
