/**
 * How many records of each workspace came to the topics, told by their keys alone (nothing is parsed), so that what one workspace sees of the
 * flow holds nothing of another's; and what of them waits (`backlogs.ts`). Reads only while somebody looks, and begins where the slowest
 * reader stands, so that what waited before is counted too.
 */
import { encodeCursor } from '@cairn/log/cursor.ts';
import type { Follower, Log, LogRecord } from '@cairn/log/log.ts';
import { createBacklogs, READERS, type Reader, type ReaderPositions } from './backlogs.ts';

export interface Throughput {
  /** Reads on to the end. Returns false where there was nothing before to compare with. */
  read(): Promise<boolean>;
  /** Records since `take` was called last. */
  take(workspace: string): Readonly<Record<string, number>>;
  /** Records of the workspace that each reader has not passed yet. */
  lag(workspace: string): Record<string, number>;
  /** Nobody looks any more. */
  rest(): Promise<void>;
}

export const COUNTED = ['touchpoints', 'journey-inbox', 'journeys', 'delivery-inbox', 'deliveries'] as const;
/** Some 100 ms of reading; beyond it we go on from the end, and the second that was not counted is missing. */
const BATCHES_MAX = 30;
const BATCH = 2_000;
/** Of each partition, where somebody begins to look while much waits: all partitions together are within what one look reads. */
const LOOK_BACK_MAX = 2_000;

export function createThroughput(log: Pick<Log, 'follow' | 'offsets'>, positions: ReaderPositions): Throughput {
  let follower: Follower | null = null;
  let counts = new Map<string, Record<string, number>>();
  const backlogs = createBacklogs(positions);

  function note(record: LogRecord): void {
    const { topic, key } = record;
    const slash = key.indexOf('/');
    const workspace = slash < 0 ? key : key.slice(0, slash);
    let own = counts.get(workspace);
    if (!own) counts.set(workspace, (own = {}));
    own[topic] = (own[topic] ?? 0) + 1;
    backlogs.note(workspace, record);
  }

  /** Where the slowest reader of each topic stands; the end where nobody's position is known. */
  async function whereToBegin(): Promise<string> {
    const begin = new Map<string, bigint[]>();
    for (const topic of COUNTED) {
      const passed = (Object.keys(READERS) as Reader[])
        .filter((reader) => READERS[reader].topic === topic)
        .flatMap((reader) => positions.of(reader) ?? []);
      const ends = [...(await log.offsets(topic))].sort((a, b) => a.partition - b.partition);
      begin.set(
        topic,
        ends.map(({ partition, next, oldest }) => {
          const slowest = passed.map((at) => at.get(partition) ?? 0n).reduce((a, b) => (a < b ? a : b), next);
          const earliest = next - BigInt(LOOK_BACK_MAX);
          return [slowest, earliest, oldest].reduce((a, b) => (a > b ? a : b));
        }),
      );
    }
    return encodeCursor(begin);
  }

  async function rest(): Promise<void> {
    const open = follower;
    follower = null;
    counts = new Map();
    backlogs.clear();
    await open?.close();
  }

  /** False: there was more than one look reads. */
  async function toTheEnd(from: Follower): Promise<boolean> {
    for (let batches = 0; batches < BATCHES_MAX; batches++) {
      const batch = await from.next({ maxRecords: BATCH, waitMs: 1 });
      for (const record of batch.records) note(record);
      if (batch.caughtUp) return true;
      await new Promise((resolve) => setImmediate(resolve));
    }
    return false;
  }

  return {
    rest,
    async read() {
      await positions.refresh();
      const isFirst = follower === null;
      follower ??= await log.follow(COUNTED, await whereToBegin());
      const complete = await toTheEnd(follower);
      // What came before anybody looked is no rate.
      if (isFirst) counts = new Map();
      if (!complete) {
        await rest();
        follower = await log.follow(COUNTED, 'end');
      }
      return complete && !isFirst;
    },
    take(workspace) {
      const own = counts.get(workspace) ?? {};
      counts.delete(workspace);
      return own;
    },
    lag: (workspace) => backlogs.of(workspace),
  };
}
