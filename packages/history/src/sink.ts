/**
 * The sink: carries every topic into the history, each row once whatever crashes. A chunk is planned before it is inserted: the plan
 * (a row of sink_plans) fixes the offset ranges; the inserts carry tokens made of the plan's number, the table and the month.
 * A crash in between redoes the newest plan after the restart: the same ranges give the same rows under the same tokens,
 * and ClickHouse drops those that are there. Must never insert a range that is not planned, nor plan before the last one is in.
 */
import type { Clock } from '@cairn/clock/clock.ts';
import type { Cursor, Log, LogRecord } from '@cairn/log/log.ts';
import { RowsRefused, type History, type HistoryTable } from './history.ts';
import { letterOfRow } from './rows/letter-of-row.ts';
import { createFollowIdentities } from './identities/follow-identities.ts';
import { clickhouseSubjects } from './identities/subject-history.clickhouse.ts';
import type { SubjectHistory } from './identities/subject-history.ts';
import { rowsOf, SINK_TOPICS, type TableRow } from './rows/rows-of.ts';

/** A chunk holds at most this many records: 10,000 rows insert in about 170 ms on two cores, and bound the memory. */
const MAX_CHUNK_RECORDS = 20_000;
/** How long a chunk waits for company. */
const CHUNK_WAIT_MS = 400;
/**
 * How many times longer it waits while chunks are large. Each insert is a part on disk and parts are merged: one in two seconds and table is
 * what MergeTree likes, and whoever has so much coming in does not look at single rows.
 */
const LARGE_CHUNK_WAITS = 5;
const LARGE_CHUNK_RECORDS = 1_000;
const RETRY_MS = 500;
/** A batch smaller than this is waited with, so that the next one is worth a fetch. */
const GATHER_BELOW = 500;
const GATHER_MS = 100;

/** Another sink of the same name has planned on: this one must stop. Nothing is lost, the other one carries on from the last common plan. */
export class SinkFenced extends Error {
  override name = 'SinkFenced';
}

export interface SinkOptions {
  log: Log;
  history: History;
  clock: Clock;
  name?: string;
  topics?: readonly string[];
  /** Answers orders to derive anew, and erases. Default: by SQL. */
  subjects?: SubjectHistory;
  chunkWaitMs?: number;
  /** How long one look for new records waits when there are none; default 1,000. */
  idleWaitMs?: number;
  onFault?(error: unknown): void;
  onChunk?(chunk: { records: number; rows: number; durationMs: number }): void;
}

export interface RunningSink {
  /** Records not in the history yet. */
  lag(): Promise<number>;
  healthy(): boolean;
  /** Resolves once it has stopped, by `stop` or because another took over. */
  ended: Promise<void>;
  /** Resolves when what was committed to the log before the call is in the history. */
  caughtUp(): Promise<void>;
  stop(): Promise<void>;
}

interface SourcedRow {
  row: TableRow['row'];
  record: LogRecord;
}

interface Range {
  topic: string;
  partition: number;
  /** Inclusive, decimal. */
  from: string;
  /** Exclusive, decimal. */
  to: string;
}
interface Plan {
  ranges: Range[];
  cursor: Cursor;
}

export async function startSink(options: SinkOptions): Promise<RunningSink> {
  const {
    log,
    history,
    clock,
    name = 'history',
    topics = SINK_TOPICS,
    onFault = () => {},
    onChunk = () => {},
  } = options;
  const chunkWaitMs = options.chunkWaitMs ?? CHUNK_WAIT_MS;
  const stopping = new AbortController();
  let healthy = true;
  let number = 0;

  async function insistently<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        const result = await work();
        healthy = true;
        return result;
      } catch (error) {
        if (stopping.signal.aborted) throw error;
        healthy = false;
        onFault(error);
        await clock.sleep(RETRY_MS, stopping.signal);
      }
    }
  }

  async function insertRows(planNumber: number, records: readonly LogRecord[]): Promise<number> {
    const groups = new Map<string, SourcedRow[]>();
    let count = 0;
    for (const record of records)
      for (const { table, month, row } of identities.kept(rowsOf(record))) {
        const group = `${table}/${month}`;
        if (!groups.has(group)) groups.set(group, []);
        groups.get(group)!.push({ row, record });
        count++;
      }
    for (const [group, rows] of groups)
      await insertGroup(group.slice(0, group.indexOf('/')) as HistoryTable, rows, `${name}/${planNumber}/${group}`);
    return count;
  }

  /** A row that ClickHouse can never take must not keep the others out for ever: halves find it, and it is a dead letter. A redo meets the same refusals, so its tokens are the same. */
  async function insertGroup(table: HistoryTable, rows: readonly SourcedRow[], token: string): Promise<void> {
    const plain = rows.map(({ row }) => row);
    const refused = await insistently(async () => {
      try {
        await history.insert(table, plain, token);
        return null;
      } catch (error) {
        if (error instanceof RowsRefused) return error;
        throw error;
      }
    });
    if (!refused) return;
    if (rows.length > 1) {
      const middle = rows.length >> 1;
      await insertGroup(table, rows.slice(0, middle), `${token}/0`);
      await insertGroup(table, rows.slice(middle), `${token}/1`);
      return;
    }
    onFault(refused);
    const letter = letterOfRow(log, rows[0]!.record, table, refused, clock.now());
    if (letter) await insistently(() => log.append([letter]));
  }

  async function readRange(range: Range): Promise<LogRecord[]> {
    const to = BigInt(range.to);
    const records: LogRecord[] = [];
    for (let from = BigInt(range.from); from < to;) {
      const batch = await insistently(() => log.read(range.topic, range.partition, from, MAX_CHUNK_RECORDS));
      const within = batch.filter((record) => record.offset < to);
      records.push(...within);
      if (within.length < batch.length || batch.length === 0) break;
      from = within.at(-1)!.offset + 1n;
    }
    return records;
  }

  async function redo(last: { number: number; ranges: string }): Promise<Cursor> {
    const plan = JSON.parse(last.ranges) as Plan;
    number = last.number;
    const records: LogRecord[] = [];
    for (const range of plan.ranges) records.push(...(await readRange(range)));
    await insertRows(number, records);
    await insistently(() => identities.followed(records, plan.cursor));
    return plan.cursor;
  }

  async function insertChunk(records: readonly LogRecord[], cursor: Cursor): Promise<void> {
    const startedAt = clock.monotonic();
    number++;
    // By partition, so that a redo (which reads range by range) makes the same rows in the same order.
    const ordered = [...records].sort(byPosition);
    const plan: Plan = { ranges: rangesOf(ordered), cursor };
    const planNumber = number;
    await insistently(() =>
      history.insert(
        'sink_plans',
        [{ sink: name, number: planNumber, ranges: JSON.stringify(plan), at: clock.now() }],
        `${name}/${planNumber}/plan`,
      ),
    );
    // One plan a number: ClickHouse keeps the first. Another sink that took over while this one was paused has its own there.
    const planned = await insistently(() => history.lastPlan(name));
    if (planned?.number !== planNumber || planned.ranges !== JSON.stringify(plan)) throw new SinkFenced();
    const rows = await insertRows(planNumber, ordered);
    await insistently(() => identities.followed(ordered, cursor));
    onChunk({ records: records.length, rows, durationMs: clock.monotonic() - startedAt });
  }

  const identities = await insistently(() =>
    createFollowIdentities(log, options.subjects ?? clickhouseSubjects(history), onFault),
  );
  const last = await insistently(() => history.lastPlan(name));
  const follower = await log.follow(topics, last ? await redo(last) : 'start');
  let busy = false;
  let isLarge = false;

  async function nextChunk(): Promise<void> {
    const records: LogRecord[] = [];
    let deadline = Infinity;
    let cursor = follower.cursor();
    while (records.length < MAX_CHUNK_RECORDS && !stopping.signal.aborted) {
      const waitMs = deadline === Infinity ? (options.idleWaitMs ?? 1_000) : deadline - clock.monotonic();
      if (waitMs <= 0) break;
      busy = records.length > 0;
      const batch = await follower.next({
        maxRecords: MAX_CHUNK_RECORDS - records.length,
        waitMs,
        askCaughtUp: false,
        signal: stopping.signal,
      });
      if (batch.records.length && deadline === Infinity)
        deadline = clock.monotonic() + chunkWaitMs * (isLarge ? LARGE_CHUNK_WAITS : 1);
      records.push(...batch.records);
      cursor = batch.cursor;
      busy = records.length > 0;
      // Nobody waits for single rows: fetching them one by one cost the broker more than the chunk itself.
      if (batch.records.length < GATHER_BELOW && records.length)
        await clock.sleep(Math.min(GATHER_MS, chunkWaitMs), stopping.signal);
    }
    isLarge = records.length >= LARGE_CHUNK_RECORDS;
    if (records.length) await insertChunk(records, cursor);
    // What waited for its turn may have it, though nothing came.
    else await identities.followed([], cursor);
    busy = false;
  }

  const running = (async () => {
    while (!stopping.signal.aborted) {
      try {
        await nextChunk();
      } catch (error) {
        if (stopping.signal.aborted) return;
        onFault(error);
        if (error instanceof SinkFenced) return void (healthy = false);
        await clock.sleep(RETRY_MS, stopping.signal).catch(() => {});
      }
    }
  })();

  return {
    lag: () => follower.lag(),
    healthy: () => healthy,
    ended: running,
    async caughtUp() {
      while (busy || (await follower.lag()) > 0) await clock.sleep(20);
    },
    async stop() {
      stopping.abort(new Error('the sink stops'));
      await running;
      await follower.close();
    },
  };
}

function byPosition(a: LogRecord, b: LogRecord): number {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
  if (a.partition !== b.partition) return a.partition - b.partition;
  return a.offset < b.offset ? -1 : a.offset > b.offset ? 1 : 0;
}

/** From sorted records. A range starts at its first record: what lies between two chunks on Kafka are markers of transactions. */
function rangesOf(sorted: readonly LogRecord[]): Range[] {
  const ranges: Range[] = [];
  for (const { topic, partition, offset } of sorted) {
    const range = ranges.at(-1);
    if (range?.topic === topic && range.partition === partition) range.to = String(offset + 1n);
    else ranges.push({ topic, partition, from: String(offset), to: String(offset + 1n) });
  }
  return ranges;
}
