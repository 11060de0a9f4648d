import { fork, type Serializable } from 'node:child_process';
import type { Clock } from '@cairn/clock/clock.ts';
import { parseForeignJson } from '@cairn/contracts/json.ts';
import type { Refusal } from '../core/refusals.ts';
import type { MapAnswer, MapJob, MapQuestion } from './map-process.ts';
import { createRowReader, RowsUnreadable, type RowFormat } from './read-rows.ts';

/** Rows of an import as items to admit: read here where there is no mapping, in a process of its own where there is one. */
export interface ImportRow {
  number: number;
  /** undefined where the row is at fault or skipped. */
  item: unknown;
  text: string;
  bytes: number;
  fault: Refusal | null;
  detail: string | null;
  skipped: boolean;
}

export interface RowSource {
  /** Rejects with `RowsUnreadable`: the import cannot go on. null: the end of the bytes. */
  rows(chunk: Uint8Array | null): Promise<ImportRow[]>;
  close(): Promise<void>;
}

/** A chunk is at most 64 KB, some 500 rows of under 0.1 ms. */
const CHUNK_MS_MAX = 20_000;
/** Past so many rows that took too long it is the mapping, not the rows. */
const SLOW_ROWS_MAX = 8;
const MEMORY_MB_MAX = 256;

export function createRowSource(format: RowFormat, mapping: string | null, clock: Clock): RowSource {
  return mapping === null ? createPlainSource(format) : createMappedSource({ format, mapping }, clock);
}

function createPlainSource(format: RowFormat): RowSource {
  const reader = createRowReader(format);
  return {
    async rows(chunk) {
      const rows = chunk === null ? await reader.end() : await reader.read(chunk);
      return rows.map(({ number, value, text, bytes, fault }) => ({
        number,
        item: value,
        text,
        bytes,
        fault,
        detail: null,
        skipped: false,
      }));
    },
    close: async () => {},
  };
}

function createMappedSource(job: MapJob, clock: Clock): RowSource {
  const mapper = fork(new URL('./map-process.ts', import.meta.url), {
    execArgv: [`--max-old-space-size=${MEMORY_MB_MAX}`],
    serialization: 'advanced',
    // What V8 says of its own end is of no use to anyone here.
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  let slowRows = 0;
  let ended: Error | null = null;
  let waiting: { resolve(answer: MapAnswer): void; reject(error: Error): void } | null = null;
  const exited = new Promise<void>((resolve) => mapper.once('exit', () => resolve()));

  function fail(error: Error): void {
    ended ??= error;
    waiting?.reject(ended);
    waiting = null;
  }
  mapper.on('message', (answer: MapAnswer) => {
    const asked = waiting;
    waiting = null;
    asked?.resolve(answer);
  });
  mapper.on('error', (error: Error) => fail(new RowsUnreadable(`the mapping cannot run: ${error.message}`)));
  mapper.on('exit', () => fail(new RowsUnreadable('the mapping takes too much memory')));
  send(job);

  function send(question: MapQuestion): void {
    mapper.send(question as Serializable, (error) => {
      if (error) fail(new RowsUnreadable('the mapping takes too much memory'));
    });
  }

  function ask(question: MapQuestion): Promise<MapAnswer> {
    return new Promise<MapAnswer>((resolve, reject) => {
      if (ended) return reject(ended);
      const cancel = clock.after(CHUNK_MS_MAX, () => {
        fail(new RowsUnreadable('the mapping takes too long'));
        mapper.kill('SIGKILL');
      });
      const settle =
        <T>(then: (value: T) => void) =>
        (value: T): void => {
          cancel();
          then(value);
        };
      waiting = { resolve: settle(resolve), reject: settle(reject) };
      send(question);
    });
  }

  return {
    async rows(chunk) {
      const answer = await ask(chunk);
      if ('fault' in answer) throw new RowsUnreadable(answer.fault);
      return answer.rows.map((row) => {
        if (row.tookTooLong && ++slowRows > SLOW_ROWS_MAX) throw new RowsUnreadable('the mapping takes too long');
        const { number, json, fault, detail } = row;
        return {
          number,
          item: json === null ? undefined : parseForeignJson(json),
          text: json ?? row.text,
          bytes: json === null ? 0 : Buffer.byteLength(json),
          fault,
          detail,
          skipped: json === null && fault === null,
        };
      });
    },
    async close() {
      ended ??= new RowsUnreadable('closed');
      mapper.kill('SIGKILL');
      await exited;
    },
  };
}
