/** Reads single records by their references: from memory where they are recent, else from the log, neighbours in one read. */
import type { Log, LogRecord } from '@cairn/log/log.ts';
import type { RecentRecords } from './recent-records.ts';

export interface Wanted {
  topic: string;
  partition: number;
  offset: bigint;
}

export type ReadRecords = (wanted: readonly Wanted[]) => Promise<(LogRecord | null)[]>;

/** Two references this close are read together: skipping records costs less than a second round trip. */
const GAP_MAX = 64n;
const READ_MAX = 500;

/** In the order asked for; null where the record is gone (compacted, or out of retention). `wanted` rises within each partition. */
export function createReadRecords(log: Pick<Log, 'read'>, recent: RecentRecords): ReadRecords {
  return async function readRecords(wanted) {
    const found: (LogRecord | null)[] = wanted.map((one) => recent.get(one.topic, one.partition, one.offset) ?? null);
    for (const run of runsOf(wanted, (index) => found[index] === null)) {
      const first = wanted[run[0]!]!;
      const last = wanted[run.at(-1)!]!;
      const read = new Map<bigint, LogRecord>();
      for (let from = first.offset; from <= last.offset;) {
        const records = await log.read(first.topic, first.partition, from, READ_MAX);
        const newest = records.at(-1);
        if (!newest) break;
        for (const record of records) read.set(record.offset, record);
        from = newest.offset + 1n;
      }
      for (const index of run) found[index] = read.get(wanted[index]!.offset) ?? null;
    }
    return found;
  };
}

/** Indexes of what is missing, grouped into runs that one read can serve. */
function runsOf(wanted: readonly Wanted[], isMissing: (index: number) => boolean): number[][] {
  const runs: number[][] = [];
  for (let index = 0; index < wanted.length; index++) {
    if (!isMissing(index)) continue;
    const one = wanted[index]!;
    const run = runs.at(-1);
    const before = run && wanted[run.at(-1)!]!;
    const near =
      before &&
      before.topic === one.topic &&
      before.partition === one.partition &&
      one.offset >= before.offset &&
      one.offset - before.offset <= GAP_MAX;
    if (run && near) run.push(index);
    else runs.push([index]);
  }
  return runs;
}
