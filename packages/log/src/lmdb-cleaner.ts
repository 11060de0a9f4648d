import { chunkAt, chunkKey, chunkOffset, decodeChunk, encodeChunk, type ChunkRecord } from './lmdb-codec.ts';
import { readCounters, writeCounters, type LmdbDatabase } from './lmdb-database.ts';
import type { LmdbWriter } from './lmdb-writer.ts';
import type { LogRecord, TopicConfig } from './log.ts';
import { TOMBSTONE_KEPT_MS } from './retention.ts';

/**
 * Deletes what retention no longer keeps, and compacts topics to the newest record of each key. Works in steps of bounded size,
 * each its own transaction, between the writes of others. Never moves an offset, never touches the newest record of a key.
 *
 * Compaction goes as Kafka's does: the newest offset of each key of the not yet compacted part is noted, then all chunks before
 * are rewritten without the records that have a newer one. It is due when that part is at least as long as what was compacted
 * before (so the work stays a constant factor of what is written).
 */
export interface LmdbCleaner {
  /** One pass over all topics; `thorough` compacts whatever can be compacted, not only what is due. */
  run(now: number, options?: { thorough?: boolean; signal?: AbortSignal }): Promise<void>;
}

/** Chunks looked at in one transaction: 64 of 32 KB are read and written in a few milliseconds. */
const CHUNKS_PER_STEP = 64;
/** Keys noted at a time: about 30 MB. What lies beyond waits for the next pass. */
const KEYS_PER_PASS = 200_000;

const UPKEEP = { upkeep: true };

export function createLmdbCleaner(deps: {
  database: LmdbDatabase;
  writer: LmdbWriter;
  topics: readonly TopicConfig[];
}): LmdbCleaner {
  const { database, writer } = deps;

  function readChunks(id: number, from: number, before: number, limit: number) {
    const range = database.records.getRange({ start: chunkKey(id, from), end: chunkKey(id, before), limit });
    return [...range].map(({ key, value }) => ({ offset: chunkOffset(key), chunk: Buffer.from(value) }));
  }

  /** Deletes up to a step's worth of expired chunks; true when there may be more. */
  function deleteExpired(id: number, expiredBefore: number): Promise<boolean> {
    return writer.submit(() => {
      const counters = readCounters(database, id);
      const chunks = readChunks(id, 0, counters.next, CHUNKS_PER_STEP);
      const expired = chunks.filter(({ chunk }) => chunkAt(chunk) < expiredBefore);
      // Log times never fall, so the expired chunks are the first ones.
      if (expired.length === 0) return false;
      for (const { offset } of expired) database.records.removeSync(chunkKey(id, offset));
      const [kept] = chunks.slice(expired.length);
      const [next] = kept ? [kept] : readChunks(id, 0, counters.next, 1);
      writeCounters(database, id, { ...counters, oldest: next?.offset ?? counters.next });
      return expired.length === CHUNKS_PER_STEP;
    }, UPKEEP);
  }

  /** The newest offset of each key from `from` on, as far as chunks are older than the lag; `to` is where that ended. */
  async function noteNewest(
    id: number,
    from: number,
    compactBefore: number,
  ): Promise<{ newest: Map<string, bigint>; to: number }> {
    const newest = new Map<string, bigint>();
    let to = from;
    for (;;) {
      const { next } = readCounters(database, id);
      const chunks = readChunks(id, to, next, CHUNKS_PER_STEP);
      for (const { offset, chunk } of chunks) {
        if (chunkAt(chunk) > compactBefore || newest.size >= KEYS_PER_PASS) return { newest, to };
        for (const record of decodeAll(chunk, offset)) {
          newest.set(record.key, record.offset);
          to = Number(record.offset) + 1;
        }
      }
      if (chunks.length < CHUNKS_PER_STEP) return { newest, to };
      await breathe();
    }
  }

  /** Rewrites a step's worth of chunks from `from`; resolves with where to go on, null at the end. */
  function rewrite(
    id: number,
    from: number,
    to: number,
    newest: ReadonlyMap<string, bigint>,
    tombstonesBefore: number,
  ): Promise<number | null> {
    return writer.submit(() => {
      const chunks = readChunks(id, from, to, CHUNKS_PER_STEP);
      for (const { offset, chunk } of chunks) {
        const records = decodeAll(chunk, offset);
        const kept = records.filter((record) => {
          const newer = newest.get(record.key);
          if (newer !== undefined && newer > record.offset) return false;
          return record.value !== null || record.at >= tombstonesBefore;
        });
        if (kept.length === records.length) continue;
        if (kept.length === 0) database.records.removeSync(chunkKey(id, offset));
        else
          database.records.putSync(chunkKey(id, offset), encodeChunk(chunkAt(chunk), kept.map(toChunkRecord(offset))));
      }
      return chunks.length < CHUNKS_PER_STEP ? null : chunks.at(-1)!.offset + 1;
    }, UPKEEP);
  }

  async function compact(
    id: number,
    topic: TopicConfig,
    now: number,
    thorough: boolean,
    signal?: AbortSignal,
  ): Promise<void> {
    const { oldest, compactedTo } = readCounters(database, id);
    const start = Math.max(oldest, compactedTo);
    const { newest, to } = await noteNewest(id, start, now - (topic.minCompactionLagMs ?? 0));
    const due = to > start && to - start >= start - oldest;
    if (!due && !thorough) return;
    for (let from: number | null = 0; from !== null && !signal?.aborted;)
      from = await rewrite(id, from, to, newest, now - TOMBSTONE_KEPT_MS);
    if (!signal?.aborted)
      await writer.submit(
        () => writeCounters(database, id, { ...readCounters(database, id), compactedTo: to }),
        UPKEEP,
      );
  }

  return {
    async run(now, { thorough = false, signal } = {}) {
      for (const topic of deps.topics)
        for (let partition = 0; partition < topic.partitions; partition++) {
          const id = database.partitionId(topic.name, partition);
          if (topic.retentionMs !== null)
            while (!signal?.aborted && (await deleteExpired(id, now - topic.retentionMs)));
          if (topic.cleanup === 'compact' && !signal?.aborted) await compact(id, topic, now, thorough, signal);
        }
    },
  };
}

function decodeAll(chunk: Buffer, offset: number): LogRecord[] {
  return [...decodeChunk(chunk, { topic: '', partition: 0, offset, from: 0 })];
}

const toChunkRecord =
  (offset: number) =>
  (record: LogRecord): ChunkRecord => ({ delta: Number(record.offset) - offset, record });

function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
