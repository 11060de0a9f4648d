import { expect, test } from 'vitest';
import { appendAll, bytes, newRecord, readAll, text, type LogCapabilities, type LogHarness } from './harness.ts';

/** What `append`, `read` and `offsets` promise. */
export function recordCases(harness: () => LogHarness, capabilities: LogCapabilities): void {
  test('the order of each partition is the order of the appends', async () => {
    const { topics, open } = harness();
    const log = await open();
    const records = Array.from({ length: 500 }, (_, i) => newRecord(topics.outputs, i % 2, `key-${i % 7}`, String(i)));
    await appendAll(log, records, 37);
    const read = await readAll(log, topics.outputs, 500);
    for (const partition of [0, 1]) {
      const values = read.filter((record) => record.partition === partition);
      expect(values.map((record) => Number(text(record.value)))).toEqual(
        Array.from({ length: 250 }, (_, i) => 2 * i + partition),
      );
      for (let i = 1; i < values.length; i++) expect(values[i]!.offset).toBeGreaterThan(values[i - 1]!.offset);
    }
  });

  test('many concurrent appends are all kept once, those of one caller in their order', async () => {
    const { topics, open } = harness();
    const log = await open();
    const callers = Array.from({ length: 40 }, async (_, caller) => {
      for (let i = 0; i < 20; i++)
        await log.append([newRecord(topics.outputs, caller % 2, `caller-${caller}`, String(i))]);
    });
    await Promise.all(callers);
    const read = await readAll(log, topics.outputs, 800);
    expect(read).toHaveLength(800);
    for (let caller = 0; caller < 40; caller++) {
      const values = read.filter((record) => record.key === `caller-${caller}`).map((record) => text(record.value));
      expect(values).toEqual(Array.from({ length: 20 }, (_, i) => String(i)));
    }
  });

  test('two processes on one log see each other’s records', async () => {
    const { topics, open } = harness();
    const [first, second] = [await open(), await open()];
    await Promise.all(
      [first, second].map(async (log, writer) => {
        for (let i = 0; i < 50; i++) await log.append([newRecord(topics.outputs, 0, `${writer}-${i}`)]);
      }),
    );
    for (const log of [first, second]) {
      const read = await readAll(log, topics.outputs, 100);
      expect(new Set(read.map((record) => record.key)).size).toBe(100);
      expect(new Set(read.map((record) => record.offset)).size).toBe(100);
    }
  });

  test('keys, values, headers and tombstones come back as they were written', async () => {
    const { topics, open } = harness();
    const log = await open();
    await log.append([
      {
        topic: topics.outputs,
        partition: 0,
        key: 'ключ/😀',
        value: bytes('ü'),
        headers: { 'cairn-tick': '1', trace: 'é' },
      },
      { topic: topics.outputs, partition: 0, key: 'gone', value: null },
      { topic: topics.outputs, partition: 0, key: 'empty', value: new Uint8Array(0) },
      { topic: topics.outputs, partition: 0, key: 'all', value: Uint8Array.from({ length: 256 }, (_, i) => i) },
    ]);
    const [first, gone, empty, all] = await readAll(log, topics.outputs, 4);
    expect(first).toMatchObject({ topic: topics.outputs, partition: 0, key: 'ключ/😀' });
    expect(text(first!.value)).toBe('ü');
    expect({ ...first!.headers }).toEqual({ 'cairn-tick': '1', trace: 'é' });
    expect(gone!.value).toBeNull();
    expect({ ...gone!.headers }).toEqual({});
    expect(empty!.value).toHaveLength(0);
    expect(Array.from(all!.value!)).toEqual(Array.from({ length: 256 }, (_, i) => i));
  });

  test('a value of a megabyte comes back whole', async () => {
    const { topics, open } = harness();
    const log = await open();
    const value = Uint8Array.from({ length: 1_000_000 }, (_, i) => (i * 31) % 251);
    await log.append([{ topic: topics.outputs, partition: 1, key: 'big', value }]);
    const [big] = await log.read(topics.outputs, 1, 0n, 1);
    expect(Buffer.compare(big!.value!, value)).toBe(0);
  });

  test('read begins at its offset, ends at its number, and stays in its partition', async () => {
    const { topics, open } = harness();
    const log = await open();
    await appendAll(
      log,
      Array.from({ length: 20 }, (_, i) => newRecord(topics.outputs, i % 2, `key-${i}`)),
    );
    const all = await log.read(topics.outputs, 0, 0n, 100);
    expect(all.map((record) => record.key)).toEqual(Array.from({ length: 10 }, (_, i) => `key-${2 * i}`));
    const middle = await log.read(topics.outputs, 0, all[3]!.offset, 4);
    expect(middle.map((record) => record.offset)).toEqual(all.slice(3, 7).map((record) => record.offset));
    const { next } = (await log.offsets(topics.outputs))[0]!;
    expect(await log.read(topics.outputs, 0, next, 10)).toEqual([]);
    expect(await log.read(topics.outputs, 0, next + 1_000n, 10)).toEqual([]);
  });

  test('offsets tell the oldest record and the place of the next', async () => {
    const { topics, open } = harness();
    const log = await open();
    expect(await log.offsets(topics.outputs)).toEqual([
      { partition: 0, oldest: 0n, next: 0n },
      { partition: 1, oldest: 0n, next: 0n },
    ]);
    await log.append([newRecord(topics.outputs, 1, 'a'), newRecord(topics.outputs, 1, 'b')]);
    expect(await log.offsets(topics.outputs)).toEqual([
      { partition: 0, oldest: 0n, next: 0n },
      { partition: 1, oldest: 0n, next: 2n },
    ]);
    expect(log.partitions(topics.outputs)).toBe(2);
  });

  test('an append to a topic or partition that does not exist is refused as a whole', async () => {
    const { topics, open } = harness();
    const log = await open();
    await expect(log.append([newRecord(topics.outputs, 0, 'a'), newRecord(topics.outputs, 2, 'b')])).rejects.toThrow();
    await expect(log.append([newRecord(topics.outputs, 0, 'a'), newRecord('no-such-topic', 0, 'b')])).rejects.toThrow();
    expect(await readAll(log, topics.outputs)).toEqual([]);
  });

  test('records, offsets and log times are found again after a restart', async () => {
    const { topics, open } = harness();
    const first = await open();
    await first.append([newRecord(topics.outputs, 0, 'a'), newRecord(topics.outputs, 0, 'b')]);
    const before = await readAll(first, topics.outputs, 2);
    await first.close();
    const second = await open();
    await second.append([newRecord(topics.outputs, 0, 'c')]);
    const after = await readAll(second, topics.outputs, 3);
    expect(after.slice(0, 2)).toEqual(before);
    expect(after[2]!.offset).toBeGreaterThan(after[1]!.offset);
    expect(after[2]!.at).toBeGreaterThanOrEqual(after[1]!.at);
  });

  test.skipIf(!capabilities.moveClock)(
    'log time never falls, though the clock does, also across a restart',
    async () => {
      const { topics, open, moveClock } = harness();
      const first = await open();
      await first.append([newRecord(topics.outputs, 0, 'a')]);
      moveClock!(-3_600_000);
      await first.append([newRecord(topics.outputs, 0, 'b')]);
      await first.close();
      const second = await open();
      await second.append([newRecord(topics.outputs, 0, 'c')]);
      moveClock!(7_200_000);
      await second.append([newRecord(topics.outputs, 0, 'd')]);
      const times = (await readAll(second, topics.outputs, 4)).map((record) => record.at);
      expect(times[1]).toBe(times[0]);
      expect(times[2]).toBe(times[0]);
      expect(times[3]).toBeGreaterThan(times[0]!);
    },
  );

  test('a closed log takes nothing', async () => {
    const { topics, open } = harness();
    const log = await open();
    await log.close();
    await expect(log.append([newRecord(topics.outputs, 0, 'a')])).rejects.toThrow();
    expect(log.healthy()).toBe(false);
  });
}
