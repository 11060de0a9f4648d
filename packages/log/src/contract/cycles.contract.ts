import { seededRandom } from '@cairn/clock/clock.virtual.ts';
import { expect, test } from 'vitest';
import { compareKeys } from '../key-order.ts';
import { LogUnavailable, type DueTimer, type OwnedPartition, type StateChange } from '../log.ts';
import { bytes, emptyCycle, holdPartition, newRecord, readAll, text, until, type LogHarness } from './harness.ts';

const put = (key: string, value: string, timers: Record<string, number> = {}): StateChange => ({
  key,
  value: bytes(value),
  timers,
});
const remove = (key: string): StateChange => ({ key, value: null, timers: {} });
const keysOf = (owned: OwnedPartition, prefix?: string): string[] =>
  [...owned.state.entries(prefix)].map(([key]) => key).sort();

/** What a commit makes durable, and what is found of it afterwards. */
export function cycleCases(harness: () => LogHarness): void {
  const hold = async (log: Parameters<typeof holdPartition>[0], partition = 0) => {
    const { topics, task } = harness();
    return holdPartition(log, { task, inbox: topics.inbox, partition });
  };

  test('outputs, state, timers and position are there as one after the commit, and after a restart', async () => {
    const { topics, open } = harness();
    const first = await open();
    await first.append([newRecord(topics.inbox, 0, 'a'), newRecord(topics.inbox, 0, 'b')]);
    const { owned } = await hold(first);
    const records = await owned.read({ maxRecords: 10, waitMs: 5_000 });
    const nextOffset = records[0]!.offset + 1n;
    await owned.commit({
      nextOffset,
      logTime: 1_234,
      state: [put('journey/1', 'warm', { stall: 5_000, remind: 4_000 })],
      outputs: [newRecord(topics.outputs, 0, 'x'), newRecord(topics.outputs, 1, 'y')],
    });
    function check({ state, position }: OwnedPartition): void {
      expect(position()).toEqual({ nextOffset, logTime: 1_234 });
      expect(text(state.get('journey/1')?.value)).toBe('warm');
      expect({ ...state.get('journey/1')?.timers }).toEqual({ stall: 5_000, remind: 4_000 });
      expect(state.due(10_000, 10).map((timer) => timer.purpose)).toEqual(['remind', 'stall']);
    }
    check(owned);
    expect((await readAll(first, topics.outputs, 2)).map((record) => record.key).sort()).toEqual(['x', 'y']);
    await first.close();

    const second = await open();
    const again = await hold(second);
    check(again.owned);
    const left = await again.owned.read({ maxRecords: 10, waitMs: 5_000 });
    expect(left.map((record) => record.key)).toEqual(['b']);
    expect(await readAll(second, topics.outputs, 2)).toHaveLength(2);
  });

  test('nothing of a cycle that failed before it was written is visible to anyone', async () => {
    const { topics, task, open } = harness();
    let failures = 1;
    const log = await open({
      faults: {
        at({ operation, phase }) {
          if (operation === 'commit' && phase === 'before' && failures-- > 0) throw new Error('broken');
        },
      },
    });
    await log.append([newRecord(topics.inbox, 0, 'a')]);
    const attempts: { state: string | null; error: unknown }[] = [];
    await log.join({
      task,
      inbox: topics.inbox,
      async run(owned) {
        while (!owned.signal.aborted) {
          const [record] = await owned.read({ maxRecords: 1, waitMs: 200 });
          if (!record) continue;
          const attempt = { state: text(owned.state.get('k')?.value), error: null as unknown };
          attempts.push(attempt);
          const outputs = [newRecord(topics.outputs, 0, `attempt-${attempts.length}`)];
          try {
            const state = [put('k', `attempt-${attempts.length}`, { t: 1 })];
            await owned.commit({ nextOffset: record.offset + 1n, logTime: record.at, state, outputs });
          } catch (error) {
            attempt.error = error;
            throw error;
          }
        }
      },
    });
    const outputs = await readAll(log, topics.outputs, 1);
    expect(outputs.map((record) => record.key)).toEqual(['attempt-2']);
    expect(attempts).toHaveLength(2);
    expect(attempts[0]!.error).toBeInstanceOf(LogUnavailable);
    expect(attempts[1]).toEqual({ state: null, error: null });
  });

  test('a cycle that was written but whose answer was lost is found whole when the partition is taken again', async () => {
    const { topics, task, open } = harness();
    let failures = 1;
    const log = await open({
      faults: {
        at({ operation, phase }) {
          if (operation === 'commit' && phase === 'after' && failures-- > 0) throw new Error('answer lost');
        },
      },
    });
    await log.append([newRecord(topics.inbox, 0, 'a'), newRecord(topics.inbox, 0, 'b')]);
    const faults: unknown[] = [];
    const states: (string | null)[] = [];
    await log.join({
      task,
      inbox: topics.inbox,
      async run(owned) {
        while (!owned.signal.aborted) {
          const [record] = await owned.read({ maxRecords: 1, waitMs: 200 });
          if (!record) continue;
          states.push(text(owned.state.get('last')?.value));
          const outputs = [newRecord(topics.outputs, 0, record.key)];
          await owned.commit({
            nextOffset: record.offset + 1n,
            logTime: record.at,
            state: [put('last', record.key)],
            outputs,
          });
        }
      },
      onFault: ({ error }) => faults.push(error),
    });
    expect((await readAll(log, topics.outputs, 2)).map((record) => record.key)).toEqual(['a', 'b']);
    expect(states).toEqual([null, 'a']);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toBeInstanceOf(LogUnavailable);
  });

  test('removed keys and their timers are gone, at once and after a restart', async () => {
    const { open } = harness();
    const first = await open();
    const { owned } = await hold(first);
    await owned.commit({
      ...emptyCycle(owned),
      state: [put('a', '1', { t: 10 }), put('b', '2', { t: 20 }), put('c', '3')],
    });
    await owned.commit({ ...emptyCycle(owned), state: [remove('a'), put('b', '2b')] });
    function check(partition: OwnedPartition): void {
      expect(partition.state.get('a')).toBeUndefined();
      expect(keysOf(partition)).toEqual(['b', 'c']);
      expect(partition.state.due(1_000, 10)).toEqual([]);
      expect(partition.state.nextDue()).toBeNull();
    }
    check(owned);
    await first.close();
    check((await hold(await open())).owned);
  });

  test('a key may have timers and no value', async () => {
    const { open } = harness();
    const { owned } = await hold(await open());
    await owned.commit({ ...emptyCycle(owned), state: [{ key: 'only-a-timer', value: null, timers: { t: 7 } }] });
    expect(owned.state.get('only-a-timer')).toEqual({ value: null, timers: { t: 7 } });
    expect(owned.state.due(7, 10)).toEqual([{ key: 'only-a-timer', purpose: 't', dueAt: 7 }]);
  });

  test('timers come in the order of due time, key and purpose, up to the limit, and stay until they are changed', async () => {
    const { open } = harness();
    const { owned } = await hold(await open());
    const keys = ['b', 'a', 'é', 'z', '😀', '\uffee'];
    await owned.commit({
      ...emptyCycle(owned),
      state: keys.map((key) => put(key, key, { second: 100, first: 100, late: 300 })),
    });
    await owned.commit({ ...emptyCycle(owned), state: [put('m', 'm', { early: 50 })] });
    const order = ['a', 'b', 'z', 'é', '\uffee', '😀'];
    const expected = [
      { key: 'm', purpose: 'early', dueAt: 50 },
      ...order.flatMap((key) => ['first', 'second'].map((purpose) => ({ key, purpose, dueAt: 100 }))),
    ];
    expect(owned.state.due(100, 100)).toEqual(expected);
    expect(owned.state.due(299, 100)).toEqual(expected);
    expect(owned.state.due(299, 5)).toEqual(expected.slice(0, 5));
    expect(owned.state.due(49, 100)).toEqual([]);
    expect(owned.state.nextDue()).toBe(50);
  });

  test('a timer that moved is due at its new time only', async () => {
    const { open } = harness();
    const first = await open();
    const { owned } = await hold(first);
    const arm = (dueAt: number) => owned.commit({ ...emptyCycle(owned), state: [put('k', 'v', { stall: dueAt })] });
    for (const dueAt of [100, 900, 100, 500, 700]) await arm(dueAt);
    expect(owned.state.due(699, 10)).toEqual([]);
    expect(owned.state.due(700, 10)).toEqual([{ key: 'k', purpose: 'stall', dueAt: 700 }]);
    expect(owned.state.nextDue()).toBeLessThanOrEqual(700);
    await arm(200);
    expect(owned.state.due(200, 10)).toEqual([{ key: 'k', purpose: 'stall', dueAt: 200 }]);
    await owned.commit({ ...emptyCycle(owned), state: [put('k', 'v')] });
    expect(owned.state.due(10_000, 10)).toEqual([]);
    await arm(300);
    await first.close();
    const again = await hold(await open());
    expect(again.owned.state.due(10_000, 10)).toEqual([{ key: 'k', purpose: 'stall', dueAt: 300 }]);
    expect(again.owned.state.nextDue()).toBe(300);
  });

  test('timers agree with a naive model over many random changes, and after a restart', async () => {
    const { open } = harness();
    const first = await open();
    let { owned } = await hold(first);
    const random = seededRandom(5);
    const pick = (n: number): number => Math.floor(random() * n);
    const model = new Map<string, Record<string, number>>();
    function check(): void {
      const expected: DueTimer[] = [...model]
        .flatMap(([key, timers]) => Object.entries(timers).map(([purpose, dueAt]) => ({ key, purpose, dueAt })))
        .sort((a, b) => a.dueAt - b.dueAt || compareKeys(a.key, b.key) || compareKeys(a.purpose, b.purpose));
      const before = pick(400);
      expect(owned.state.due(before, 5)).toEqual(expected.filter((timer) => timer.dueAt <= before).slice(0, 5));
      expect(owned.state.due(Infinity, 1_000)).toEqual(expected);
      if (expected.length > 0) expect(owned.state.nextDue()).toBeLessThanOrEqual(expected[0]!.dueAt);
    }
    for (let cycle = 0; cycle < 120; cycle++) {
      const state = Array.from({ length: 1 + pick(4) }, () => {
        const timers: Record<string, number> = {};
        for (const purpose of ['stall', 'remind']) if (pick(3) > 0) timers[purpose] = pick(400);
        return pick(4) === 0 ? remove(`k${pick(15)}`) : put(`k${pick(15)}`, 'v', timers);
      });
      await owned.commit({ ...emptyCycle(owned), state });
      for (const change of state)
        if (change.value === null) model.delete(change.key);
        else model.set(change.key, { ...change.timers });
      if (pick(2) === 0) check();
    }
    await first.close();
    ({ owned } = await hold(await open()));
    check();
  });

  test('log time does not fall, whatever a cycle says', async () => {
    const { open } = harness();
    const { owned } = await hold(await open());
    await owned.commit({ ...emptyCycle(owned), logTime: 500 });
    await owned.commit({ ...emptyCycle(owned), logTime: 400 });
    expect(owned.position().logTime).toBe(500);
  });

  test('entries are found by prefix', async () => {
    const { open } = harness();
    const { owned } = await hold(await open());
    const keys = ['~effect/1', '~effect/2', '~effecz', 'w/1', 'w/2', '~effect/😀'];
    await owned.commit({ ...emptyCycle(owned), state: keys.map((key) => put(key, key)) });
    expect(keysOf(owned, '~effect/')).toEqual(['~effect/1', '~effect/2', '~effect/😀']);
    expect(keysOf(owned)).toEqual([...keys].sort());
    for (const [key, entry] of owned.state.entries('w/')) expect(text(entry.value)).toBe(key);
    expect(keysOf(owned, 'nothing')).toEqual([]);
  });

  test('a later change of one key within a cycle wins', async () => {
    const { open } = harness();
    const { owned } = await hold(await open());
    await owned.commit({
      ...emptyCycle(owned),
      state: [put('k', '1', { t: 1 }), remove('k'), put('k', '3', { t: 3 })],
    });
    expect(text(owned.state.get('k')?.value)).toBe('3');
    expect(owned.state.due(10, 10)).toEqual([{ key: 'k', purpose: 't', dueAt: 3 }]);
  });

  test('the value handed out is the caller’s: changing it changes nothing', async () => {
    const { open } = harness();
    const { owned } = await hold(await open());
    await owned.commit({ ...emptyCycle(owned), state: [put('a', 'aaaa'), put('b', 'bbbb')] });
    const a = owned.state.get('a')!.value!;
    owned.state.get('b');
    expect(text(a)).toBe('aaaa');
    a.fill(0);
    expect(text(owned.state.get('a')!.value)).toBe('aaaa');
  });

  test('state of a megabyte, and keys of any length, are kept whole', async () => {
    const { open } = harness();
    const first = await open();
    const { owned } = await hold(first);
    const value = Uint8Array.from({ length: 900_000 }, (_, i) => (i * 17) % 253);
    const long = `w/${'é'.repeat(5_000)}`;
    const longer = `${long}/2`;
    await owned.commit({
      ...emptyCycle(owned),
      state: [{ key: 'big', value, timers: {} }, put(long, 'long', { t: 1 }), put(longer, 'longer', { t: 2 })],
    });
    await owned.commit({ ...emptyCycle(owned), state: [put(longer, 'longer still', { t: 3 })] });
    await first.close();
    const again = await hold(await open());
    expect(Buffer.compare(again.owned.state.get('big')!.value!, value)).toBe(0);
    expect(text(again.owned.state.get(long)?.value)).toBe('long');
    expect(text(again.owned.state.get(longer)?.value)).toBe('longer still');
    expect(keysOf(again.owned, 'w/')).toEqual([long, longer]);
    expect(again.owned.state.due(10, 10).map((timer) => timer.key)).toEqual([long, longer]);
  });

  test('a cycle may be empty, or hold nothing but a position', async () => {
    const { topics, open } = harness();
    const first = await open();
    await first.append([newRecord(topics.inbox, 0, 'a')]);
    const { owned } = await hold(first);
    await owned.commit(emptyCycle(owned));
    const [record] = await owned.read({ maxRecords: 1, waitMs: 5_000 });
    const position = { nextOffset: record!.offset + 1n, logTime: record!.at };
    await owned.commit({ ...position, state: [], outputs: [] });
    await first.close();
    expect((await hold(await open())).owned.position()).toEqual(position);
  });

  test('partitions and tasks keep their states apart', async () => {
    const { topics, task, open } = harness();
    const log = await open();
    const zero = await hold(log);
    await zero.owned.commit({ ...emptyCycle(zero.owned), state: [put('k', 'of 0', { t: 1 })] });
    await zero.giveBack();
    const one = await hold(log, 1);
    expect(one.owned.state.get('k')).toBeUndefined();
    expect(one.owned.state.nextDue()).toBeNull();
    const other = await holdPartition(log, { task: `${task}-other`, inbox: topics.inbox });
    expect(other.owned.state.get('k')).toBeUndefined();
    expect(other.owned.position().nextOffset).toBe(0n);
  });

  test('a task appends to its own inbox and reads it back in order', async () => {
    const { topics, open } = harness();
    const log = await open();
    await log.append([newRecord(topics.inbox, 0, 'first')]);
    const { owned } = await hold(log);
    await owned.appendToInbox([{ key: 'tick', value: bytes('t'), headers: { 'cairn-tick': '1' } }]);
    const keys: string[] = [];
    await until(async () => {
      for (const record of await owned.read({ maxRecords: 10, waitMs: 200 })) {
        keys.push(record.key);
        if (record.key === 'tick') expect({ ...record.headers }).toEqual({ 'cairn-tick': '1' });
      }
      return keys.length >= 2;
    });
    expect(keys).toEqual(['first', 'tick']);
  });

  test('backlog counts the inbox records behind the read position', async () => {
    const { topics, open } = harness();
    const log = await open();
    const { owned } = await hold(log);
    await log.append(Array.from({ length: 9 }, (_, i) => newRecord(topics.inbox, 0, `k${i}`)));
    await until(async () => (await owned.backlog()) === 9);
    let read = 0;
    while (read < 4) read += (await owned.read({ maxRecords: 4 - read, waitMs: 500 })).length;
    expect(await owned.backlog()).toBe(5);
  });

  test('an append to the inbox wakes a task that waits', async () => {
    const { topics, open } = harness();
    const [log, other] = [await open(), await open()];
    const { owned } = await hold(log);
    const reading = (async () => {
      for (;;) {
        const records = await owned.read({ maxRecords: 10, waitMs: 60_000 });
        if (records.length > 0) return records;
      }
    })();
    await other.append([newRecord(topics.inbox, 0, 'wake')]);
    expect((await reading).map((record) => record.key)).toEqual(['wake']);
  });
}
