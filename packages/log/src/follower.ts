import { encodeCursor, decodeCursor, type Positions } from './cursor.ts';
import type { LocalStore } from './local-store.ts';
import { LogUnavailable, type Batch, type Follower, type LogRecord } from './log.ts';

/** Follows all partitions of some topics on a local store. Reads only; owns nothing but its position. */
export function createFollower(deps: {
  store: LocalStore;
  topics: readonly string[];
  partitions: (topic: string) => number;
  cursor: string;
  signal: AbortSignal;
  onClose: () => void;
}): Follower {
  const { store, topics } = deps;
  const positions = startingPositions(deps);
  const closing = new AbortController();
  const turns = topics.flatMap((topic) => positions.get(topic)!.map((_, partition) => ({ topic, partition })));
  let turn = 0;

  function read(maxRecords: number): Batch {
    const records: LogRecord[] = [];
    let bytesLeft = MAX_BATCH_BYTES;
    let caughtUp = true;
    for (let i = 0; i < turns.length; i++) {
      const { topic, partition } = turns[(turn + i) % turns.length]!;
      const offsets = positions.get(topic)!;
      const from = Number(offsets[partition]!);
      const { next } = store.bounds(topic, partition);
      if (from >= next) continue;
      let position = from;
      if (records.length < maxRecords && bytesLeft > 0) {
        const maxOfPartition = maxRecords - records.length;
        const some = store.records(topic, partition, from, { maxRecords: maxOfPartition, maxBytes: bytesLeft });
        for (const record of some) {
          records.push(record);
          bytesLeft -= record.value?.byteLength ?? 0;
        }
        // None left up to `next`: the rest was compacted away.
        position = some.length === 0 ? next : Number(some.at(-1)!.offset) + 1;
        offsets[partition] = BigInt(position);
      }
      if (position < next) caughtUp = false;
    }
    // The next batch begins with another partition, so that none starves behind a busy one.
    turn = (turn + 1) % turns.length;
    return { records, cursor: encodeCursor(positions), caughtUp };
  }

  return {
    async next({ maxRecords = MAX_BATCH_RECORDS, waitMs = DEFAULT_WAIT_MS, signal } = {}) {
      if (store.halted()) return new Promise<never>(() => {});
      if (closing.signal.aborted || deps.signal.aborted) throw new LogUnavailable('the follower is closed');
      const batch = read(maxRecords);
      if (batch.records.length > 0 || waitMs <= 0) return batch;
      await store.wait(topics, waitMs, signal, closing.signal, deps.signal);
      if (closing.signal.aborted || deps.signal.aborted) return batch;
      return read(maxRecords);
    },
    async lag() {
      let lag = 0;
      for (const { topic, partition } of turns) {
        const { oldest, next } = store.bounds(topic, partition);
        lag += Math.max(0, next - Math.max(oldest, Number(positions.get(topic)![partition]!)));
      }
      return lag;
    },
    cursor: () => encodeCursor(positions),
    async close() {
      closing.abort();
      deps.onClose();
    },
  };
}

const DEFAULT_WAIT_MS = 1_000;
const MAX_BATCH_RECORDS = 1_000;
/** A batch is held in memory twice (read and parsed); 16 MB of it stay far from harming a small machine. */
export const MAX_BATCH_BYTES = 16 * 1_048_576;

/** A topic or partition that the cursor does not know is read from its start. */
function startingPositions(deps: Parameters<typeof createFollower>[0]): Positions {
  const known =
    deps.cursor === 'start' || deps.cursor === 'end' ? new Map<string, bigint[]>() : decodeCursor(deps.cursor);
  const positions: Positions = new Map();
  for (const topic of deps.topics) {
    const offsets: bigint[] = [];
    for (let partition = 0; partition < deps.partitions(topic); partition++) {
      const { oldest, next } = deps.store.bounds(topic, partition);
      offsets.push(deps.cursor === 'end' ? BigInt(next) : (known.get(topic)?.[partition] ?? BigInt(oldest)));
    }
    positions.set(topic, offsets);
  }
  return positions;
}
