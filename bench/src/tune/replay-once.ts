/**
 * The loan funnel until a boundary, in one online pass with some settings replaced: what was said of each look that can be judged before the
 * boundary, and what came. A process of its own for each trial, started by `tune.ts`: JSON of the changed settings → JSON of the looks.
 */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { SETTINGS, withValue } from './settings.ts';

export interface TrialRequest {
  /** The CSV of the log. */
  log: string;
  /** Epoch ms: nothing at or after it is read. */
  boundary: number;
  changes: Readonly<Record<string, string>>;
}

/** One entry a look, in the order of time. */
export interface Trial {
  at: number[];
  journey: number[];
  said: number[];
  silent: (0 | 1)[];
  idleMs: number[];
}

const ROOT = join(import.meta.dirname, '../../..');
const CORE = join(ROOT, 'services/orchestrator/src/core');
const HORIZON_MS = 7 * 86_400_000;

async function run({ log, boundary, changes }: TrialRequest): Promise<Trial> {
  const changed = SETTINGS.filter(({ name }) => changes[name] !== undefined);
  const urls = new Map(changed.map(({ file }) => [pathToFileURL(join(CORE, file)).href, file]));
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context);
      const file = urls.get(url);
      if (file === undefined) return loaded;
      let source = readFileSync(fileURLToPath(url), 'utf8');
      for (const setting of changed)
        if (setting.file === file) source = withValue(source, setting, changes[setting.name]!);
      return { ...loaded, source };
    },
  });
  // Loaded only now, with what was changed.
  const { admitRows } = await import('@cairn/replay/admit-rows.ts');
  const { collect } = await import('@cairn/cli/evaluate/collect.ts');
  const { labelled } = await import('@cairn/cli/evaluate/judge-log.ts');
  const { loadDefinition } = await import('@cairn/orchestrator/core/definition/load-definition.ts');
  const loaded = loadDefinition(readFileSync(join(ROOT, 'examples/loan-funnel/learned.yaml'), 'utf8'));
  if (!loaded.ok) throw new Error('examples/loan-funnel/learned.yaml has faults');
  const touchpoints = admitRows('tune', rowsOf(log, boundary), (reason) => {
    throw new Error(reason);
  });
  const collected = collect(
    {
      workspace: 'tune',
      definition: loaded.definition,
      until: null,
      ticks: { hour: 12, minute: 0, days: null },
      scoreOn: null,
    },
    touchpoints,
  );
  const trial: Trial = { at: [], journey: [], said: [], silent: [], idleMs: [] };
  for (const { look, silent } of labelled(collected, HORIZON_MS)) {
    trial.at.push(look.at);
    trial.journey.push(look.journey);
    trial.said.push(Math.round(look.silence[1] * 1e6) / 1e6);
    trial.silent.push(silent ? 1 : 0);
    trial.idleMs.push(look.idleMs);
  }
  return trial;
}

/** As `every-touch.jsonata` maps them; what lies at the boundary or after it is left out before anything looks at it. */
function rowsOf(path: string, boundary: number): { at: number; number: number; text: string; item: object }[] {
  const [, ...lines] = gunzipSync(readFileSync(path)).toString('utf8').trim().split('\n');
  return lines
    .map((line, i) => {
      const [caseId, timestamp, event] = line.split(',');
      const item = { type: 'track', userId: caseId, event, timestamp, messageId: `loan-${caseId}-${i + 1}` };
      return { at: Date.parse(timestamp!), number: i + 1, text: JSON.stringify(item), item };
    })
    .filter(({ at }) => at < boundary)
    .sort((a, b) => a.at - b.at);
}

process.stdout.write(JSON.stringify(await run(JSON.parse(process.argv[2]!) as TrialRequest)));
