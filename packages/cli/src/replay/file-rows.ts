/** A file of events as rows with their items, read once from front to back; gzip by its name. Holds a chunk at a time. */
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import type { Clock } from '@cairn/clock/clock.ts';
import type { RowFormat } from '@cairn/ingest/shell/read-rows.ts';
import { createRowSource, type ImportRow } from '@cairn/ingest/shell/row-source.ts';

export interface EventsFile {
  path: string;
  format: RowFormat;
  /** JSONata text; null: JSON lines that are touchpoints already. */
  mapping: string | null;
}

const CHUNK_BYTES = 262_144;

/** `onBytes`: told how much of the file, as it lies on the disk, has been read. */
export async function* fileRows(
  file: EventsFile,
  clock: Clock,
  onBytes: (bytes: number) => void = () => {},
): AsyncGenerator<readonly ImportRow[]> {
  const rows = createRowSource(file.format, file.mapping, clock);
  try {
    for await (const chunk of chunksOf(file.path, onBytes)) yield await rows.rows(chunk);
    yield await rows.rows(null);
  } finally {
    await rows.close();
  }
}

/** `.csv`, `.jsonl` or `.ndjson`, each also `.gz`; null: the name does not say. */
export function formatOf(path: string): RowFormat | null {
  const name = path.replace(/\.gz$/i, '');
  if (/\.(jsonl|ndjson)$/i.test(name)) return 'jsonl';
  return /\.csv$/i.test(name) ? 'csv' : null;
}

function chunksOf(path: string, onBytes: (bytes: number) => void): AsyncIterable<Uint8Array> {
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  file.on('data', (chunk) => onBytes(chunk.length));
  if (!/\.gz$/i.test(path)) return file;
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  file.on('error', (error) => gunzip.destroy(error));
  file.pipe(gunzip);
  return gunzip;
}
