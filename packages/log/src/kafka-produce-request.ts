/** A produce request (version 7) as bytes. Pure. */

/** One partition's record batch in a produce request. */
export interface BatchForPartition {
  topic: string;
  partition: number;
  bytes: Buffer;
}

/** Every replica in sync must have the records. */
const ACKS_ALL = -1;

/** Transactional id, acks, timeout, and per topic and partition one record batch. */
export function encodeProduceRequest(
  batches: readonly BatchForPartition[],
  transactionalId: string | null,
  timeoutMs: number,
): Buffer {
  const topics = [...Map.groupBy(batches, (batch) => batch.topic)];
  let size = 2 + (transactionalId === null ? 0 : Buffer.byteLength(transactionalId)) + 2 + 4 + 4;
  for (const [topic, own] of topics) {
    size += 2 + Buffer.byteLength(topic) + 4;
    for (const { bytes } of own) size += 8 + bytes.length;
  }
  const out = Buffer.allocUnsafe(size);
  let at = transactionalId === null ? out.writeInt16BE(-1, 0) : writeText(out, 0, transactionalId);
  at = out.writeInt16BE(ACKS_ALL, at);
  at = out.writeInt32BE(timeoutMs, at);
  at = out.writeInt32BE(topics.length, at);
  for (const [topic, own] of topics) {
    at = writeText(out, at, topic);
    at = out.writeInt32BE(own.length, at);
    for (const { partition, bytes } of own) {
      at = out.writeInt32BE(partition, at);
      at = out.writeInt32BE(bytes.length, at);
      at += bytes.copy(out, at);
    }
  }
  return out;
}

function writeText(out: Buffer, at: number, text: string): number {
  const bytes = out.write(text, at + 2);
  out.writeInt16BE(bytes, at);
  return at + 2 + bytes;
}
