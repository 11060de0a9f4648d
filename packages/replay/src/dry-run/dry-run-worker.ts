/**
 * The thread of one dry run: takes pages of the history in order, asks for each next one when it is through, and tells the outcome. On a
 * thread of its own, so that a minute's work delays nobody's request; whoever started it may end it at any moment.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { Fault } from '@cairn/orchestrator/core/definition/faults.ts';
import { loadDefinition } from '@cairn/orchestrator/core/definition/load-definition.ts';
import { admitRows, type TimedRow } from '../admit-rows.ts';
import { timeOfRow } from '../row-time.ts';
import { dryRunJson } from './describe.ts';
import { startDryRun, type DryRunning } from './run-dry-run.ts';

export interface DryRunWorkerData {
  workspace: string;
  /** YAML or JSON text, or parsed. */
  definition: unknown;
  /** The live definitions by name: it is compared with the one of its own name, if there is one. */
  live: Readonly<Record<string, unknown>>;
  /** Reported, back from `until` (ms). */
  sinceMs: number;
  /** Epoch ms. */
  until: number;
  /** Of each kind. */
  examples: number;
}

/** Null: there are no more. Items are Segment calls, in the order of their times. */
export type DryRunPage = readonly unknown[] | null;

export type DryRunTold =
  | { type: 'faults'; faults: readonly Fault[] }
  /** Begun, or through with a page: the next one, please. */
  | { type: 'more'; definition: string }
  | { type: 'done'; outcome: Record<string, unknown> };

const port = parentPort!;
const { definition, live, workspace, sinceMs, until, examples } = workerData as DryRunWorkerData;
let number = 0;
const tell = (told: DryRunTold): void => port.postMessage(told);
const running = begin();

port.on('message', (page: DryRunPage) => {
  if (!running) return;
  if (page === null) {
    tell({ type: 'done', outcome: dryRunJson(running.run.finish(), examples) });
    return;
  }
  for (const touchpoint of admitRows(workspace, page.map(rowOf), () => {})) running.run.take(touchpoint);
  tell({ type: 'more', definition: running.name });
});

function begin(): { name: string; run: DryRunning } | null {
  const after = loadDefinition(definition);
  if (!after.ok) {
    tell({ type: 'faults', faults: after.faults });
    return null;
  }
  const { name } = after.definition;
  const before = Object.hasOwn(live, name) ? loadDefinition(live[name]) : null;
  if (before && !before.ok)
    throw new Error(`the live ${name} has faults: ${before.faults.map(({ message }) => message).join('; ')}`);
  tell({ type: 'more', definition: name });
  const settings = { workspace, before: before?.definition ?? null, after: after.definition, sinceMs, until };
  return { name, run: startDryRun(settings) };
}

function rowOf(item: unknown): TimedRow {
  return { at: timeOfRow(item) as number, number: ++number, text: JSON.stringify(item), item };
}
