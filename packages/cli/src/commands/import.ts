import { createReadStream, readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import { SingleBar } from 'cli-progress';
import { Command } from 'commander';
import { compileMapping, MappingFault } from '@cairn/ingest/shell/mapping.ts';
import { readFirstRun } from '../api-client.ts';
import { ImportFailed, sendImport, type ImportCounts } from '../import-file.ts';

interface Options {
  format?: string;
  mapping?: string;
  source?: string;
  url?: string;
  writeKey?: string;
  dataDir?: string;
  json?: boolean;
}

/** `cairn import FILE[.gz]`: history of any size into a running Cairn. Exit codes: 0 done, 1 failed, 2 wrong use. */
export function importCommand(print: (line: string) => void = console.log): Command {
  const command = new Command('import')
    .description('stream a file of touchpoints (JSON lines, or CSV through a mapping) into a running Cairn')
    .argument('<file>', 'the file, also gzip; - reads from standard input')
    .option('--format <format>', 'jsonl or csv; by default what the name of the file says')
    .option('--mapping <file>', 'a JSONata expression that makes one touchpoint of one row; CSV needs one')
    .option('--source <name>', 'where the touchpoints come from; by default the name of the file')
    .option('--url <url>', 'where Cairn runs; by default CAIRN_URL, or what the first start wrote')
    .option('--write-key <key>', 'by default CAIRN_WRITE_KEY, or what the first start wrote')
    .option('--data-dir <directory>', 'where first-run.json is; by default CAIRN_DATA_DIR, or ./data')
    .option('--json', 'print the counts as JSON');
  return command.action(async (file: string, options: Options) => {
    function wrongUse(message: string): never {
      return command.error(`cairn import: ${message}`, { exitCode: 2 });
    }
    const gzip = file.endsWith('.gz');
    const format = options.format ?? formatOf(file);
    if (format !== 'jsonl' && format !== 'csv')
      wrongUse(format === null ? 'say --format jsonl or --format csv' : `no format ${format}; there are jsonl and csv`);
    const mapping = options.mapping === undefined ? null : readMapping(options.mapping, wrongUse);
    if (format === 'csv' && mapping === null) wrongUse('rows of CSV need a --mapping');
    const first = readFirstRun(options.dataDir);
    const writeKey = options.writeKey ?? process.env.CAIRN_WRITE_KEY ?? first?.writeKey;
    if (!writeKey) wrongUse('no write key: give --write-key, set CAIRN_WRITE_KEY, or name the --data-dir');
    const url = options.url ?? process.env.CAIRN_URL ?? first?.url ?? 'http://127.0.0.1:8080';
    if (!URL.canParse(url)) wrongUse(`${url} is no address`);

    const { body, bytes } = openFile(file, wrongUse);
    const bar = bytes !== null && process.stderr.isTTY ? startBar(bytes) : null;
    try {
      const source = options.source ?? (file === '-' ? 'stdin' : basename(file).replace(/\.gz$/, ''));
      const onBytes = (count: number): void => bar?.increment(count);
      const counts = await sendImport({ url, writeKey, format, source, mapping, body, gzip, onBytes });
      bar?.stop();
      print(options.json ? JSON.stringify(counts) : describe(counts));
    } catch (error) {
      bar?.stop();
      if (options.json && error instanceof ImportFailed)
        print(JSON.stringify({ ...error.counts, error: error.message }));
      const soFar = error instanceof ImportFailed && error.counts ? `\nuntil then: ${describe(error.counts)}` : '';
      throw new Error(`import: ${(error as Error).message}${soFar}`, { cause: error });
    }
  });
}

function formatOf(file: string): string | null {
  const name = file.replace(/\.gz$/, '');
  if (/\.(jsonl|ndjson)$/i.test(name)) return 'jsonl';
  return /\.csv$/i.test(name) ? 'csv' : null;
}

/** Compiled here already: a slip in it is told before gigabytes are sent. */
function readMapping(file: string, wrongUse: (message: string) => never): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return wrongUse(`cannot read ${file}: ${(error as Error).message}`);
  }
  try {
    compileMapping(text);
  } catch (error) {
    if (error instanceof MappingFault) return wrongUse(`${file} is no JSONata: ${error.message}`);
    throw error;
  }
  return text;
}

/** `bytes` is null where the size is not known beforehand. */
function openFile(file: string, wrongUse: (message: string) => never): { body: Readable; bytes: number | null } {
  if (file === '-') return { body: process.stdin, bytes: null };
  try {
    const { size } = statSync(file);
    return { body: createReadStream(file, { highWaterMark: 262_144 }), bytes: size };
  } catch (error) {
    return wrongUse(`cannot read ${file}: ${(error as Error).message}`);
  }
}

function startBar(bytes: number): SingleBar {
  const bar = new SingleBar({
    format: ' {bar} {percentage}% | {value}/{total} | {duration_formatted} gone, {eta_formatted} to go',
    formatValue: (value, _options, type) => (type === 'value' || type === 'total' ? megabytes(value) : String(value)),
    stream: process.stderr,
    hideCursor: true,
  });
  bar.start(bytes, 0);
  return bar;
}

const megabytes = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MB`;

function describe(counts: ImportCounts): string {
  const { read, admitted, refused, duplicate, skipped = 0 } = counts;
  const parts = [`read ${read}`, `admitted ${admitted}`, `refused ${refused}`, `duplicate ${duplicate}`];
  if (skipped > 0) parts.push(`skipped ${skipped}`);
  return parts.join(', ') + (refused > 0 ? '; why: cairn dead-letters list' : '');
}
