import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import { systemClock } from '@cairn/clock/clock.system.ts';
import { parseDuration } from '@cairn/contracts/duration.ts';
import type { JourneyDefinition } from '@cairn/contracts/generated/journey-definition.ts';
import { loadDefinition } from '@cairn/orchestrator/core/definition/load-definition.ts';
import { callApi, type ApiOptions } from '../api-client.ts';
import { dryRunJson, dryRunText } from '@cairn/replay/dry-run/describe.ts';
import { readHistory } from '../dry-run/read-history.ts';
import { runDryRun } from '@cairn/replay/dry-run/run-dry-run.ts';
import { runOnTwoThreads } from '@cairn/replay/dry-run/run-on-two-threads.ts';
import type { EventsFile } from '../replay/file-rows.ts';
import { loadEvents } from '../replay/load-events.ts';
import { admitRows } from '@cairn/replay/admit-rows.ts';
import type { SortedRows } from '../replay/sort-rows.ts';
import { readDefinition, readEvents, REPLAY_WORKSPACE } from './replay.ts';

/** A second thread begins cold: it takes some seconds of work until it is worth what it costs. Fewer rows than this are held in a list. */
const ROWS_WORTH_A_THREAD = 50_000;

interface Options extends ApiOptions {
  since: string;
  events?: string;
  mapping?: string;
  current?: string;
  examples: string;
  json?: boolean;
}

/** `cairn dry-run FILE`: what a changed definition would have alerted and done. Exit codes: 0 done, 1 failed, 2 wrong use. */
export function dryRunCommand(print: (line: string) => void = console.log): Command {
  const command = new Command('dry-run')
    .description('run a definition beside the live one over history: alerts and actions added, lost, earlier, later')
    .argument('<definition>', 'the changed journey definition (YAML or JSON)')
    .option(
      '--since <duration>',
      'report what lies so far back from the newest touchpoint; all before it is learned from',
      '90d',
    )
    .option('--events <file>', 'over this file (.jsonl or .csv, also .gz) instead of the history of a running Cairn')
    .option('--mapping <file>', 'a JSONata expression that makes one touchpoint of one row; CSV needs one')
    .option('--current <file>', 'compare with this definition; by default the live one of the same name')
    .option('--examples <n>', 'how many of each kind to show in JSON', '5')
    .option('--url <url>', 'where Cairn runs; by default CAIRN_URL, or what the first start wrote')
    .option('--token <token>', 'a token with scope read; by default CAIRN_TOKEN, or what the first start wrote')
    .option('--data-dir <directory>', 'where first-run.json is; by default CAIRN_DATA_DIR, or ./data')
    .option('--json', 'print JSON');
  return command.action(async (file: string, options: Options) => {
    const wrongUse = (message: string): never => command.error(`cairn dry-run: ${message}`, { exitCode: 2 });
    const since = parseDuration(options.since);
    if (since === null || !('ms' in since) || since.ms <= 0)
      return wrongUse(`--since takes a duration like 90d, not '${options.since}'`);
    const examples = Number(options.examples);
    if (!Number.isInteger(examples) || examples < 0) wrongUse(`--examples takes a number, not '${options.examples}'`);
    const after = readDefinition(file, wrongUse);
    const events = options.events === undefined ? null : readEvents(options.events, options.mapping, wrongUse);
    const current = options.current === undefined ? null : readDefinition(options.current, wrongUse);
    if (events && !current && !hasProduct(options))
      wrongUse('--events needs --current, the definition to compare with');
    const before = current ?? (await liveDefinition(options, after.name));
    const rows = events ? await readFile(events) : await readHistory(options, since.ms * 2);
    try {
      const until = events ? null : systemClock.now();
      const settings = { workspace: REPLAY_WORKSPACE, before, after, sinceMs: since.ms, until };
      let refused = 0;
      const onRefused = (): void => void refused++;
      const all = rows.rows();
      const isShort = Array.isArray(all) && all.length < ROWS_WORTH_A_THREAD;
      // On one core the second thread would only do the stitching twice.
      const run =
        before && !isShort && availableParallelism() > 1
          ? await runOnTwoThreads({ ...settings, before }, all, onRefused)
          : runDryRun(settings, admitRows(REPLAY_WORKSPACE, all, onRefused));
      if (refused > 0) console.error(`cairn dry-run: ${refused} rows are no touchpoints`);
      print(
        options.json
          ? JSON.stringify({ definition: after.name, ...dryRunJson(run, examples) }, null, 2)
          : dryRunText(run),
      );
    } finally {
      rows.close();
    }
  });
}

async function readFile(events: EventsFile): Promise<SortedRows> {
  return (await loadEvents(events, null, systemClock)).rows;
}

function hasProduct({ url, token }: Options): boolean {
  return url !== undefined || token !== undefined;
}

/** Null where the product has none of that name: then everything is added. */
async function liveDefinition(options: Options, name: string): Promise<JourneyDefinition | null> {
  const { items } = await callApi<{ items: { name: string; definition: unknown }[] }>(
    options,
    'GET',
    '/api/definitions',
  );
  const live = items.find((item) => item.name === name);
  if (!live) return null;
  const loaded = loadDefinition(live.definition);
  if (!loaded.ok)
    throw new Error(`the live ${name} has faults: ${loaded.faults.map(({ message }) => message).join('; ')}`);
  return loaded.definition;
}
