/** Reads a file of events to its end and sorts it by time, so that it can be replayed. What cannot be read as a row is counted here. */
import type { Clock } from '@cairn/clock/clock.ts';
import { fileRows, type EventsFile } from './file-rows.ts';
import type { TimedRow } from '@cairn/replay/admit-rows.ts';
import { timeOfRow } from '@cairn/replay/row-time.ts';
import { createSortedRows, type SortedRows } from './sort-rows.ts';

export interface LoadedEvents {
  rows: SortedRows;
  read: number;
  /** Rows that the mapping makes nothing of. */
  skipped: number;
  refused: Record<string, number>;
  /** The first few refusals, for whoever wonders. */
  examples: string[];
}

export const EXAMPLES_KEPT = 5;
/** Rows without a time at the head of a file wait for the first that has one; more say that the file has none. */
const TIMELESS_MAX = 10_000;

/** `until`: later rows are left out, epoch ms. */
export async function loadEvents(
  file: EventsFile,
  until: number | null,
  clock: Clock,
  onBytes?: (bytes: number) => void,
): Promise<LoadedEvents> {
  const rows = createSortedRows();
  const loaded: LoadedEvents = { rows, read: 0, skipped: 0, refused: {}, examples: [] };
  /** A row that says no time happened when the one before it did, the first ones with the first that says one. */
  let before: number | null = null;
  let timeless: Omit<TimedRow, 'at'>[] = [];
  const add = (row: Omit<TimedRow, 'at'>, at: number): void => {
    if (until === null || at <= until) rows.add({ ...row, at });
  };
  const addTimeless = (at: number): void => {
    for (const row of timeless) add(row, at);
    timeless = [];
  };
  try {
    for await (const some of fileRows(file, clock, onBytes))
      for (const { number, item, text, fault, detail, skipped } of some) {
        loaded.read++;
        if (skipped) loaded.skipped++;
        else if (fault) refuse(loaded, fault, number, detail);
        else {
          const row = { number, text, item };
          const found = timeOfRow(item);
          if (typeof found === 'number') {
            if (before === null) addTimeless(found);
            before = found;
          }
          // Whether it is refused for its time or for something else, it is for `admitTouchpoint` to say.
          if (before !== null) add(row, before);
          else if (timeless.push(row) >= TIMELESS_MAX) addTimeless((before = 0));
        }
      }
    addTimeless(0);
  } catch (error) {
    rows.close();
    throw error;
  }
  return loaded;
}

export function refuse(
  counts: Pick<LoadedEvents, 'refused' | 'examples'>,
  reason: string,
  row: number,
  detail: string | null,
): void {
  counts.refused[reason] = (counts.refused[reason] ?? 0) + 1;
  if (counts.examples.length < EXAMPLES_KEPT)
    counts.examples.push(`row ${row}: ${reason}${detail === null ? '' : ` (${detail})`}`);
}
