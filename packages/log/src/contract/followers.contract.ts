import { expect, test } from 'vitest';
import type { Follower } from '../log.ts';
import { appendAll, newRecord, readAll, text, until, type LogHarness } from './harness.ts';

/** What `follow` promises. */
export function followerCases(harness: () => LogHarness): void {
  test('a follower from the start sees all of its topics, one from the end only what comes later', async () => {
    const { topics, open } = harness();
    const log = await open();
    await log.append([newRecord(topics.outputs, 0, 'early'), newRecord(topics.facts, 0, 'early fact')]);
    const start = await log.follow([topics.outputs, topics.facts], 'start');
    const end = await log.follow([topics.outputs, topics.facts], 'end');
    await log.append([newRecord(topics.outputs, 1, 'late'), newRecord(topics.inbox, 0, 'of another topic')]);
    const seen = { start: [] as string[], end: [] as string[] };
    await until(async () => {
      seen.start.push(...(await start.next({ waitMs: 100 })).records.map((record) => record.key));
      return seen.start.length >= 3;
    });
    await until(async () => {
      seen.end.push(...(await end.next({ waitMs: 100 })).records.map((record) => record.key));
      return seen.end.length >= 1;
    });
    expect(seen.start.sort()).toEqual(['early', 'early fact', 'late']);
    expect(seen.end).toEqual(['late']);
    expect((await end.next({ waitMs: 50 })).records).toEqual([]);
  });

  test('a cursor resumes exactly, wherever a batch ended, also in another process', async () => {
    const { topics, open } = harness();
    const log = await open();
    const other = await open();
    await appendAll(
      log,
      Array.from({ length: 60 }, (_, i) => newRecord(topics.outputs, i % 2, `key-${i}`)),
    );
    const keys: string[] = [];
    let cursor = 'start';
    for (let turn = 0; keys.length < 60; turn++) {
      const follower = await (turn % 2 ? log : other).follow([topics.outputs], cursor);
      const batch = await follower.next({ maxRecords: 7, waitMs: 1_000 });
      expect(batch.records.length).toBeLessThanOrEqual(7);
      expect(batch.cursor).toBe(follower.cursor());
      keys.push(...batch.records.map((record) => record.key));
      cursor = batch.cursor;
      await follower.close();
    }
    expect(keys).toHaveLength(60);
    expect(new Set(keys).size).toBe(60);
  });

  test('a cursor resumes exactly after a restart', async () => {
    const { topics, open } = harness();
    const first = await open();
    await appendAll(
      first,
      Array.from({ length: 20 }, (_, i) => newRecord(topics.outputs, 0, `key-${i}`)),
    );
    const follower = await first.follow([topics.outputs], 'start');
    const { cursor, records } = await follower.next({ maxRecords: 5, waitMs: 1_000 });
    await first.close();
    const second = await open();
    await second.append([newRecord(topics.outputs, 0, 'key-20')]);
    const resumed = await second.follow([topics.outputs], cursor);
    const keys = records.map((record) => record.key);
    while (keys.length < 21)
      keys.push(...(await resumed.next({ maxRecords: 4, waitMs: 500 })).records.map((record) => record.key));
    expect(keys).toEqual(Array.from({ length: 21 }, (_, i) => `key-${i}`));
  });

  test('the position before the first read resumes there', async () => {
    const { topics, open } = harness();
    const log = await open();
    await log.append([newRecord(topics.outputs, 0, 'before')]);
    const end = await log.follow([topics.outputs], 'end');
    const cursor = end.cursor();
    await end.close();
    await log.append([newRecord(topics.outputs, 0, 'after')]);
    const resumed = await log.follow([topics.outputs], cursor);
    const batch = await resumed.next({ waitMs: 5_000 });
    expect(batch.records.map((record) => record.key)).toEqual(['after']);
  });

  test('a cursor that is not one is refused', async () => {
    const { topics, open } = harness();
    const log = await open();
    for (const cursor of ['', 'nonsense', '{"x":1}', '[]', 'null'])
      await expect(log.follow([topics.outputs], cursor)).rejects.toThrow();
  });

  test('caughtUp is true only when nothing newer was committed', async () => {
    const { topics, open } = harness();
    const log = await open();
    const follower = await log.follow([topics.outputs], 'start');
    expect(await follower.next({ waitMs: 50 })).toMatchObject({ records: [], caughtUp: true });
    for (let round = 1; round <= 3; round++) {
      await appendAll(
        log,
        Array.from({ length: 10 }, (_, i) => newRecord(topics.outputs, i % 2, `${round}-${i}`)),
      );
      let seen = 0;
      for (;;) {
        const batch = await follower.next({ maxRecords: 4, waitMs: 200 });
        seen += batch.records.length;
        if (batch.caughtUp) break;
      }
      expect(seen).toBe(10);
      expect(await follower.lag()).toBe(0);
    }
  });

  test('lag counts the records not read yet over all partitions', async () => {
    const { topics, open } = harness();
    const log = await open();
    const follower = await log.follow([topics.outputs], 'start');
    await appendAll(
      log,
      Array.from({ length: 12 }, (_, i) => newRecord(topics.outputs, i % 2, `key-${i}`)),
    );
    expect(await follower.lag()).toBe(12);
    let read = 0;
    while (read < 5) read += (await follower.next({ maxRecords: 5 - read, waitMs: 500 })).records.length;
    expect(await follower.lag()).toBe(7);
  });

  test('an append wakes a follower that waits, also one of another process', async () => {
    const { topics, open } = harness();
    const [log, other] = [await open(), await open()];
    const followers = [await log.follow([topics.outputs], 'end'), await other.follow([topics.outputs], 'end')];
    const waiting = followers.map((follower) => nextRecords(follower));
    await log.append([newRecord(topics.outputs, 0, 'wake', 'up')]);
    for (const records of await Promise.all(waiting))
      expect(records.map((record) => text(record.value))).toEqual(['up']);
  });

  test('aborting a wait ends it with an empty batch or its reason, and the follower goes on', async () => {
    const { topics, open } = harness();
    const log = await open();
    const follower = await log.follow([topics.outputs], 'end');
    const controller = new AbortController();
    const waiting = follower.next({ waitMs: 600_000, signal: controller.signal }).catch(() => null);
    controller.abort();
    await waiting;
    await log.append([newRecord(topics.outputs, 0, 'later')]);
    expect((await nextRecords(follower)).map((record) => record.key)).toEqual(['later']);
  });

  test('no partition starves behind a busy one', async () => {
    const { topics, open } = harness();
    const log = await open();
    await appendAll(
      log,
      Array.from({ length: 200 }, (_, i) => newRecord(topics.outputs, 0, `busy-${i}`)),
    );
    await log.append([newRecord(topics.outputs, 1, 'quiet')]);
    const follower = await log.follow([topics.outputs], 'start');
    const keys: string[] = [];
    while (!keys.includes('quiet')) {
      keys.push(...(await follower.next({ maxRecords: 10, waitMs: 500 })).records.map((record) => record.key));
      // Kafka serves a fetch of the busy partition first, then the next one: well before the end, though not at once.
      expect(keys.length).toBeLessThanOrEqual(201);
    }
    expect(await readAll(log, topics.outputs, 201)).toHaveLength(201);
  });
}

async function nextRecords(follower: Follower) {
  for (;;) {
    const { records } = await follower.next({ waitMs: 60_000 });
    if (records.length > 0) return records;
  }
}
