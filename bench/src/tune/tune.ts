/**
 * `npm run tune`: chooses nothing, shows what could be chosen. What was set of the learning of pauses is changed one at a time, then many at
 * random, on what lies before the judged period of the loan funnel and on nothing else: every look from the fifth week on is foretold by
 * what was learned before it (a rolling origin), and its seven days are over before the boundary. The objective is log-loss + calibration
 * error; a difference counts where the interval over journeys leaves out 0. `--data DIR`, `--random N`, `--out FILE.ndjson` (trials that it
 * holds are not run again), `--write` (the table into docs/science.md).
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { seededRandom } from '@cairn/clock/clock.virtual.ts';
import { writeSection } from '@cairn/cli/evaluate/report.ts';
import { figuresOf, type TrialFigures } from './figures.ts';
import type { Trial, TrialRequest } from './replay-once.ts';
import { renderTuning } from './render.ts';
import { SETTINGS } from './settings.ts';

/** Where the judged period begins (`cairn evaluate`, packages/cli/src/evaluate/logs.ts). */
const BOUNDARY = Date.UTC(2011, 10, 25);
/** Of the settings, each is changed with this probability in a random trial. */
const CHANGED = 0.25;
const SEED = 20111125;

const { values: options } = parseArgs({
  options: {
    data: { type: 'string', default: '../shared/data' },
    random: { type: 'string', default: '40' },
    out: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});
const log = join(process.cwd(), options.data, 'loan-funnel/events.csv.gz');
if (!existsSync(log)) {
  console.error(`there is no ${log}`);
  process.exit(2);
}

type Changes = Readonly<Record<string, string>>;
const known = new Map<string, TrialFigures>();
if (options.out !== undefined && existsSync(options.out))
  for (const line of readFileSync(options.out, 'utf8').trim().split('\n')) {
    const { changes, figures } = JSON.parse(line) as { changes: Changes; figures: TrialFigures };
    known.set(JSON.stringify(changes), figures);
  }

const present = run({});
const figuresOfPresent = figuresOf(present, present);
const one = SETTINGS.flatMap(({ name, values }) => values.map((value) => trial({ [name]: value })));
const random = seededRandom(SEED);
const many = Array.from({ length: Number(options.random) }, () => {
  const changes: Record<string, string> = {};
  for (const { name, values } of SETTINGS) {
    const isChanged = random() < CHANGED;
    const value = values[Math.floor(random() * values.length)]!;
    if (isChanged) changes[name] = value;
  }
  return trial(changes);
});
const text = renderTuning(figuresOfPresent, one, many);
console.log(text);
if (options.write) writeSection('docs/science.md', 'tuning', 'npm run tune -- --write', text);

function trial(changes: Changes): { changes: Changes; figures: TrialFigures } {
  const key = JSON.stringify(changes);
  let figures = known.get(key);
  if (!figures) {
    figures = figuresOf(run(changes), present);
    if (options.out !== undefined) appendFileSync(options.out, `${JSON.stringify({ changes, figures })}\n`);
    console.error(`${figures.objective.by >= 0 ? '+' : ''}${figures.objective.by.toFixed(4)}  ${key}`);
  }
  return { changes, figures };
}

function run(changes: Changes): Trial {
  const request: TrialRequest = { log, boundary: BOUNDARY, changes };
  const script = join(import.meta.dirname, 'replay-once.ts');
  const shown = execFileSync(process.execPath, [script, JSON.stringify(request)], { maxBuffer: 2 ** 26 });
  return JSON.parse(shown.toString('utf8')) as Trial;
}
