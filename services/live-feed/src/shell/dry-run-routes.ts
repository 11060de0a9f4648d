/**
 * `POST /api/definitions/dry-run`: a definition beside the live one of its name, over the workspace's own history. The work is done on a
 * thread of its own, a page of the history at a time; it ends with whoever asked. Changes nothing.
 */
import { Worker } from 'node:worker_threads';
import express, { type Express, type Request } from 'express';
import { formatDuration } from '@cairn/clock/calendar.ts';
import type { Clock } from '@cairn/clock/clock.ts';
import { parseDuration } from '@cairn/contracts/duration.ts';
import type { NewestTouchpoints } from '@cairn/history/queries/newest-touchpoints.ts';
import type { ExportPlace } from '@cairn/history/queries/touchpoint-export.ts';
import type { DryRunPage, DryRunTold, DryRunWorkerData } from '@cairn/replay/dry-run/dry-run-worker.ts';
import { authorise } from '@cairn/service-kit/authorise.ts';
import type { ControlMirror } from '@cairn/service-kit/control-mirror.ts';
import { ProblemError } from '@cairn/service-kit/problem.ts';
import { badRequest, textOf } from './paging.ts';
import type { TouchpointExport } from './touchpoint-export-routes.ts';

/** Where the newest touchpoints since `from` begin, at most `newest` of them, and how many there are in all. */
export type NewestOf = (workspace: string, from: number, newest: number) => Promise<NewestTouchpoints>;

/** Measured once, on two cores with a load of 11: 800 touchpoints/s with b2b-sales, four minutes; to be measured on a quiet machine. */
export const DRY_RUN_TOUCHPOINTS_MAX = 200_000;
/** Handing a page to the thread takes this one some 3 ms. */
const PAGE_TOUCHPOINTS = 2_000;
/** On this node: each has a core of its own to be busy with, and there are two. */
const RUNS_AT_ONCE_MAX = 2;
const RETRY_AFTER_SECONDS = 10;
/** Two journeys' worth of state for each of the touchpoints is a tenth of it. */
const HEAP_MB_MAX = 1_024;
const BODY_BYTES_MAX = 1_000_000;
const SINCE_DEFAULT = '90d';
const SINCE_DAYS_MAX = 400;
const DAY_MS = 86_400_000;
const EXAMPLES_DEFAULT = 5;
const EXAMPLES_MAX = 50;

export interface DryRunRoutesDeps {
  clock: Clock;
  control: Pick<ControlMirror, 'grantOf' | 'definitions'>;
  touchpoints: TouchpointExport | undefined;
  newest: NewestOf | undefined;
  /** Whether there is such a journey to look at. */
  hasJourney(workspace: string, id: string): boolean;
}

export function addDryRunRoutes(app: Express, deps: DryRunRoutesDeps): void {
  const { clock, control } = deps;
  /** Workspaces that have one under way. */
  const running = new Set<string>();
  const anyText = express.text({ limit: BODY_BYTES_MAX, type: () => true });

  app.post('/api/definitions/dry-run', anyText, async (request, response) => {
    const { workspace } = authorise(deps, request, 'act');
    const sinceMs = sinceOf(request);
    const examples = examplesOf(request);
    const { touchpoints, newest } = deps;
    if (!touchpoints || !newest)
      throw new ProblemError({
        status: 503,
        code: 'no-history',
        title: 'This node has no history',
        retryAfterSeconds: 60,
      });
    if (running.has(workspace)) throw busy('A dry run of this workspace is under way');
    if (running.size >= RUNS_AT_ONCE_MAX) throw busy(`${RUNS_AT_ONCE_MAX} dry runs are under way here`);
    running.add(workspace);
    const gone = new AbortController();
    const onClose = (): void => gone.abort();
    response.on('close', onClose);
    try {
      const until = clock.now();
      const versions = control.definitions(workspace);
      const data: DryRunWorkerData = {
        workspace,
        definition: request.body as unknown,
        live: Object.fromEntries(versions.map(({ name, definition }) => [name, definition])),
        sinceMs,
        until,
        examples,
      };
      // Twice as far back: what came before is learned from, and has set the clocks.
      const range = await newest(workspace, until - 2 * sinceMs, DRY_RUN_TOUCHPOINTS_MAX);
      const told = await runInThread(data, gone.signal, pagesOf(touchpoints, workspace, range.from));
      if (!told) return;
      const live = versions.find(({ name }) => name === told.definition);
      const taken = Math.min(range.total, DRY_RUN_TOUCHPOINTS_MAX);
      response.json({
        definition: told.definition,
        liveVersion: live?.version ?? null,
        since: formatDuration(sinceMs),
        ...linked(told.outcome, (id) => deps.hasJourney(workspace, id)),
        available: range.total,
        capped: range.total > DRY_RUN_TOUCHPOINTS_MAX,
        over: range.total > taken ? `the newest ${taken} of ${range.total} touchpoints` : `all ${taken} touchpoints`,
      });
    } finally {
      response.off('close', onClose);
      running.delete(workspace);
    }
  });
}

type NextPage = () => Promise<DryRunPage>;

/** Null after the last one. */
function pagesOf(touchpoints: TouchpointExport, workspace: string, from: number): NextPage {
  let after: ExportPlace | null = null;
  let ended = false;
  return async () => {
    if (ended) return null;
    const { items, next } = await touchpoints(workspace, { from, after, limit: PAGE_TOUCHPOINTS });
    after = next;
    ended = next === null;
    return items;
  };
}

/** Null: whoever asked has gone, and the thread with them. */
async function runInThread(
  data: DryRunWorkerData,
  gone: AbortSignal,
  nextPage: NextPage,
): Promise<{ definition: string; outcome: Record<string, unknown> } | null> {
  if (gone.aborted) return null;
  const worker = new Worker(new URL(import.meta.resolve('@cairn/replay/dry-run/dry-run-worker.ts')), {
    workerData: data,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB_MAX },
  });
  let definition = '';
  try {
    return await new Promise((resolve, reject) => {
      gone.addEventListener('abort', () => resolve(null));
      worker.on('error', (error: Error) => reject(outOfMemory(error) ?? error));
      worker.on('exit', () => reject(new Error('the thread of the dry run ended')));
      worker.on('message', (told: DryRunTold) => {
        if (told.type === 'faults') return reject(refusal(told.faults));
        if (told.type === 'done') return resolve({ definition, outcome: told.outcome });
        ({ definition } = told);
        nextPage().then((page) => {
          if (!gone.aborted) worker.postMessage(page);
        }, reject);
      });
    });
  } finally {
    worker.removeAllListeners();
    // A thread that is being ended may still tell of its end.
    worker.on('error', () => {});
    await worker.terminate();
  }
}

/** The examples, each with its journey's id where that is there to be looked at. */
function linked(outcome: Record<string, unknown>, hasJourney: (id: string) => boolean): Record<string, unknown> {
  const kinds = ['alerts', 'transitions', 'actions'] as const;
  const shown = kinds.map((kind) => {
    const side = outcome[kind] as { examples: Record<string, { journeyId: string }[]> };
    const examples = Object.entries(side.examples).map(([change, list]) => [
      change,
      list.map((one) => ({ ...one, journeyId: hasJourney(one.journeyId) ? one.journeyId : null })),
    ]);
    return [kind, { ...side, examples: Object.fromEntries(examples) as unknown }];
  });
  return { ...outcome, ...(Object.fromEntries(shown) as Record<string, unknown>) };
}

function sinceOf(request: Request): number {
  const text = textOf(request, 'since') ?? SINCE_DEFAULT;
  const since = parseDuration(text);
  if (!since || !('ms' in since) || since.ms <= 0 || since.ms > SINCE_DAYS_MAX * DAY_MS)
    throw badRequest(`since must be a duration like 90d, at most ${SINCE_DAYS_MAX} days`);
  return since.ms;
}

function examplesOf(request: Request): number {
  const number = Number(textOf(request, 'examples') ?? EXAMPLES_DEFAULT);
  if (!Number.isInteger(number) || number < 0 || number > EXAMPLES_MAX)
    throw badRequest(`examples must be a whole number from 0 to ${EXAMPLES_MAX}`);
  return number;
}

function busy(title: string): ProblemError {
  return new ProblemError({ status: 429, code: 'dry-run-under-way', title, retryAfterSeconds: RETRY_AFTER_SECONDS });
}

function refusal(faults: readonly { path: string; message: string }[]): ProblemError {
  return new ProblemError({
    status: 422,
    code: 'bad-definition',
    title: 'The definition has faults',
    detail: faults.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('\n'),
    errors: faults,
  });
}

function outOfMemory(error: unknown): ProblemError | null {
  if ((error as { code?: unknown }).code !== 'ERR_WORKER_OUT_OF_MEMORY') return null;
  const title = 'So much history does not fit a dry run here; ask for a shorter time';
  return new ProblemError({ status: 422, code: 'too-much-history', title });
}
