import { isUtf8 } from 'node:buffer';
import { parseForeignJson } from '@cairn/contracts/json.ts';
import { parse } from 'csv-parse';

/**
 * Cuts a stream of bytes into rows: JSON lines, or CSV with a header. Holds no more than one row over, and no row over 1 MB: an
 * endless line is dropped as it comes.
 */
export interface Row {
  /** From 1; blank lines and the header do not count. */
  number: number;
  /** Parsed JSON, or the columns by name. */
  value: unknown;
  /** As it came, or near enough for a dead letter. */
  text: string;
  bytes: number;
  fault: 'malformed-json' | 'too-large' | null;
}

export interface RowReader {
  /** The rows that this chunk completed. Rejects with `RowsUnreadable` when nothing after this can be read. */
  read(chunk: Uint8Array): Promise<Row[]>;
  end(): Promise<Row[]>;
}

/** The rows cannot be told apart any more. */
export class RowsUnreadable extends Error {
  override name = 'RowsUnreadable';
}

export type RowFormat = 'jsonl' | 'csv';

/** A row may be larger than the touchpoint that a mapping makes of it. */
export const ROW_BYTES_MAX = 1_048_576;
const KEPT_OF_TOO_LARGE = 65_536;
const LINE_FEED = 0x0a;

export function createRowReader(format: RowFormat): RowReader {
  return format === 'jsonl' ? createJsonLinesReader() : createCsvReader();
}

function createJsonLinesReader(): RowReader {
  let rest: Buffer = Buffer.alloc(0);
  let dropping = false;
  let number = 0;

  function rowsOf(line: Buffer): Row[] {
    const start = number === 0 && line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf ? 3 : 0;
    const text = line.toString('utf8', start).trim();
    if (text === '') return [];
    number++;
    const row = { number, text, bytes: line.length - start };
    if (!isUtf8(line)) return [{ ...row, value: undefined, fault: 'malformed-json' }];
    try {
      return [{ ...row, value: parseForeignJson(text), fault: null }];
    } catch {
      return [{ ...row, value: undefined, fault: 'malformed-json' }];
    }
  }

  function tooLarge(start: Buffer): Row {
    number++;
    return {
      number,
      value: undefined,
      text: start.toString('utf8', 0, KEPT_OF_TOO_LARGE),
      bytes: start.length,
      fault: 'too-large',
    };
  }

  return {
    async read(chunk) {
      const rows: Row[] = [];
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      let from = 0;
      for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, from)) {
        const line = bytes.subarray(from, at);
        if (!dropping) rows.push(...rowsOf(rest.length > 0 ? Buffer.concat([rest, line]) : line));
        rest = Buffer.alloc(0);
        dropping = false;
        from = at + 1;
      }
      if (!dropping && from < bytes.length) rest = Buffer.concat([rest, bytes.subarray(from)]);
      if (rest.length > ROW_BYTES_MAX) {
        rows.push(tooLarge(rest));
        rest = Buffer.alloc(0);
        dropping = true;
      }
      return rows;
    },
    end: async () => (dropping || rest.length === 0 ? [] : rowsOf(rest)),
  };
}

function createCsvReader(): RowReader {
  let rows: Row[] = [];
  let number = 0;
  let fault: Error | null = null;
  const parser = parse({
    bom: true,
    columns: true,
    skip_empty_lines: true,
    // Exports are rarely perfect: a stray quote or a missing last column must not stop a million rows.
    relax_quotes: true,
    relax_column_count: true,
    max_record_size: ROW_BYTES_MAX,
    on_record: (record: Record<string, string>) => {
      number++;
      const text = JSON.stringify(record);
      rows.push({ number, value: record, text, bytes: text.length, fault: null });
      return null;
    },
  });
  parser.on('error', (error) => (fault = error));
  parser.resume();

  function taken(): Row[] {
    const complete = rows;
    rows = [];
    return complete;
  }
  function settled(write: (done: (error?: Error | null) => void) => void): Promise<Row[]> {
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void => reject(new RowsUnreadable(`row ${number + 1}: ${error.message}`));
      if (fault) return fail(fault);
      write((error) => (error ? fail(error) : resolve(taken())));
    });
  }
  return {
    read: (chunk) => settled((done) => parser.write(chunk, done)),
    end: () =>
      settled((done) => {
        parser.once('error', done);
        parser.end(() => done(fault));
      }),
  };
}
