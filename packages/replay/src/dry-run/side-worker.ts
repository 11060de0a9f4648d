/**
 * The thread of the definition that holds now, in a dry run on two threads: takes pages of rows, asks for the next, tells its side of the
 * comparison at the end. Decides nothing; ends when it is told to.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { JourneyDefinition } from '@cairn/contracts/generated/journey-definition.ts';
import { admitRows, type TimedRow } from '../admit-rows.ts';
import { startSides, type Side } from './run-dry-run.ts';

export interface SideWorkerData {
  workspace: string;
  definition: JourneyDefinition;
}

/** Rows without what was parsed of them: a text crosses to another thread for a tenth of what an object costs. `until`: there are no more. */
export type SideAsked = { rows: readonly Omit<TimedRow, 'item'>[] } | { until: number | null };
export type SideTold = { type: 'through' } | { type: 'done'; side: Side };

const port = parentPort!;
const { workspace, definition } = workerData as SideWorkerData;
const running = startSides(workspace, [definition]);
const tell = (told: SideTold): void => port.postMessage(told);

port.on('message', (asked: SideAsked) => {
  if ('until' in asked) return tell({ type: 'done', side: running.finish(asked.until).sides[0]! });
  for (const touchpoint of admitRows(workspace, parsed(asked.rows), () => {})) running.take(touchpoint);
  tell({ type: 'through' });
});

function* parsed(rows: readonly Omit<TimedRow, 'item'>[]): Generator<TimedRow> {
  for (const row of rows) yield { ...row, item: JSON.parse(row.text) as unknown };
}
