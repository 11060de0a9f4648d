import { createHash } from 'node:crypto';
import type { LogRecord, NewRecord, StateEntry } from './log.ts';

/**
 * How records, state and timers are laid out in LMDB. Records lie in *chunks* (some 32 KB of consecutive records under one key):
 * one put for a chunk instead of one for each record is what makes batches cheap. Pure bytes: no database, no clock.
 *
 * Keys start with a 2-byte id of their partition (topic partition or task partition); numbers in keys are big-endian.
 */
export interface ChunkRecord {
  /** Distance from the chunk's offset. */
  delta: number;
  record: Pick<NewRecord, 'key' | 'value' | 'headers'>;
}

const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({});
const NO_TIMERS: Readonly<Record<string, number>> = Object.freeze({});
/** LMDB allows 1,978 bytes a key; a timer's holds the state key, 11 bytes and the purpose beside it. */
const MAX_STATE_KEY_BYTES = 1_600;
export const MAX_PURPOSE_BYTES = 255;
const DIGEST_BYTES = 32;
const CHUNK_HEAD = 13;
const RECORD_HEAD = 16;
const LAYOUT_VERSION = 1;

/** Key of a chunk: the partition's id and the chunk's first offset. */
export function chunkKey(id: number, offset: number): Buffer {
  const key = Buffer.allocUnsafe(10);
  key.writeUInt16BE(id, 0);
  key.writeUInt32BE(Math.floor(offset / 0x1_0000_0000), 2);
  key.writeUInt32BE(offset % 0x1_0000_0000, 6);
  return key;
}

export function chunkOffset(key: Uint8Array): number {
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength);
  return view.getUint32(2) * 0x1_0000_0000 + view.getUint32(6);
}

/** An upper bound of what a record takes in a chunk. */
export function recordSize(record: ChunkRecord['record']): number {
  return RECORD_HEAD + 3 * record.key.length + (record.value?.byteLength ?? 0) + (record.headers ? 256 : 0);
}

/** `at`, the log time, is one for the chunk. */
export function encodeChunk(at: number, records: readonly ChunkRecord[]): Buffer {
  const headers = records.map(({ record }) => encodeHeaders(record.headers));
  let size = CHUNK_HEAD;
  for (let i = 0; i < records.length; i++) {
    const { key, value } = records[i]!.record;
    size += RECORD_HEAD + Buffer.byteLength(key) + Buffer.byteLength(headers[i]!) + (value?.byteLength ?? 0);
  }
  const chunk = Buffer.allocUnsafe(size);
  chunk[0] = LAYOUT_VERSION;
  chunk.writeDoubleBE(at, 1);
  chunk.writeUInt32BE(records.length, 9);
  let position = CHUNK_HEAD;
  for (let i = 0; i < records.length; i++) {
    const { delta, record } = records[i]!;
    const body = position + RECORD_HEAD;
    const keyLength = chunk.write(record.key, body);
    const headersLength = headers[i] === '' ? 0 : chunk.write(headers[i]!, body + keyLength);
    const valueLength = record.value?.byteLength ?? 0;
    if (record.value) chunk.set(record.value, body + keyLength + headersLength);
    chunk.writeUInt32BE(delta, position);
    chunk.writeUInt32BE(keyLength, position + 4);
    chunk.writeUInt32BE(headersLength, position + 8);
    chunk.writeUInt32BE(record.value ? valueLength + 1 : 0, position + 12);
    position = body + keyLength + headersLength + valueLength;
  }
  return chunk;
}

export const chunkAt = (chunk: Buffer): number => chunk.readDoubleBE(1);

/** The chunk's records from `from` on. The values are views of the chunk, not copies. */
export function* decodeChunk(
  chunk: Buffer,
  where: { topic: string; partition: number; offset: number; from: number },
): Generator<LogRecord> {
  if (chunk[0] !== LAYOUT_VERSION) throw new Error(`a chunk of ${where.topic} has the unknown layout ${chunk[0]}`);
  const at = chunkAt(chunk);
  const count = chunk.readUInt32BE(9);
  let position = CHUNK_HEAD;
  for (let i = 0; i < count; i++) {
    const offset = where.offset + chunk.readUInt32BE(position);
    const keyEnd = position + RECORD_HEAD + chunk.readUInt32BE(position + 4);
    const headersEnd = keyEnd + chunk.readUInt32BE(position + 8);
    const valueMark = chunk.readUInt32BE(position + 12);
    const end = headersEnd + Math.max(0, valueMark - 1);
    if (offset >= where.from)
      yield {
        topic: where.topic,
        partition: where.partition,
        offset: BigInt(offset),
        at,
        key: chunk.toString('utf8', position + RECORD_HEAD, keyEnd),
        value: valueMark === 0 ? null : chunk.subarray(headersEnd, end),
        headers: keyEnd === headersEnd ? NO_HEADERS : decodeHeaders(chunk, keyEnd, headersEnd),
      };
    position = end;
  }
}

function encodeHeaders(headers: Readonly<Record<string, string>> | undefined): string {
  if (!headers) return '';
  const text = JSON.stringify(headers);
  return text === '{}' ? '' : text;
}

function decodeHeaders(chunk: Buffer, start: number, end: number): Readonly<Record<string, string>> {
  return JSON.parse(chunk.toString('utf8', start, end)) as Record<string, string>;
}

/** A state key's bytes; of one that is too long for LMDB its beginning and a digest (its full text lies in the entry). */
export function stateKeyBytes(key: string): Buffer {
  const bytes = Buffer.from(key);
  if (bytes.length <= MAX_STATE_KEY_BYTES) return bytes;
  const digest = createHash('sha256').update(bytes).digest();
  return Buffer.concat([bytes.subarray(0, MAX_STATE_KEY_BYTES - DIGEST_BYTES), digest]);
}

/** What all state keys with this prefix begin with; longer prefixes are cut, the caller looks at the full keys. */
export function statePrefixBytes(prefix: string): Buffer {
  return Buffer.from(prefix).subarray(0, MAX_STATE_KEY_BYTES - DIGEST_BYTES);
}

export function withId(id: number, bytes: Uint8Array): Buffer {
  const key = Buffer.allocUnsafe(2 + bytes.length);
  key.writeUInt16BE(id, 0);
  key.set(bytes, 2);
  return key;
}

/** A state entry: 1 byte flags, 4 bytes length of the timers, [4 bytes length and text of a long key], timers, value. */
export function encodeEntry(key: string, keyBytes: Buffer, entry: StateEntry): Buffer {
  const longKey = keyBytes.length === MAX_STATE_KEY_BYTES ? Buffer.from(key) : null;
  const timers = encodeTimers(entry.timers);
  const timersAt = 5 + (longKey ? 4 + longKey.length : 0);
  const bytes = Buffer.allocUnsafe(timersAt + Buffer.byteLength(timers) + (entry.value?.byteLength ?? 0));
  bytes[0] = (entry.value ? 1 : 0) | (longKey ? 2 : 0);
  bytes.writeUInt32BE(Buffer.byteLength(timers), 1);
  if (longKey) {
    bytes.writeUInt32BE(longKey.length, 5);
    bytes.set(longKey, 9);
  }
  if (timers !== '') bytes.write(timers, timersAt);
  if (entry.value) bytes.set(entry.value, timersAt + Buffer.byteLength(timers));
  return bytes;
}

export function decodeEntry(bytes: Buffer): StateEntry {
  const timersAt = timersStart(bytes);
  const valueAt = timersAt + bytes.readUInt32BE(1);
  return { value: bytes[0]! & 1 ? bytes.subarray(valueAt) : null, timers: decodeTimers(bytes) };
}

/** The timers alone: needed at every change, when the value is not. */
export function decodeTimers(bytes: Buffer): Readonly<Record<string, number>> {
  const length = bytes.readUInt32BE(1);
  if (length === 0) return NO_TIMERS;
  const start = timersStart(bytes);
  return JSON.parse(bytes.toString('utf8', start, start + length)) as Record<string, number>;
}

/** The key as it was given: of the entry for a long one, else of the database key. */
export function entryKey(databaseKey: Uint8Array, entry: Buffer): string {
  if (entry[0]! & 2) return entry.toString('utf8', 9, 9 + entry.readUInt32BE(5));
  return Buffer.from(databaseKey.buffer, databaseKey.byteOffset, databaseKey.byteLength).toString('utf8', 2);
}

function timersStart(bytes: Buffer): number {
  return bytes[0]! & 2 ? 9 + bytes.readUInt32BE(5) : 5;
}

function encodeTimers(timers: Readonly<Record<string, number>>): string {
  const text = JSON.stringify(timers);
  return text === '{}' ? '' : text;
}

/** A timer's key sorts by due time, state key, purpose. */
export function timerKey(id: number, dueAt: number, keyBytes: Buffer, purpose: string): Buffer {
  const key = Buffer.allocUnsafe(11 + keyBytes.length + Buffer.byteLength(purpose));
  timerBound(id, dueAt).copy(key);
  key.set(keyBytes, 10);
  key[10 + keyBytes.length] = 0;
  key.write(purpose, 11 + keyBytes.length);
  return key;
}

/** The lowest key of timers due at `dueAt`. Doubles sort as their bits once the sign is turned. */
export function timerBound(id: number, dueAt: number): Buffer {
  const bound = Buffer.allocUnsafe(10);
  bound.writeUInt16BE(id, 0);
  bound.writeDoubleBE(dueAt === 0 ? 0 : dueAt, 2);
  if (bound[2]! & 0x80) for (let i = 2; i < 10; i++) bound[i] = ~bound[i]! & 0xff;
  else bound[2] = bound[2]! | 0x80;
  return bound;
}

/** `keyLength`, the length of the state key, is the timer's value. */
export function decodeTimerKey(key: Buffer, keyLength: number): { dueAt: number; keyBytes: Buffer; purpose: string } {
  const time = Buffer.from(key.subarray(2, 10));
  if (time[0]! & 0x80) time[0] = time[0]! & 0x7f;
  else for (let i = 0; i < 8; i++) time[i] = ~time[i]! & 0xff;
  return {
    dueAt: time.readDoubleBE(0),
    keyBytes: key.subarray(10, 10 + keyLength),
    purpose: key.toString('utf8', 11 + keyLength),
  };
}
