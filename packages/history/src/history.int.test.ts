import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '@cairn/clock/clock.system.ts';
import { encodeJson } from '@cairn/contracts/json.ts';
import { createMemoryLog } from '@cairn/log/log.memory.ts';
import type { Log, TopicConfig } from '@cairn/log/log.ts';
import { openClickhouseHistory, type HistoryTarget } from './history.clickhouse.ts';
import type { History, HistoryTable } from './history.ts';
import { timeline } from './queries/timeline.ts';
import { SINK_TOPICS } from './rows/rows-of.ts';
import { startSink } from './sink.ts';
import { startClickhouseServer, type ClickhouseServer } from './testkit/clickhouse-server.ts';

const TOPICS: TopicConfig[] = SINK_TOPICS.map((name) => ({
  name,
  partitions: 2,
  cleanup: 'delete',
  retentionMs: null,
}));
const START = Date.UTC(2026, 5, 1);

function stitched(number: number, personId = 'p1', subjectId = 's1', workspace = 'w'): Uint8Array {
  return encodeJson({
    type: 'touchpoint.stitched',
    workspace,
    subject: { unit: 'account', id: subjectId },
    person: { id: personId, userId: null, name: null, email: null, anonymous: true, traits: {} },
    account: { id: subjectId, groupId: null, name: null, domain: null, traits: {} },
    stitchKey: 'userId:x',
    touchpoint: {
      type: 'touchpoint.admitted',
      workspace,
      id: `tp_${number}`,
      messageId: `m${number}`,
      kind: 'track',
      event: 'Page Viewed',
      name: null,
      userId: 'x',
      anonymousId: null,
      groupId: null,
      previousId: null,
      timestamp: START + number * 1_000,
      originalTimestamp: null,
      receivedAt: START + number * 1_000,
      traits: {},
      properties: { number, quote: "it's \\ \n fine" },
      context: {},
      direction: 'inbound',
      channel: 'web',
      bot: false,
      imported: false,
      source: 'http',
    },
  });
}

/** The same cases in process and over HTTP; on a real server where one is named. */
const named = process.env.CAIRN_TEST_CLICKHOUSE_URL;

describe.each(['chDB', 'a ClickHouse server'])('the history on %s', (where) => {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-history-'));
  let history: History;
  let server: ClickhouseServer | null = null;
  beforeAll(async () => {
    const path = join(folder, 'chdb');
    if (where !== 'chDB' && !named) server = await startClickhouseServer(path);
    const target: HistoryTarget = where === 'chDB' ? { chdbPath: path } : { url: named ?? server!.url };
    history = await openClickhouseHistory(target);
  });
  afterAll(async () => {
    await history?.close();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const count = async (table: HistoryTable, workspace: string): Promise<number> =>
    Number(
      (
        await history.query<{ n: number }>(`SELECT count() AS n FROM ${table} WHERE workspace = {workspace: String}`, {
          workspace,
        })
      )[0]!.n,
    );

  async function appended(log: Log, from: number, to: number, workspace: string): Promise<void> {
    await log.append(
      Array.from({ length: to - from }, (_, index) => ({
        topic: 'journey-inbox',
        partition: (from + index) % 2,
        key: 'k',
        value: stitched(from + index, 'p1', 's1', workspace),
      })),
    );
  }

  // Not START: the table forgets dead letters after 30 days, also while inserting.
  it('drops an insert that is repeated under its token, and keeps one of another token with the same rows', async () => {
    const row = {
      workspace: 'tokens',
      id: 'd1',
      at: Date.now(),
      reason: 'missing-event',
      service: 'ingest',
      message_id: '',
      error: '',
      raw: '{}',
      log_partition: 0,
      log_offset: '1',
    };
    await history.insert('dead_letters', [row], 'a');
    await history.insert('dead_letters', [row], 'a');
    expect(await count('dead_letters', 'tokens')).toBe(1);
    await history.insert('dead_letters', [row], 'b');
    expect(await count('dead_letters', 'tokens')).toBe(2);
  });

  it('carries every record once, whichever step of the sink fails, over restarts', async () => {
    const log = createMemoryLog({ topics: TOPICS, clock: systemClock });
    let total = 0;
    // Fail at each insert of a chunk in turn: the plan, the rows; before it reached ClickHouse, and after it did but before the sink knew.
    for (const failAt of [1, 2, 3, 4]) {
      for (const afterwards of [false, true]) {
        let inserts = 0;
        let crashed!: () => void;
        const crash = new Promise<void>((resolve) => (crashed = resolve));
        const faulty: History = {
          ...history,
          async insert(table, rows, token) {
            if (++inserts !== failAt) return history.insert(table, rows, token);
            if (afterwards) await history.insert(table, rows, token);
            crashed();
            // The process is gone: nothing of this sink goes on.
            return new Promise(() => {});
          },
        };
        const sink = await startSink({ log, history: faulty, clock: systemClock, name: 'once', chunkWaitMs: 5 });
        for (let step = 0; step < 3; step++) {
          await appended(log, total, total + 40, 'once');
          total += 40;
          await Promise.race([crash, sink.caughtUp()]);
        }
        await crash;
        void sink.stop();
      }
    }
    const last = await startSink({ log, history, clock: systemClock, name: 'once', chunkWaitMs: 5 });
    await last.caughtUp();
    await last.stop();
    const [row] = await history.query<{ rows: number; ids: number }>(
      `SELECT count() AS rows, uniqExact(id) AS ids FROM touchpoints WHERE workspace = 'once'`,
    );
    expect({ rows: Number(row!.rows), ids: Number(row!.ids) }).toEqual({ rows: total, ids: total });
    await log.close();
  });

  it('two sinks that both believe to be the one lose nothing and double nothing: one of them stops', async () => {
    const log = createMemoryLog({ topics: TOPICS, clock: systemClock });
    const options = { log, history, clock: systemClock, name: 'two', chunkWaitMs: 5 };
    const sinks = [await startSink(options), await startSink({ ...options, chunkWaitMs: 40 })];
    // As long as both plan the same chunks (a slow machine gathers all there is into one) neither is in the other's way.
    const ended = Promise.race(sinks.map((sink) => sink.ended.then(() => true)));
    let steps = 0;
    const fenced = (): Promise<boolean> => Promise.race([ended, systemClock.sleep(10).then(() => false)]);
    do await appended(log, steps * 25, ++steps * 25, 'two');
    while (!(await fenced()) || steps < 20);
    const left = await Promise.all(
      sinks.map((sink) => Promise.race([sink.ended.then(() => null), systemClock.sleep(50).then(() => sink)])),
    );
    const survivor = left.find((sink) => sink !== null) ?? (await startSink(options));
    await survivor.caughtUp();
    const [row] = await history.query<{ rows: number; ids: number }>(
      `SELECT count() AS rows, uniqExact(id) AS ids FROM touchpoints WHERE workspace = 'two'`,
    );
    expect({ rows: Number(row!.rows), ids: Number(row!.ids) }).toEqual({ rows: steps * 25, ids: steps * 25 });
    await Promise.all([...sinks, survivor].map((sink) => sink.stop()));
    await log.close();
  });

  it('takes texts that are half a character', async () => {
    const log = createMemoryLog({ topics: TOPICS, clock: systemClock });
    const sink = await startSink({ log, history, clock: systemClock, name: 'half', chunkWaitMs: 5 });
    const value = Buffer.from(
      new TextDecoder().decode(stitched(1, 'p1', 's1', 'half')).replace('userId:x', String.raw`userId:\ud800`),
    );
    await log.append([{ topic: 'journey-inbox', partition: 0, key: 'half/s1', value }]);
    await sink.caughtUp();
    const keys = await history.query(`SELECT stitch_key FROM touchpoints WHERE workspace = 'half'`);
    expect(keys).toEqual([{ stitch_key: 'userId:\ufffd' }]);
    await sink.stop();
    await log.close();
  });

  it('goes on past a row that can never be taken, which is a dead letter', async () => {
    const log = createMemoryLog({ topics: TOPICS, clock: systemClock });
    const never: History = {
      ...history,
      insert: (table, rows, token) =>
        // What ClickHouse itself says of a row that it cannot read.
        rows.some((row) => row.id === 'tp_7')
          ? history.insert(table, [...rows, { workspace: 'never', timestamp: 'no time' }], token)
          : history.insert(table, rows, token),
    };
    const faults: unknown[] = [];
    const onFault = (error: unknown): void => void faults.push(error);
    const sink = await startSink({ log, history: never, clock: systemClock, name: 'never', chunkWaitMs: 5, onFault });
    await appended(log, 0, 20, 'never');
    await sink.caughtUp();
    expect(sink.healthy()).toBe(true);
    expect(faults).toHaveLength(1);
    const ids = await history.query<{ id: string }>(`SELECT id FROM touchpoints WHERE workspace = 'never'`);
    expect(ids.map(({ id }) => id).sort()).toEqual(
      Array.from({ length: 20 }, (_, number) => `tp_${number}`)
        .filter((id) => id !== 'tp_7')
        .sort(),
    );
    // The letter comes by the log, like any other.
    await sink.caughtUp();
    expect(await count('dead_letters', 'k')).toBe(1);
    await sink.stop();
    await log.close();
  });

  it('waits while ClickHouse is away, says so, and loses nothing', async () => {
    const log = createMemoryLog({ topics: TOPICS, clock: systemClock });
    let away = true;
    const flaky: History = {
      ...history,
      insert: (table, rows, token) => (away ? Promise.reject(new Error('away')) : history.insert(table, rows, token)),
    };
    let noticed!: () => void;
    const fault = new Promise<void>((resolve) => (noticed = resolve));
    const sink = await startSink({
      log,
      history: flaky,
      clock: systemClock,
      name: 'away',
      chunkWaitMs: 5,
      onFault: () => noticed(),
    });
    await appended(log, 0, 10, 'away');
    await fault;
    expect(sink.healthy()).toBe(false);
    away = false;
    await sink.caughtUp();
    expect(sink.healthy()).toBe(true);
    expect(await count('touchpoints', 'away')).toBe(10);
    await sink.stop();
    await log.close();
  });

  it('answers a timeline newest first, in pages, with absorbed subjects and merged people', async () => {
    const log = createMemoryLog({ topics: TOPICS, clock: systemClock });
    const sink = await startSink({ log, history, clock: systemClock, name: 'timeline', chunkWaitMs: 5 });
    await log.append([
      { topic: 'journey-inbox', partition: 0, key: 'k', value: stitched(1, 'old', 'person', 'tl') },
      { topic: 'journey-inbox', partition: 0, key: 'k', value: stitched(2, 'new', 'account', 'tl') },
      { topic: 'journey-inbox', partition: 0, key: 'k', value: stitched(3, 'new', 'account', 'other') },
      {
        topic: 'journey-inbox',
        partition: 0,
        key: 'k',
        value: encodeJson({
          type: 'subject.handed-over',
          workspace: 'tl',
          at: START,
          from: { unit: 'person', id: 'person' },
          into: { unit: 'account', id: 'account' },
          personId: null,
          cause: 'c',
        }),
      },
      {
        topic: 'identities',
        partition: 0,
        key: 'k',
        value: encodeJson({
          type: 'person.merged',
          factId: 'f',
          workspace: 'tl',
          at: START,
          from: 'old',
          into: 'new',
          absorbed: ['old'],
          version: 2,
          edge: { namespace: 'userId', value: 'x', touchpointId: null },
          cause: 'c',
        }),
      },
    ]);
    await sink.caughtUp();
    await sink.stop();
    const page1 = await timeline(history, 'tl', 'account', { limit: 1, cursor: null });
    expect(page1.items.map((item) => [item.id, item.personId])).toEqual([['tp_2', 'new']]);
    expect(page1.items[0]!.properties).toEqual({ number: 2, quote: "it's \\ \n fine" });
    const page2 = await timeline(history, 'tl', 'account', { limit: 1, cursor: page1.next });
    expect(page2.items.map((item) => [item.id, item.personId])).toEqual([['tp_1', 'new']]);
    expect(page2.next).toBeNull();
    await log.close();
  });
});
