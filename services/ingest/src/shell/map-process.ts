import { setPriority } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Refusal } from '../core/refusals.ts';
import { compileMapping, RowFault, type Mapping } from './mapping.ts';
import { createRowReader, type Row, type RowFormat, type RowReader } from './read-rows.ts';

/**
 * Reads and maps the rows of one import in a process of its own. A mapping comes from whoever holds a write key; a regular expression
 * that never ends can only be killed, and a list that fills the memory aborts the process, for a thread too (seen: V8 gives up in the
 * midst of an allocation and takes the whole process along).
 */
export interface MapJob {
  format: RowFormat;
  mapping: string;
}
/** The job first, then chunks of bytes; null is the end of the rows. Each chunk gets one answer. */
export type MapQuestion = MapJob | Uint8Array | null;
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

/** History has time; those who wait for an answer to a POST have not. */
const NICENESS = 5;
/** Busy for ever, this thread would not notice that its parent is gone, and would live on without it. */
const WATCH_PARENT = `setInterval(() => { if (process.ppid !== ${process.ppid}) process.kill(process.pid, 'SIGKILL'); }, 1000)`;

let reader: RowReader;
let mapping: Mapping;

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
    const mapped = await mapping.map(row.value, number);
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

async function answer(chunk: Uint8Array | null): Promise<MapAnswer> {
  try {
    const rows: MappedRow[] = [];
    for (const row of chunk === null ? await reader.end() : await reader.read(chunk)) rows.push(await mapRow(row));
    return { rows };
  } catch (error) {
    return { fault: (error as Error).message };
  }
}

process.on('disconnect', () => process.exit(0));
process.on('message', (question: MapQuestion) => {
  if (question !== null && 'mapping' in question) {
    reader = createRowReader(question.format);
    mapping = compileMapping(question.mapping);
  } else void answer(question).then((answered) => process.send!(answered));
});
setPriority(NICENESS);
new Worker(WATCH_PARENT, { eval: true }).unref();
