/**
 * Kafka's record batches (message format 2) as bytes: one batch out of records, and the committed records out of a fetched
 * stretch of log. Pure. kafkajs has both, but its decoder drops empty batches (compaction leaves them behind, and a reader that
 * cannot see them never gets past them), and both cost five times as much. Must never know of connections.
 */
import { crc32c } from './crc32c.ts';

export interface RecordToWrite {
  key: string;
  value: Uint8Array | null;
  headers?: Readonly<Record<string, string>> | undefined;
}

export interface BatchToWrite {
  records: readonly RecordToWrite[];
  producerId: bigint;
  producerEpoch: number;
  /** Of the first record, per producer and partition. */
  sequence: number;
  transactional: boolean;
  /** Epoch ms. The broker puts its own time over it (LogAppendTime). */
  timestamp: number;
}

export interface ReadRecord {
  offset: bigint;
  /** Epoch ms. */
  at: number;
  key: Buffer | null;
  value: Buffer | null;
  headers: Readonly<Record<string, string>>;
}

export interface ReadBatch {
  baseOffset: bigint;
  /** Of the batch, not of its last surviving record: compaction keeps it. */
  lastOffset: bigint;
  producerId: bigint;
  transactional: boolean;
  /** What a control batch says; null for a batch of data. */
  control: 'commit' | 'abort' | 'other' | null;
  records: ReadRecord[];
}

/** A transaction of a producer that was aborted, and the offset of its first record in the partition. */
export interface AbortedTransaction {
  producerId: bigint;
  firstOffset: bigint;
}

const HEADER_BYTES = 61;
const CRC_FROM = 21;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
const LOG_APPEND_TIME = 0x08;
const COMPRESSION = 0x07;
const MAGIC = 2;
const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({});

/** Bytes that a record takes in a batch at the most (ten for each of the four lengths and deltas). */
export function recordBytes(record: RecordToWrite): number {
  let bytes = 40 + Buffer.byteLength(record.key) + (record.value?.length ?? 0);
  if (record.headers)
    for (const [name, value] of Object.entries(record.headers))
      bytes += 10 + Buffer.byteLength(name) + Buffer.byteLength(value);
  return bytes;
}

export function encodeRecordBatch(batch: BatchToWrite): Buffer {
  let size = HEADER_BYTES;
  for (const record of batch.records) size += recordBytes(record);
  const out = Buffer.allocUnsafe(size);
  let at = HEADER_BYTES;
  for (let i = 0; i < batch.records.length; i++) at = writeRecord(out, at, i, batch.records[i]!);

  const count = batch.records.length;
  out.writeBigInt64BE(0n, 0);
  out.writeInt32BE(at - 12, 8);
  out.writeInt32BE(-1, 12);
  out.writeInt8(MAGIC, 16);
  out.writeInt16BE(batch.transactional ? TRANSACTIONAL : 0, 21);
  out.writeInt32BE(count - 1, 23);
  out.writeBigInt64BE(BigInt(batch.timestamp), 27);
  out.writeBigInt64BE(BigInt(batch.timestamp), 35);
  out.writeBigInt64BE(batch.producerId, 43);
  out.writeInt16BE(batch.producerEpoch, 51);
  out.writeInt32BE(batch.sequence, 53);
  out.writeInt32BE(count, 57);
  out.writeUInt32BE(crc32c(out, CRC_FROM, at), 17);
  return out.subarray(0, at);
}

function writeRecord(out: Buffer, start: number, index: number, record: RecordToWrite): number {
  const keyBytes = Buffer.byteLength(record.key);
  const valueBytes = record.value === null ? -1 : record.value.length;
  const headers = record.headers ? Object.entries(record.headers) : [];
  let body =
    2 +
    varIntBytes(index) +
    varIntBytes(keyBytes) +
    keyBytes +
    varIntBytes(valueBytes) +
    Math.max(0, valueBytes) +
    varIntBytes(headers.length);
  for (const [name, value] of headers) {
    const nameBytes = Buffer.byteLength(name);
    const textBytes = Buffer.byteLength(value);
    body += varIntBytes(nameBytes) + nameBytes + varIntBytes(textBytes) + textBytes;
  }
  let at = writeVarInt(out, start, body);
  out[at++] = 0; // attributes
  out[at++] = 0; // timestamp delta
  at = writeVarInt(out, at, index);
  at = writeVarInt(out, at, keyBytes);
  at += out.write(record.key, at);
  at = writeVarInt(out, at, valueBytes);
  if (record.value !== null) {
    out.set(record.value, at);
    at += valueBytes;
  }
  at = writeVarInt(out, at, headers.length);
  for (const [name, value] of headers) {
    at = writeVarInt(out, at, Buffer.byteLength(name));
    at += out.write(name, at);
    at = writeVarInt(out, at, Buffer.byteLength(value));
    at += out.write(value, at);
  }
  return at;
}

/** Zigzag, seven bits a byte. */
function writeVarInt(out: Buffer, at: number, value: number): number {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0;
  while (rest > 0x7f) {
    out[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  out[at++] = rest;
  return at;
}

function varIntBytes(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  return zigzag < 0x80 ? 1 : zigzag < 0x4000 ? 2 : zigzag < 0x200000 ? 3 : zigzag < 0x10000000 ? 4 : 5;
}

/** The whole batches of a fetched stretch of log; a batch cut off at the end is left out (the next fetch brings it whole). */
export function decodeRecordBatches(bytes: Buffer): ReadBatch[] {
  const batches: ReadBatch[] = [];
  for (let at = 0; at + HEADER_BYTES <= bytes.length;) {
    const length = 12 + bytes.readInt32BE(at + 8);
    if (at + length > bytes.length) break;
    batches.push(decodeBatch(bytes, at, at + length));
    at += length;
  }
  return batches;
}

function decodeBatch(bytes: Buffer, start: number, end: number): ReadBatch {
  const magic = bytes.readInt8(start + 16);
  if (magic !== MAGIC) throw new Error(`message format ${magic} is older than Kafka 0.11: not supported`);
  const attributes = bytes.readInt16BE(start + 21);
  if ((attributes & COMPRESSION) !== 0)
    throw new Error('a compressed record batch: Cairn writes none, and this topic is Cairn’s own');
  const baseOffset = bytes.readBigInt64BE(start);
  const baseTimestamp = Number(bytes.readBigInt64BE(start + 27));
  const maxTimestamp = Number(bytes.readBigInt64BE(start + 35));
  const appendTime = (attributes & LOG_APPEND_TIME) !== 0;
  const batch: ReadBatch = {
    baseOffset,
    lastOffset: baseOffset + BigInt(bytes.readInt32BE(start + 23)),
    producerId: bytes.readBigInt64BE(start + 43),
    transactional: (attributes & TRANSACTIONAL) !== 0,
    control: null,
    records: [],
  };
  const count = bytes.readInt32BE(start + 57);
  const cursor: Cursor = { bytes, at: start + HEADER_BYTES };
  for (let i = 0; i < count && cursor.at < end; i++) {
    const next = readVarInt(cursor);
    const recordEnd = cursor.at + next;
    cursor.at++; // attributes
    const timestampDelta = readVarLong(cursor);
    const offset = baseOffset + BigInt(readVarInt(cursor));
    const key = readBytes(cursor);
    const value = readBytes(cursor);
    const headers = readHeaders(cursor);
    batch.records.push({ offset, at: appendTime ? maxTimestamp : baseTimestamp + timestampDelta, key, value, headers });
    cursor.at = recordEnd;
  }
  if ((attributes & CONTROL) !== 0) {
    // A control record's key is a version and a type, two bytes each: 0 abort, 1 commit.
    const type = batch.records[0]?.key && batch.records[0].key.length >= 4 ? batch.records[0].key.readInt16BE(2) : -1;
    batch.control = type === 0 ? 'abort' : type === 1 ? 'commit' : 'other';
    batch.records = [];
  }
  return batch;
}

interface Cursor {
  bytes: Buffer;
  at: number;
}

function readVarInt(cursor: Cursor): number {
  let value = 0;
  let shift = 0;
  let byte: number;
  do {
    byte = cursor.bytes[cursor.at++]!;
    value |= (byte & 0x7f) << shift;
    shift += 7;
  } while (byte & 0x80);
  return (value >>> 1) ^ -(value & 1);
}

/** A timestamp's delta may take more than 32 bits; it is exact up to 2^53. */
function readVarLong(cursor: Cursor): number {
  const first = cursor.bytes[cursor.at]!;
  if (first < 0x80) {
    cursor.at++;
    return (first >>> 1) ^ -(first & 1);
  }
  let value = 0n;
  let shift = 0n;
  let byte: number;
  do {
    byte = cursor.bytes[cursor.at++]!;
    value |= BigInt(byte & 0x7f) << shift;
    shift += 7n;
  } while (byte & 0x80);
  return Number((value >> 1n) ^ -(value & 1n));
}

function readBytes(cursor: Cursor): Buffer | null {
  const length = readVarInt(cursor);
  if (length < 0) return null;
  const bytes = cursor.bytes.subarray(cursor.at, cursor.at + length);
  cursor.at += length;
  return bytes;
}

function readHeaders(cursor: Cursor): Readonly<Record<string, string>> {
  const count = readVarInt(cursor);
  if (count <= 0) return NO_HEADERS;
  const headers: [string, string][] = [];
  for (let i = 0; i < count; i++) {
    const name = readBytes(cursor)?.toString('utf8') ?? '';
    headers.push([name, readBytes(cursor)?.toString('utf8') ?? '']);
  }
  // Not by assignment: a header may be called `__proto__`.
  return Object.fromEntries(headers);
}

/**
 * The committed records from `fromOffset` on, and the offset to go on from: past control markers, aborted records and what
 * compaction took away.
 */
export function committedRecords(
  batches: readonly ReadBatch[],
  aborted: readonly AbortedTransaction[],
  fromOffset: bigint,
): { records: ReadRecord[]; nextOffset: bigint } {
  const pending = [...aborted].sort((a, b) =>
    a.firstOffset < b.firstOffset ? -1 : a.firstOffset > b.firstOffset ? 1 : 0,
  );
  const abortedProducers = new Set<bigint>();
  const records: ReadRecord[] = [];
  let nextOffset = fromOffset;
  for (const batch of batches) {
    while (pending.length > 0 && pending[0]!.firstOffset <= batch.lastOffset)
      abortedProducers.add(pending.shift()!.producerId);
    if (batch.lastOffset >= nextOffset) nextOffset = batch.lastOffset + 1n;
    if (batch.control !== null) {
      if (batch.control === 'abort') abortedProducers.delete(batch.producerId);
      continue;
    }
    if (batch.transactional && abortedProducers.has(batch.producerId)) continue;
    if (batch.baseOffset >= fromOffset) for (const record of batch.records) records.push(record);
    else for (const record of batch.records) if (record.offset >= fromOffset) records.push(record);
  }
  return { records, nextOffset };
}
