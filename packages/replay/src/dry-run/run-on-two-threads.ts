/**
 * A dry run in half the time: the definition that holds now on a thread of its own, the changed one here, each with its own stitching
 * (a quarter of the work, done twice, so that neither waits for the other). The outcome is that of `runDryRun`, to the byte.
 */
import { Worker } from 'node:worker_threads';
import { admitRows, type TimedRow } from '../admit-rows.ts';
import { compareSides, startSides, type DryRun, type DryRunSettings, type Side } from './run-dry-run.ts';
import type { SideAsked, SideTold, SideWorkerData } from './side-worker.ts';

/** Rows in a page: some 50 ms of work on either thread. */
const PAGE_ROWS = 500;
/** Pages that the other thread may be behind: what waits for it is held in memory. */
const PAGES_AHEAD = 8;

/** `settings.before` is there: with nothing to compare with there is one side alone. */
export async function runOnTwoThreads(
  settings: DryRunSettings & { before: NonNullable<DryRunSettings['before']> },
  rows: Iterable<TimedRow>,
  onRefused: (reason: string, row: TimedRow) => void,
  pageRows = PAGE_ROWS,
): Promise<DryRun> {
  const { workspace, before, after } = settings;
  const until = settings.until ?? null;
  const other = startOther({ workspace, definition: before });
  try {
    const own = startSides(workspace, [after]);
    for (const page of pagesOf(rows, pageRows)) {
      await other.take(page);
      for (const touchpoint of admitRows(workspace, page, onRefused)) own.take(touchpoint);
    }
    const side = other.finish(until);
    // It rejects while we are at work, if it does: then it is told of below.
    side.catch(() => {});
    const { sides, ...taken } = own.finish(until);
    return compareSides(settings, taken, await side, sides[0]!);
  } finally {
    await other.end();
  }
}

function startOther(data: SideWorkerData): {
  /** Resolves when it is no more than so many pages behind. */
  take(page: readonly TimedRow[]): Promise<void>;
  finish(until: number | null): Promise<Side>;
  end(): Promise<void>;
} {
  const worker = new Worker(new URL('./side-worker.ts', import.meta.url), { workerData: data });
  let behind = 0;
  let side: Side | null = null;
  let failure: Error | null = null;
  let wake: () => void = () => {};
  const fail = (error: Error): void => {
    failure ??= error;
    wake();
  };
  worker.on('error', fail);
  worker.on('exit', () => fail(new Error('the thread of the dry run ended')));
  worker.on('message', (told: SideTold) => {
    if (told.type === 'done') ({ side } = told);
    else behind--;
    wake();
  });
  const ask = (asked: SideAsked): void => worker.postMessage(asked);

  async function waitUntil(holds: () => boolean): Promise<void> {
    while (!holds()) {
      if (failure) throw failure;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  }

  return {
    async take(page) {
      await waitUntil(() => behind < PAGES_AHEAD);
      behind++;
      ask({ rows: page.map(({ at, number, text }) => ({ at, number, text })) });
    },
    async finish(until) {
      ask({ until });
      await waitUntil(() => side !== null);
      return side!;
    },
    async end() {
      await worker.terminate();
    },
  };
}

function* pagesOf(rows: Iterable<TimedRow>, pageRows: number): Generator<readonly TimedRow[]> {
  let page: TimedRow[] = [];
  for (const row of rows) {
    page.push(row);
    if (page.length < pageRows) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}
