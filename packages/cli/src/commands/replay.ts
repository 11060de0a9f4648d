import { readFileSync, statSync } from 'node:fs';
import { SingleBar } from 'cli-progress';
import { Command } from 'commander';
import { systemClock } from '@cairn/clock/clock.system.ts';
import { readInstant } from '@cairn/ingest/core/clock-skew.ts';
import { compileMapping, MappingFault } from '@cairn/ingest/shell/mapping.ts';
import { loadDefinition } from '@cairn/orchestrator/core/definition/load-definition.ts';
import type { JourneyDefinition } from '@cairn/contracts/generated/journey-definition.ts';
import { formatOf, type EventsFile } from '../replay/file-rows.ts';
import { readTicks } from '../replay/tick-times.ts';
import { writeReplay, type ReplayJob } from '../replay/write-replay.ts';

interface Options {
  definition: string;
  mapping?: string;
  until?: string;
  tick?: string;
  tickDates?: string;
  scoreOn?: string;
  explain?: boolean;
  out: string;
  json?: boolean;
}

/** Ids are hashes of the workspace, too: the same as those of a fresh installation. */
export const REPLAY_WORKSPACE = 'default';

/** `cairn replay EVENTS`: the core over a file, on a virtual clock. Exit codes: 0 done, 1 failed, 2 wrong use. */
export function replayCommand(print: (line: string) => void = console.log): Command {
  const command = new Command('replay')
    .description('run a file of touchpoints through a definition on a virtual clock: alerts, scores, actions, journeys')
    .argument(
      '<events>',
      'touchpoints as .jsonl (Segment-shaped, or through a mapping) or .csv (through a mapping); also .gz',
    )
    .requiredOption('--definition <file>', 'the journey definition (YAML or JSON)')
    .requiredOption('--out <directory>', 'where the files are written')
    .option('--mapping <file>', 'a JSONata expression that makes one touchpoint of one row; CSV needs one')
    .option('--until <time>', 'read nothing later, and let time go on until then; by default until the last touchpoint')
    .option('--tick <time>', 'score every open journey at this local time of each day, e.g. 12:00')
    .option('--tick-dates <days>', 'only on these days, e.g. 2012-01-09..2012-03-09,2012-03-31')
    .option('--score-on <event>', 'score a journey right after each touchpoint of this event, too')
    .option('--explain', 'say of each probability what makes it up')
    .option('--json', 'print the summary as JSON');
  return command.action(async (events: string, options: Options) => {
    const wrongUse = (message: string): never => command.error(`cairn replay: ${message}`, { exitCode: 2 });
    const job = readJob(events, options, wrongUse);
    const bars = process.stderr.isTTY ? createBars(statSync(events).size) : null;
    try {
      const summary = await writeReplay(job, {
        clock: systemClock,
        ...(bars ?? {}),
        warn: (message) => console.error(`cairn replay: ${message}`),
      });
      bars?.stop();
      print(options.json ? JSON.stringify(summary) : describe(summary, options.out));
    } catch (error) {
      bars?.stop();
      throw new Error(`replay: ${(error as Error).message}`, { cause: error });
    }
  });
}

function readJob(events: string, options: Options, wrongUse: (message: string) => never): ReplayJob {
  const until = options.until === undefined ? null : readInstant(options.until);
  if (options.until !== undefined && until === null)
    wrongUse(`--until takes a time like 2012-01-31T12:00:00Z, not '${options.until}'`);
  if (options.tickDates !== undefined && options.tick === undefined)
    wrongUse('--tick-dates needs --tick, the time of day');
  const ticks = options.tick === undefined ? null : readTicks(options.tick, options.tickDates ?? null);
  if (typeof ticks === 'string') return wrongUse(ticks);
  if (options.explain && ticks === null && options.scoreOn === undefined)
    wrongUse('--explain explains scores: give --tick or --score-on');
  return {
    workspace: REPLAY_WORKSPACE,
    events: readEvents(events, options.mapping, wrongUse),
    definition: readDefinition(options.definition, wrongUse),
    until,
    ticks,
    scoreOn: options.scoreOn ?? null,
    explain: options.explain ?? false,
    out: options.out,
  };
}

/** What the file is, once it is there and can be read. */
export function readEvents(
  path: string,
  mappingPath: string | undefined,
  wrongUse: (message: string) => never,
): EventsFile {
  const format = formatOf(path);
  if (format === null) return wrongUse(`${path}: the name must end in .jsonl or .csv, or either with .gz`);
  const mapping = mappingPath === undefined ? null : readMapping(mappingPath, wrongUse);
  if (format === 'csv' && mapping === null) wrongUse('rows of CSV need a --mapping');
  try {
    if (!statSync(path).isFile()) wrongUse(`${path} is no file`);
  } catch (error) {
    wrongUse(`cannot read ${path}: ${(error as Error).message}`);
  }
  return { path, format, mapping };
}

function readMapping(path: string, wrongUse: (message: string) => never): string {
  const text = readText(path, wrongUse);
  try {
    compileMapping(text);
  } catch (error) {
    if (error instanceof MappingFault) return wrongUse(`${path} is no JSONata: ${error.message}`);
    throw error;
  }
  return text;
}

export function readDefinition(path: string, wrongUse: (message: string) => never): JourneyDefinition {
  const loaded = loadDefinition(readText(path, wrongUse));
  if (loaded.ok) return loaded.definition;
  const faults = loaded.faults.map(({ path: place, message }) => `  ${place === '' ? '' : `${place}: `}${message}`);
  return wrongUse(`${path} is no journey definition:\n${faults.join('\n')}`);
}

function readText(path: string, wrongUse: (message: string) => never): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    return wrongUse(`cannot read ${path}: ${(error as Error).message}`);
  }
}

function createBars(bytes: number): { onBytes(count: number): void; onRow(count: number): void; stop(): void } {
  const bar = new SingleBar({
    format: ' {bar} {percentage}% read | {touchpoints} touchpoints | {duration_formatted}',
    stream: process.stderr,
    hideCursor: true,
  });
  bar.start(bytes, 0, { touchpoints: 0 });
  let replayed = 0;
  return {
    onBytes: (count) => bar.increment(count),
    onRow() {
      // The replay holds the event loop: the bar is drawn from within it.
      if (++replayed % 10_000 === 0) bar.update(bytes, { touchpoints: replayed });
    },
    stop: () => bar.stop(),
  };
}

function describe(summary: Record<string, unknown>, out: string): string {
  const { touchpoints, journeys, alerts, wallTime } = summary as {
    touchpoints: number;
    journeys: Record<string, number>;
    alerts: Record<string, number>;
    wallTime: { ms: number; touchpointsPerSecond: number | null };
  };
  const seconds = (wallTime.ms / 1000).toFixed(1);
  return [
    `${touchpoints} touchpoints in ${seconds} s (${wallTime.touchpointsPerSecond ?? '–'}/s)`,
    `${journeys.total} journeys: ${journeys.active} active, ${journeys.stalled} stalled, ${journeys.won} won, ${journeys.lost} lost`,
    `${alerts['alert.opened'] ?? 0} alerts opened, ${alerts['alert.resolved'] ?? 0} resolved`,
    `written to ${out}`,
  ].join('\n');
}
