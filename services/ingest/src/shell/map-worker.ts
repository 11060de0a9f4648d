import { parentPort, workerData } from 'node:worker_threads';
import type { Refusal } from '../core/refusals.ts';
import { compileMapping, RowFault } from './mapping.ts';
import { createRowReader, type Row, type RowFormat } from './read-rows.ts';

/**
 * Reads and maps the rows of one import on a thread of its own, where a regular expression that never ends, or a list that fills
 * the memory, ends with the thread (`row-source.ts` sees to it) and nobody else waits.
 */
export interface MapWorkerData {
  format: RowFormat;
  mapping: string;
}
/** null: the end of the rows. */
export type MapQuestion = Uint8Array | null;
export type MapAnswer = { rows: MappedRow[] } | { fault: string };

export interface MappedRow {
  number: number;
  /** The touchpoint as JSON; null when the row is skipped or at fault. */
  json: string | null;
  /** The row as it came; empty unless it is at fault. */
  text: string;
  fault: Refusal | null;
  detail: string | null;
  tookTooLong: boolean;
}

const { format, mapping } = workerData as MapWorkerData;
const reader = createRowReader(format);
const mapper = compileMapping(mapping);

async function mapRow(row: Row): Promise<MappedRow> {
  const { number } = row;
  const at = (fault: Refusal, detail: string | null, tookTooLong = false): MappedRow => ({
    number,
    json: null,
    text: row.text,
    fault,
    detail,
    tookTooLong,
  });
  if (row.fault) return at(row.fault, null);
  try {
    const mapped = await mapper.map(row.value, number);
    // `undefined` and functions have no JSON; a row that maps to nothing is skipped.
    const json = mapped === undefined || mapped === null ? undefined : JSON.stringify(mapped);
    return { number, json: json ?? null, text: '', fault: null, detail: null, tookTooLong: false };
  } catch (error) {
    return at(
      'schema-violation',
      `mapping: ${(error as Error).message}`,
      error instanceof RowFault && error.tookTooLong,
    );
  }
}

parentPort!.on('message', (question: MapQuestion) => void answer(question));

async function answer(question: MapQuestion): Promise<void> {
  try {
    const rows: MappedRow[] = [];
    for (const row of question === null ? await reader.end() : await reader.read(question))
      rows.push(await mapRow(row));
    parentPort!.postMessage({ rows } satisfies MapAnswer);
  } catch (error) {
    parentPort!.postMessage({ fault: (error as Error).message } satisfies MapAnswer);
  }
}
