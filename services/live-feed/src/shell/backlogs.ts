/**
 * What waits before each reader of the log, by workspace: the tasks before their inboxes, the history and the view before what they carry
 * in. From the keys of the records that `throughput.ts` reads and the positions of the readers; decides nothing.
 */
import type { Log, LogRecord } from '@cairn/log/log.ts';

/** Reader → the topic that it reads. Of the history the busiest of its topics stands for it. */
export const READERS = {
  stitcher: { task: 'stitch', topic: 'touchpoints' },
  orchestrator: { task: 'advance', topic: 'journey-inbox' },
  deliverer: { task: 'deliver', topic: 'delivery-inbox' },
  'live-feed': { task: null, topic: 'journeys' },
  history: { task: null, topic: 'journeys' },
} as const;
export type Reader = keyof typeof READERS;

/** The next offset of each partition; null: this node does not know. */
export type Passed = ReadonlyMap<number, bigint> | null;

export interface ReaderPositions {
  /** Reads them anew; a reader that cannot be asked keeps what was known. */
  refresh(): Promise<void>;
  of(reader: Reader): Passed;
}

export interface ReaderPositionsDeps {
  log: Pick<Log, 'positions'>;
  view: (topic: string) => ReadonlyMap<number, bigint>;
  /** Where the history stands in a topic; absent: this node has no history. */
  history?: (topic: string) => Promise<readonly bigint[] | null>;
}

export function createReaderPositions({ log, view, history }: ReaderPositionsDeps): ReaderPositions {
  const known = new Map<Reader, Passed>();

  async function ask(reader: Reader): Promise<Passed> {
    const { task, topic } = READERS[reader];
    if (task) return byPartition(await log.positions(task, topic));
    if (reader === 'live-feed') return view(topic);
    const offsets = await history?.(topic);
    return offsets ? byPartition(offsets) : null;
  }

  return {
    async refresh() {
      await Promise.all(
        (Object.keys(READERS) as Reader[]).map(async (reader) => {
          await ask(reader).then(
            (passed) => known.set(reader, passed),
            () => {},
          );
        }),
      );
    },
    of: (reader) => known.get(reader) ?? null,
  };
}

export interface Backlogs {
  note(workspace: string, record: Pick<LogRecord, 'topic' | 'partition' | 'offset'>): void;
  /** Records of the workspace before each reader whose position is known. */
  of(workspace: string): Record<string, number>;
  clear(): void;
}

type Waiting = Pick<LogRecord, 'partition' | 'offset'>;

/** Of a workspace and a topic: a number on a screen needs no more. */
const WAITING_MAX = 10_000;

export function createBacklogs(positions: Pick<ReaderPositions, 'of'>): Backlogs {
  const waiting = new Map<string, Map<string, Waiting[]>>();

  const isPassed = (passed: Passed, { partition, offset }: Pick<LogRecord, 'partition' | 'offset'>): boolean =>
    offset < (passed?.get(partition) ?? 0n);

  return {
    note(workspace, { topic, partition, offset }) {
      let topics = waiting.get(workspace);
      if (!topics) waiting.set(workspace, (topics = new Map<string, Waiting[]>()));
      let list = topics.get(topic);
      if (!list) topics.set(topic, (list = []));
      if (list.length < WAITING_MAX) list.push({ partition, offset });
    },
    of(workspace) {
      const counts: Record<string, number> = {};
      const topics = waiting.get(workspace);
      const last = new Map<string, Passed[]>();
      for (const [reader, { topic }] of Object.entries(READERS)) {
        const passed = positions.of(reader as Reader);
        if (passed === null) continue;
        counts[reader] = (topics?.get(topic) ?? []).filter((record) => !isPassed(passed, record)).length;
        last.set(topic, [...(last.get(topic) ?? []), passed]);
      }
      // What every reader of its topic has passed waits for nobody any more.
      for (const [topic, list] of [...(topics ?? [])]) {
        const readers = last.get(topic) ?? [];
        const left = list.filter((record) => readers.some((passed) => !isPassed(passed, record)));
        if (left.length) topics!.set(topic, left);
        else topics!.delete(topic);
      }
      return counts;
    },
    clear: () => waiting.clear(),
  };
}

function byPartition(offsets: readonly bigint[]): ReadonlyMap<number, bigint> {
  return new Map(offsets.map((offset, partition) => [partition, offset]));
}
