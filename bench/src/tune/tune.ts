/**
 * `npm run tune`: chooses nothing, shows what could be chosen. What was set of the learning of pauses is changed one at a time, then many at
 * random, on what lies before the judged period of the loan funnel and on nothing else: every look from the fifth week on is foretold by
 * what was learned before it (a rolling origin), and its seven days are over before the boundary. The objective is log-loss + calibration
 * error; a difference counts where the interval over journeys leaves out 0. `--data DIR`, `--random N`, `--minutes N` (no trial is begun later), `--out FILE.ndjson` (trials that it
 * holds are not run again), `--write` (the table into docs/science.md).
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '@cairn/clock/clock.system.ts';
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
/** Of the time. */
const ONE_AT_A_TIME = 0.75;
const SEED = 20111125;

const { values: options } = parseArgs({
  options: {
    data: { type: 'string', default: '../shared/data' },
    random: { type: 'string', default: '40' },
    minutes: { type: 'string', default: '60' },
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

const clock = systemClock;
const startedAt = clock.now();
const budgetMs = Number(options.minutes) * 60_000;
const present = run({});
const random = seededRandom(SEED);
const ones = SETTINGS.flatMap(({ name, values }) => values.map((value): Changes => ({ [name]: value })));
const manies = Array.from({ length: Number(options.random) }, (): Changes => {
  const changes: Record<string, string> = {};
  for (const { name, values } of SETTINGS) {
    const isChanged = random() < CHANGED;
    const value = values[Math.floor(random() * values.length)]!;
    if (isChanged) changes[name] = value;
  }
  return changes;
});
const one = ones.flatMap((changes) => trial(changes, ONE_AT_A_TIME));
const many = manies.flatMap((changes) => trial(changes, 1));
const text = renderTuning(figuresOf(present, present), one, many, ones.length - one.length);
console.log(text);
if (options.write) writeSection('docs/science.md', 'tuning', 'npm run tune -- --write', text);

/** None: there was no time left for it. */
function trial(changes: Changes, share: number): { changes: Changes; figures: TrialFigures }[] {
  const key = JSON.stringify(changes);
  let figures = known.get(key);
  if (!figures) {
    if (clock.now() > startedAt + share * budgetMs) return [];
    figures = figuresOf(run(changes), present);
    if (options.out !== undefined) appendFileSync(options.out, `${JSON.stringify({ changes, figures })}\n`);
    console.error(`${figures.objective.by >= 0 ? '+' : ''}${figures.objective.by.toFixed(4)}  ${key}`);
  }
  return [{ changes, figures }];
}

function run(changes: Changes): Trial {
  const request: TrialRequest = { log, boundary: BOUNDARY, changes };
  const script = join(import.meta.dirname, 'replay-once.ts');
  const shown = execFileSync(process.execPath, [script, JSON.stringify(request)], { maxBuffer: 2 ** 26 });
  return JSON.parse(shown.toString('utf8')) as Trial;
}
