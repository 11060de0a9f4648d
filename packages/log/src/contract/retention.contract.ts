import { expect, test } from 'vitest';
import {
  appendAll,
  bytes,
  emptyCycle,
  holdPartition,
  newRecord,
  readAll,
  text,
  type LogCapabilities,
  type LogHarness,
} from './harness.ts';

/** What remains after retention and compaction. Implementations whose cleaner cannot be driven are tested for what they can be. */
export function retentionCases(harness: () => LogHarness, capabilities: LogCapabilities): void {
  const drivable = capabilities.maintain && capabilities.moveClock;

  test.skipIf(!drivable)('records past their retention are deleted, the offsets go on', async () => {
    const { topics, open, maintain, moveClock } = harness();
    const log = await open();
    await appendAll(
      log,
      Array.from({ length: 10 }, (_, i) => newRecord(topics.shortLived, 0, `old-${i}`)),
    );
    await log.append([newRecord(topics.outputs, 0, 'kept for ever')]);
    moveClock!(61_000);
    await log.append([newRecord(topics.shortLived, 0, 'new')]);
    await maintain!(log);
    expect((await readAll(log, topics.shortLived, 1)).map((record) => record.key)).toEqual(['new']);
    expect(await log.offsets(topics.shortLived)).toEqual([{ partition: 0, oldest: 10n, next: 11n }]);
    expect(await readAll(log, topics.outputs, 1)).toHaveLength(1);
    await log.close();
    const again = await open();
    await again.append([newRecord(topics.shortLived, 0, 'newer')]);
    expect((await readAll(again, topics.shortLived, 2)).map((record) => record.offset)).toEqual([10n, 11n]);
  });

  test.skipIf(!drivable)('a partition emptied by retention keeps its place', async () => {
    const { topics, open, maintain, moveClock } = harness();
    const log = await open();
    await log.append([newRecord(topics.shortLived, 0, 'a'), newRecord(topics.shortLived, 0, 'b')]);
    moveClock!(61_000);
    await maintain!(log);
    expect(await log.offsets(topics.shortLived)).toEqual([{ partition: 0, oldest: 2n, next: 2n }]);
    await log.close();
    const again = await open();
    await again.append([newRecord(topics.shortLived, 0, 'c')]);
    expect((await readAll(again, topics.shortLived, 1)).map((record) => record.offset)).toEqual([2n]);
  });

  test.skipIf(!drivable)('a cursor that fell out of retention goes on at the oldest record kept', async () => {
    const { topics, open, maintain, moveClock } = harness();
    const log = await open();
    await appendAll(
      log,
      Array.from({ length: 10 }, (_, i) => newRecord(topics.shortLived, 0, `old-${i}`)),
    );
    const follower = await log.follow([topics.shortLived], 'start');
    const { cursor } = await follower.next({ maxRecords: 3, waitMs: 1_000 });
    moveClock!(61_000);
    await log.append([newRecord(topics.shortLived, 0, 'new')]);
    await maintain!(log);
    expect(await follower.lag()).toBe(1);
    const resumed = await log.follow([topics.shortLived], cursor);
    for (const reader of [follower, resumed]) {
      const batch = await reader.next({ waitMs: 1_000 });
      expect(batch.records.map((record) => record.key)).toEqual(['new']);
      expect(batch.caughtUp).toBe(true);
    }
  });

  test.skipIf(!capabilities.maintain)(
    'compaction keeps the newest record of each key, a tombstone for a day, and moves no offset',
    async () => {
      const { topics, open, maintain, moveClock } = harness();
      const log = await open();
      for (let round = 0; round < 3; round++)
        for (const key of ['a', 'b', 'c']) await log.append([newRecord(topics.facts, 0, key, `${key}${round}`)]);
      await log.append([newRecord(topics.facts, 0, 'b', null)]);
      const before = await readAll(log, topics.facts, 10);
      moveClock?.(1);
      await maintain!(log);
      const after = await readAll(log, topics.facts);
      expect(after.map((record) => text(record.value))).toEqual(['a2', 'c2', null]);
      for (const record of after) expect(before).toContainEqual(record);
      expect((await log.offsets(topics.facts))[0]!.next).toBe(10n);
      if (!moveClock) return;
      moveClock(25 * 3_600_000);
      await maintain!(log);
      expect((await readAll(log, topics.facts)).map((record) => text(record.value))).toEqual(['a2', 'c2']);
    },
  );

  test.skipIf(!drivable)('compaction leaves the records younger than the topic’s lag alone', async () => {
    const { topics, open, maintain, moveClock } = harness();
    const log = await open();
    const append = (value: string | null) => log.append([newRecord(topics.laggingFacts, 0, 'k', value)]);
    await append('1');
    await append('2');
    moveClock!(61_000);
    await append('3');
    await append('4');
    await maintain!(log);
    const values = (await readAll(log, topics.laggingFacts, 3)).map((record) => text(record.value));
    expect(values).toEqual(['2', '3', '4']);
    moveClock!(61_000);
    await maintain!(log);
    expect((await readAll(log, topics.laggingFacts, 1)).map((record) => text(record.value))).toEqual(['4']);
  });

  test.skipIf(!drivable)('followers and cursors pass over what compaction took, and catch up', async () => {
    const { topics, open, maintain, moveClock } = harness();
    const log = await open();
    await appendAll(
      log,
      Array.from({ length: 30 }, (_, i) => newRecord(topics.facts, 0, 'k', String(i))),
    );
    await log.append([newRecord(topics.facts, 0, 'k', null)]);
    const follower = await log.follow([topics.facts], 'start');
    await follower.next({ maxRecords: 10, waitMs: 1_000 });
    moveClock!(25 * 3_600_000);
    await maintain!(log);
    const batch = await follower.next({ waitMs: 100 });
    expect(batch).toMatchObject({ records: [], caughtUp: true });
    await log.append([newRecord(topics.facts, 0, 'k', 'again')]);
    expect((await follower.next({ waitMs: 1_000 })).records.map((record) => text(record.value))).toEqual(['again']);
  });

  test.skipIf(!capabilities.maintain)('state and timers are restored after retention and compaction', async () => {
    const { topics, task, open, maintain, moveClock } = harness();
    const first = await open();
    const { owned } = await holdPartition(first, { task, inbox: topics.inbox });
    for (let i = 0; i < 50; i++)
      await owned.commit({
        ...emptyCycle(owned),
        state: [
          { key: `k${i % 5}`, value: bytes(String(i)), timers: { t: 1_000 + i } },
          { key: `gone${i}`, value: i % 2 ? null : bytes('x'), timers: {} },
          { key: `gone${i - 1}`, value: null, timers: {} },
        ],
      });
    await owned.commit({ ...emptyCycle(owned), state: [{ key: 'gone48', value: null, timers: {} }] });
    moveClock?.(61_000);
    await maintain!(first);
    await first.close();
    const again = await holdPartition(await open(), { task, inbox: topics.inbox });
    const entries = [...again.owned.state.entries()].map(([key, entry]) => [key, text(entry.value)]).sort();
    expect(entries).toEqual(Array.from({ length: 5 }, (_, i) => [`k${i}`, String(45 + i)]));
    expect(again.owned.state.due(9_999, 10)).toEqual(
      Array.from({ length: 5 }, (_, i) => ({ key: `k${i}`, purpose: 't', dueAt: 1_045 + i })),
    );
  });
}
