/** A partition's state out of its changelog. Must run after fencing: only then is the changelog's end the end. */
import type { Clock } from '@cairn/clock/clock.ts';
import { decodeEntry, decodePosition, POSITION_KEY, type Position } from './changelog.ts';
import type { KafkaCluster } from './kafka-cluster.ts';
import { createKafkaReader, waitAtMost } from './kafka-reader.ts';
import { createStateTable, type StateTable } from './state-table.ts';

export interface Restored {
  state: StateTable;
  position: Position;
}

const CHUNK_RECORDS = 10_000;
const CHUNK_BYTES = 16 * 1024 * 1024;
/** A fetch ends by itself before this (a second with nothing to read, ten seconds without an answer). */
const PATIENCE_MS = 30_000;

export async function restoreState(
  cluster: KafkaCluster,
  clock: Clock,
  changelog: string,
  partition: number,
  signal: AbortSignal,
): Promise<Restored> {
  const end = (await cluster.listOffsets(changelog, 'next', [partition])).get(partition)!;
  const start = (await cluster.listOffsets(changelog, 'oldest', [partition])).get(partition)!;
  const reader = createKafkaReader(cluster, [{ topic: changelog, partition, position: start }]);
  const slot = reader.slot(changelog, partition);
  const state = createStateTable();
  let position: Position = { nextOffset: 0n, logTime: 0 };
  while (slot.position < end) {
    signal.throwIfAborted();
    const arrival = reader.arrival();
    if (reader.isEmpty()) await waitAtMost(clock, arrival, PATIENCE_MS, signal);
    const fault = reader.takeFault();
    if (fault !== undefined) throw fault;
    for (const { record } of reader.take(CHUNK_RECORDS, CHUNK_BYTES)) {
      const key = record.key!.toString('utf8');
      if (key === POSITION_KEY) position = decodePosition(record.value!);
      else state.apply(decodeEntry(key, record.value));
    }
  }
  return { state, position };
}
