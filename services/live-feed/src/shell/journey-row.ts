/**
 * A journey's row in the view: its card, the references of its channel, and the last fact as the bytes that the log holds (never
 * serialised again). One put a change.
 *
 * Layout: version (1 byte), partition (2), length of the head (4), length of the references (4), head as JSON, references, fact.
 */
import { decodeJson } from '@cairn/contracts/json.ts';
import type { JourneyChanged } from '@cairn/contracts/generated/journey.ts';
import type { JourneyCard } from '../core/board-filter.ts';

export interface JourneyHead {
  workspace: string;
  partition: number;
  seq: number;
  absorbedInto: string | null;
  card: JourneyCard;
  references: Uint8Array;
}

const VERSION = 1;
const FIXED = 11;

export function encodeRow(head: JourneyHead, fact: Uint8Array): Uint8Array {
  const { workspace, partition, seq, absorbedInto, card, references } = head;
  const text = JSON.stringify({ workspace, seq, absorbedInto, card });
  const length = Buffer.byteLength(text);
  // Not zeroed first: at 15,000 changes a second that is 30 MB/s of nothing.
  const row = Buffer.allocUnsafeSlow(FIXED + length + references.length + fact.length);
  row.writeUInt8(VERSION, 0);
  row.writeUInt16BE(partition, 1);
  row.writeUInt32BE(length, 3);
  row.writeUInt32BE(references.length, 7);
  row.write(text, FIXED);
  row.set(references, FIXED + length);
  row.set(fact, FIXED + length + references.length);
  return row;
}

export function decodeHead(row: Uint8Array): JourneyHead {
  const { fixed, head, fact } = parts(row);
  const rest = decodeJson(row.subarray(FIXED, head)) as Omit<JourneyHead, 'partition' | 'references'>;
  // Copied: the row may be a buffer that is used again.
  return { ...rest, partition: fixed.getUint16(1), references: row.slice(head, fact) };
}

export function decodeFact(row: Uint8Array): JourneyChanged {
  return decodeJson(row.subarray(parts(row).fact)) as JourneyChanged;
}

function parts(row: Uint8Array): { fixed: DataView; head: number; fact: number } {
  const fixed = new DataView(row.buffer, row.byteOffset, row.byteLength);
  const head = FIXED + fixed.getUint32(3);
  return { fixed, head, fact: head + fixed.getUint32(7) };
}
