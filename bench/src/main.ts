/**
 * `npm run bench [NAME …]`: each benchmark in a process of its own, one after the other (two cores), each figure beside the bare limit
 * measured in the same run; one JSON line each is appended to bench/history.ndjson.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';

/** In the order of what a reader asks first. Those that need a broker say so and are left out where none can be had. */
const BENCHES = [
  'ingest',
  'pipeline-embedded',
  'latency-embedded',
  'million-journeys',
  'idle',
  'log-embedded',
  'stitch',
  'stitch-storm',
  'advance',
  'replay',
  'dry-run',
  'deliver',
  'deliver-million',
  'feed',
  'history-queries',
  'timeline',
  'overrides',
  'log-kafka',
  'pipeline-kafka',
  'latency-kafka',
  'kafka-streams',
] as const;

const folder = import.meta.dirname;
const history = join(folder, '../history.ndjson');
const asked = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
const unknown = asked.filter((name) => !(BENCHES as readonly string[]).includes(name));
if (unknown.length) {
  console.error(`no benchmark ${unknown.join(', ')}; there are ${BENCHES.join(', ')}`);
  process.exit(2);
}
const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim();
const about = {
  commit: git('rev-parse', '--short', 'HEAD'),
  dirty: git('status', '--porcelain', '-uno') !== '',
  node: process.version,
  cores: cpus().length,
  memoryGb: Math.round(totalmem() / 2 ** 30),
};

let failed = 0;
for (const name of BENCHES) {
  if (asked.length ? !asked.includes(name) : false) continue;
  const script = join(folder, `${name}.ts`);
  if (!existsSync(script)) continue;
  console.error(`── ${name}`);
  // Of the minute before: a figure taken on a busy machine says so.
  const loadBefore = Number(loadavg()[0]!.toFixed(1));
  const run = spawnSync(process.execPath, ['--expose-gc', script], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 1 << 26,
  });
  const lines = run.stdout.split('\n').filter((line) => line.startsWith('{'));
  if (run.status !== 0 || lines.length === 0) {
    failed++;
    console.error(`${name} failed with ${run.status}`);
    continue;
  }
  for (const line of lines) {
    const figures = JSON.parse(line) as Record<string, unknown>;
    appendFileSync(
      history,
      `${JSON.stringify({ at: new Date().toISOString(), bench: name, ...about, loadBefore, ...figures })}\n`,
    );
    for (const [figure, value] of Object.entries(figures)) console.log(`${name}  ${figure}  ${JSON.stringify(value)}`);
  }
}
process.exitCode = failed ? 1 : 0;
