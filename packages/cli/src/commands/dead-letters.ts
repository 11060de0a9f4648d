import { Command } from 'commander';
import { callApi, type ApiOptions } from '../api-client.ts';

interface DeadLetterItem {
  id: string;
  at: string;
  reason: string;
  messageId: string | null;
}

/** `cairn dead-letters list|replay`: what could not be processed, and putting it back once the cause is mended. */
export function deadLettersCommand(): Command {
  const command = new Command('dead-letters').description('list or replay what could not be processed');
  command
    .command('list')
    .description('newest first')
    .option('--limit <n>', 'how many', '50')
    .option('--url <url>', 'where Cairn runs')
    .option('--token <token>', 'a token with scope read')
    .option('--json', 'print JSON')
    .action(async (options: ApiOptions & { limit: string; json?: boolean }) => {
      const page = await callApi<{ items: DeadLetterItem[] }>(
        options,
        'GET',
        `/api/dead-letters?limit=${encodeURIComponent(options.limit)}`,
      );
      if (options.json) console.log(JSON.stringify(page, null, 2));
      else
        for (const item of page.items)
          console.log(`${item.at}  ${item.reason.padEnd(20)}  ${item.id}  ${item.messageId ?? ''}`);
    });
  command
    .command('replay')
    .argument('[ids...]', 'which; all of the newest page when none is named')
    .option('--url <url>', 'where Cairn runs')
    .option('--token <token>', 'a token with scope admin')
    .option('--json', 'print JSON')
    .action(async (ids: string[], options: ApiOptions & { json?: boolean }) => {
      const answer = await callApi<{ replayed: number; skipped?: { id: string; why: string }[] }>(
        options,
        'POST',
        '/api/dead-letters/replay',
        ids.length ? { ids } : {},
      );
      if (options.json) return console.log(JSON.stringify(answer));
      console.log(`replayed ${answer.replayed}`);
      for (const { id, why } of answer.skipped ?? []) console.log(`left out ${id}: ${why}`);
    });
  return command;
}
