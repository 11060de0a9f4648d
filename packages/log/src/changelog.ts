/**
 * How a task's state is written to its compacted changelog topic: a record for each changed key (the whole new value and all
 * timers of the key, or a tombstone), and in every transaction one record for the position in the inbox. Pure.
 */
import type { Cycle, StateChange } from './log.ts';

/** The key of the position. A task's own keys must not be this one. */
export const POSITION_KEY = '~position';

const FORMAT = 1;
const NO_TIMERS: Readonly<Record<string, number>> = Object.freeze({});

export interface Position {
  nextOffset: bigint;
  logTime: number;
}

/**
 * Format 1: `u8 1`, `u8 has a value`, `u16 timers`, then per timer `u16 length, purpose, f64 due time (epoch ms)`, then the value's
 * bytes. null: a tombstone (no value, no timers).
 */
export function encodeEntry(change: StateChange): Buffer | null {
  const timers = Object.entries(change.timers);
  if (change.value === null && timers.length === 0) return null;
  let size = 4 + (change.value?.length ?? 0);
  for (const [purpose] of timers) size += 10 + Buffer.byteLength(purpose);
  const out = Buffer.allocUnsafe(size);
  out[0] = FORMAT;
  out[1] = change.value === null ? 0 : 1;
  let at = out.writeUInt16BE(timers.length, 2);
  for (const [purpose, dueAt] of timers) {
    const bytes = out.write(purpose, at + 2);
    at = out.writeUInt16BE(bytes, at) + bytes;
    at = out.writeDoubleBE(dueAt, at);
  }
  if (change.value !== null) out.set(change.value, at);
  return out;
}

/** The change that a changelog record stands for. Throws on a format that this version does not know. */
export function decodeEntry(key: string, bytes: Uint8Array | null): StateChange {
  if (bytes === null) return { key, value: null, timers: NO_TIMERS };
  const from = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (from[0] !== FORMAT) throw new Error(`changelog entry of format ${from[0]}: written by a newer version`);
  const count = from.readUInt16BE(2);
  let at = 4;
  let timers = NO_TIMERS;
  if (count > 0) {
    const read: Record<string, number> = {};
    for (let i = 0; i < count; i++) {
      const length = from.readUInt16BE(at);
      const purpose = from.toString('utf8', at + 2, at + 2 + length);
      read[purpose] = from.readDoubleBE(at + 2 + length);
      at += 10 + length;
    }
    timers = read;
  }
  return { key, value: from[1] === 1 ? from.subarray(at) : null, timers };
}

/** The position after a cycle: `i64 next offset, f64 log time`. */
export function encodePosition(cycle: Pick<Cycle, 'nextOffset' | 'logTime'>): Buffer {
  const out = Buffer.allocUnsafe(16);
  out.writeBigInt64BE(cycle.nextOffset, 0);
  out.writeDoubleBE(cycle.logTime, 8);
  return out;
}

export function decodePosition(bytes: Uint8Array): Position {
  const from = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { nextOffset: from.readBigInt64BE(0), logTime: from.readDoubleBE(8) };
}
