import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { systemClock } from '@cairn/clock/clock.system.ts';
import { stopOnSignals } from '@cairn/service-kit/lifecycle.ts';
import { makeBuyers } from '../demo/buyers.ts';
import { FEATURED, makeFeatured } from '../demo/featured.ts';
import { feedBuyers } from '../demo/feed-buyers.ts';
import { followActions } from '../demo/follow-actions.ts';
import { startAllInOne } from '../embedded/all-in-one.ts';
import { WrongUse } from '../wrong-use.ts';

const DAY_MS = 86_400_000;

/** `cairn demo`: an instance of its own in a temporary directory, fed by made-up buyers on a fast clock that ends at the present. */
export function demoCommand(): Command {
  return new Command('demo')
    .description('watch made-up B2B buyers move, stall, return, win and lose, on a fast clock')
    .option('--seed <n>', 'which buyers', '42')
    .option('--companies <n>', 'how many', '60')
    .option('--days <n>', 'how far back it begins', '60')
    .option('--day-seconds <n>', 'how long a day takes', '3')
    .action(async (options: { seed: string; companies: string; days: string; daySeconds: string }) => {
      const [seed, companies, days, daySeconds] = [
        options.seed,
        options.companies,
        options.days,
        options.daySeconds,
      ].map(Number) as [number, number, number, number];
      if (![seed, companies, days, daySeconds].every((value) => Number.isFinite(value) && value > 0))
        throw new WrongUse('--seed, --companies, --days and --day-seconds take numbers above 0');
      const dataDir = mkdtempSync(join(tmpdir(), 'cairn-demo-'));
      const begunAtMs = systemClock.now();
      const startMs = begunAtMs - days * DAY_MS;
      const running = await startAllInOne(
        { CAIRN_LOG_LEVEL: 'warn', ...process.env, CAIRN_DATA_DIR: dataDir },
        { clock: { startMs, begunAtMs, speed: DAY_MS / (daySeconds * 1_000) } },
      );
      const stopping = new AbortController();
      stopOnSignals(async () => {
        stopping.abort();
        await running.stop();
        rmSync(dataDir, { recursive: true, force: true });
      }, running.ports.logger);
      const { dashboardUrl, url, writeKey, adminToken } = running.firstRun;
      console.log(
        [
          '',
          `  The demo is up   ${url}`,
          `  Open             ${dashboardUrl}`,
          '',
          `  ${companies} made-up companies live through ${days} days, a day every ${daySeconds} s; then time goes on as it does.`,
          '  Three to look for:',
          `    ${FEATURED.championQuiet.name}: the champion goes quiet, a colleague stays active; no stall, but a quiet role`,
          `    ${FEATURED.wonBack.name}: stalls, and is won back by a next best action`,
          `    ${FEATURED.withdrawn.name}: its outreach is withdrawn, because the buyer was back first`,
          '',
          '  Ctrl-C ends it and removes its data.',
          '',
        ].join('\n'),
      );
      const { clock } = running.ports;
      const chance = makeBuyers({
        seed,
        companies,
        startMs: clock.now(),
        endMs: begunAtMs - 12 * DAY_MS,
      });
      const calls = [...chance, ...makeFeatured(clock.now())].sort((a, b) => a.at - b.at);
      const { signal } = stopping;
      await Promise.all([
        feedBuyers({ calls, url, writeKey, clock, signal }),
        followActions({ url, token: adminToken, clock, signal }),
      ]);
    });
}
