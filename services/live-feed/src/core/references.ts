/**
 * A bounded ring of references into one partition of the log, packed into bytes: the offsets of a channel's last records, oldest
 * first, each with a mark. 2–3 bytes a reference where 2 KB of frame would be the alternative. Pure.
 *
 * Layout: base, completeFrom, last (8 bytes each, big-endian), count (2), then a varint a reference: (offset − the one before) × 2 + mark.
 */
export interface Reference {
  offset: bigint;
  /** On a journey: the record carries a touchpoint. */
  marked: boolean;
}

export interface References {
  list: readonly Reference[];
  /** From this offset on no reference is missing. */
  completeFrom: bigint;
}

const HEADER = 26;

/** The offset of the newest reference; −1 when there is none. */
export function lastReference(packed: Uint8Array | null): bigint {
  return packed && packed.length >= HEADER ? view(packed).getBigInt64(16) : -1n;
}

/**
 * Appends one reference. Over `capacity` × 1.25 the oldest are dropped down to `capacity` (not one by one: that would repack every time).
 * `hole`: records before this one are missing (compacted away), so that completeness starts here.
 */
export function appendReference(
  packed: Uint8Array | null,
  reference: Reference,
  capacity: number,
  hole = false,
): Uint8Array {
  const { offset, marked } = reference;
  if (!packed || packed.length < HEADER) return pack([reference], hole ? offset : 0n);
  const header = view(packed);
  const count = header.getUint16(24);
  const completeFrom = hole ? offset : header.getBigInt64(8);
  if (count + 1 > capacity * 1.25) {
    const kept = [...unpackReferences(packed).list, reference].slice(-capacity);
    const from = kept[0]!.offset;
    return pack(kept, completeFrom > from ? completeFrom : from);
  }
  const delta = varint(Number(offset - header.getBigInt64(16)) * 2 + (marked ? 1 : 0));
  const grown = new Uint8Array(packed.length + delta.length);
  grown.set(packed);
  grown.set(delta, packed.length);
  const after = view(grown);
  after.setBigInt64(8, completeFrom);
  after.setBigInt64(16, offset);
  after.setUint16(24, count + 1);
  return grown;
}

export function unpackReferences(packed: Uint8Array | null): References {
  if (!packed || packed.length < HEADER) return { list: [], completeFrom: 0n };
  const header = view(packed);
  const list: Reference[] = [];
  let offset = header.getBigInt64(0);
  for (let at = HEADER; at < packed.length;) {
    let value = 0;
    let scale = 1;
    let byte: number;
    do {
      byte = packed[at++]!;
      value += (byte & 0x7f) * scale;
      scale *= 128;
    } while (byte & 0x80);
    offset += BigInt(Math.floor(value / 2));
    list.push({ offset, marked: value % 2 === 1 });
  }
  return { list, completeFrom: header.getBigInt64(8) };
}

/** Without marks: what the records carry is told by somebody else from now on. */
export function withoutMarks(packed: Uint8Array): Uint8Array {
  const { list, completeFrom } = unpackReferences(packed);
  return list.length === 0
    ? packed
    : pack(
        list.map(({ offset }) => ({ offset, marked: false })),
        completeFrom,
      );
}

function pack(list: readonly Reference[], completeFrom: bigint): Uint8Array {
  const bytes: number[] = [];
  const base = list[0]!.offset;
  let before = base;
  for (const { offset, marked } of list) {
    bytes.push(...varint(Number(offset - before) * 2 + (marked ? 1 : 0)));
    before = offset;
  }
  const packed = new Uint8Array(HEADER + bytes.length);
  const header = view(packed);
  header.setBigInt64(0, base);
  header.setBigInt64(8, completeFrom);
  header.setBigInt64(16, before);
  header.setUint16(24, list.length);
  packed.set(bytes, HEADER);
  return packed;
}

/** Not bit operations: a delta may pass 2^31. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return bytes;
}

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
