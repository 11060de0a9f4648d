import { Command } from 'commander';
import { callApi, type ApiOptions } from '../api-client.ts';

interface TokenItem {
  id: string;
  name: string;
  scopes: string[];
  expiresAt: string | null;
}

/** `cairn token create|list|withdraw`. A token's text is shown once, when it is made. */
export function tokenCommand(): Command {
  const command = new Command('token').description('make, list and withdraw access tokens');
  command
    .command('create')
    .argument('<name>', 'what it is for')
    .requiredOption('--scopes <list>', 'ingest,read,act,admin')
    .option('--expires-at <time>', 'ISO-8601')
    .option('--url <url>', 'where Cairn runs')
    .option('--token <token>', 'a token with scope admin')
    .option('--json', 'print JSON')
    .action(async (name: string, options: ApiOptions & { scopes: string; expiresAt?: string; json?: boolean }) => {
      const made = await callApi<{ id: string; token: string }>(options, 'POST', '/api/tokens', {
        name,
        scopes: options.scopes.split(',').map((scope) => scope.trim()),
        ...(options.expiresAt ? { expiresAt: options.expiresAt } : {}),
      });
      console.log(options.json ? JSON.stringify(made) : made.token);
    });
  command
    .command('list')
    .option('--url <url>', 'where Cairn runs')
    .option('--token <token>', 'a token with scope admin')
    .option('--json', 'print JSON')
    .action(async (options: ApiOptions & { json?: boolean }) => {
      const page = await callApi<{ items: TokenItem[] }>(options, 'GET', '/api/tokens');
      if (options.json) console.log(JSON.stringify(page, null, 2));
      else
        for (const item of page.items)
          console.log(`${item.id}  ${item.name}  ${item.scopes.join(',')}  ${item.expiresAt ?? 'never expires'}`);
    });
  command
    .command('withdraw')
    .argument('<id>')
    .option('--url <url>', 'where Cairn runs')
    .option('--token <token>', 'a token with scope admin')
    .action(async (id: string, options: ApiOptions) => {
      await callApi(options, 'DELETE', `/api/tokens/${encodeURIComponent(id)}`);
      console.error(`withdrawn ${id}`);
    });
  return command;
}
