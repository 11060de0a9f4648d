/**
 * How many records of each workspace came to the topics, told by their keys alone (nothing is parsed), so that what one workspace sees of the
 * flow holds nothing of another's. Reads only while somebody looks.
 */
import type { Follower, Log, LogRecord } from '@cairn/log/log.ts';

export interface Throughput {
  /** Reads on to the end. Returns false where there was nothing before to compare with. */
  read(): Promise<boolean>;
  /** Records since `take` was called last. */
  take(workspace: string): Readonly<Record<string, number>>;
  /** Records of `journeys` that the view has not passed yet. */
  unseen(workspace: string): number;
  /** Nobody looks any more. */
  rest(): Promise<void>;
}

export const COUNTED = ['touchpoints', 'journey-inbox', 'journeys', 'deliveries'] as const;
/** Some 100 ms of reading; beyond it we go on from the end, and the second that was not counted is missing. */
const BATCHES_MAX = 30;
const BATCH = 2_000;
/** Of a workspace: a number on a screen needs no more. */
const UNSEEN_MAX = 10_000;

export function createThroughput(
  log: Pick<Log, 'follow'>,
  passed: (topic: string) => ReadonlyMap<number, bigint>,
): Throughput {
  let follower: Follower | null = null;
  let counts = new Map<string, Record<string, number>>();
  const waiting = new Map<string, Pick<LogRecord, 'partition' | 'offset'>[]>();

  function note(record: LogRecord): void {
    const { topic, key, partition, offset } = record;
    const slash = key.indexOf('/');
    const workspace = slash < 0 ? key : key.slice(0, slash);
    let own = counts.get(workspace);
    if (!own) counts.set(workspace, (own = {}));
    own[topic] = (own[topic] ?? 0) + 1;
    if (topic !== 'journeys') return;
    let list = waiting.get(workspace);
    if (!list) waiting.set(workspace, (list = []));
    if (list.length < UNSEEN_MAX) list.push({ partition, offset });
  }

  async function rest(): Promise<void> {
    const open = follower;
    follower = null;
    counts = new Map();
    waiting.clear();
    await open?.close();
  }

  return {
    rest,
    async read() {
      if (!follower) {
        follower = await log.follow(COUNTED, 'end');
        return false;
      }
      for (let batches = 0; batches < BATCHES_MAX; batches++) {
        const batch = await follower.next({ maxRecords: BATCH, waitMs: 1 });
        for (const record of batch.records) note(record);
        if (batch.caughtUp) return true;
        await new Promise((resolve) => setImmediate(resolve));
      }
      await rest();
      return false;
    },
    take(workspace) {
      const own = counts.get(workspace) ?? {};
      counts.delete(workspace);
      return own;
    },
    unseen(workspace) {
      const list = waiting.get(workspace);
      if (!list) return 0;
      const shown = passed('journeys');
      const left = list.filter(({ partition, offset }) => offset >= (shown.get(partition) ?? 0n));
      if (left.length) waiting.set(workspace, left);
      else waiting.delete(workspace);
      return left.length;
    },
  };
}
