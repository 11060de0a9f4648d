/** Kafka's answer to a fetch (version 11) out of its bytes. Pure. The records stay bytes, as slices of the answer. */
export interface FetchedPartition {
  topic: string;
  partition: number;
  errorCode: number;
  highWatermark: bigint;
  /** The offset after the last record that is decided (committed or aborted). */
  lastStableOffset: bigint;
  aborted: { producerId: bigint; firstOffset: bigint }[];
  bytes: Buffer;
}

export function decodeFetchResponse(raw: Buffer): {
  throttleMs: number;
  errorCode: number;
  sessionId: number;
  partitions: FetchedPartition[];
} {
  const fetched: FetchedPartition[] = [];
  let at = 14;
  for (let topics = raw.readInt32BE(10); topics > 0; topics--) {
    const nameBytes = raw.readInt16BE(at);
    const topic = raw.toString('utf8', at + 2, at + 2 + nameBytes);
    at += 2 + nameBytes;
    const partitions = raw.readInt32BE(at);
    at += 4;
    for (let i = 0; i < partitions; i++) {
      const partition = raw.readInt32BE(at);
      const errorCode = raw.readInt16BE(at + 4);
      const highWatermark = raw.readBigInt64BE(at + 6);
      const lastStableOffset = raw.readBigInt64BE(at + 14);
      // 8 bytes of log start offset lie between.
      const abortedCount = raw.readInt32BE(at + 30);
      at += 34;
      const aborted: FetchedPartition['aborted'] = [];
      for (let a = 0; a < abortedCount; a++, at += 16)
        aborted.push({ producerId: raw.readBigInt64BE(at), firstOffset: raw.readBigInt64BE(at + 8) });
      // 4 bytes of preferred replica lie between.
      const length = Math.max(0, raw.readInt32BE(at + 4));
      at += 8;
      fetched.push({
        topic,
        partition,
        errorCode,
        highWatermark,
        lastStableOffset,
        aborted,
        bytes: raw.subarray(at, at + length),
      });
      at += length;
    }
  }
  return {
    throttleMs: raw.readInt32BE(0),
    errorCode: raw.readInt16BE(4),
    sessionId: raw.readInt32BE(6),
    partitions: fetched,
  };
}
