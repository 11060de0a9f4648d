import { systemClock } from '@cairn/clock/clock.system.ts';
import { expect, test } from 'vitest';
import {
  aborted,
  appendAll,
  countOf,
  createCounter,
  newRecord,
  readAll,
  until,
  type LogCapabilities,
  type LogHarness,
} from './harness.ts';

/** What `join` promises: each partition has one owner at a time, and changes hands without a loss. */
export function groupCases(harness: () => LogHarness, _capabilities: LogCapabilities): void {
  test('a single member is ready with every partition', async () => {
    const { topics, task, open } = harness();
    const log = await open();
    const membership = await log.join({ task, inbox: topics.inbox, run: (owned) => aborted(owned.signal) });
    await membership.ready();
    expect([...membership.owned()].sort()).toEqual([0, 1, 2, 3]);
    await membership.leave();
    expect(membership.owned()).toEqual([]);
  });

  test('says where a task stands in its inbox, from another process too', async () => {
    const { topics, task, open } = harness();
    const [log, other] = [await open(), await open()];
    await log.append([newRecord(topics.inbox, 1, 'a'), newRecord(topics.inbox, 1, 'b')]);
    expect(await other.positions(task, topics.inbox)).toEqual([0n, 0n, 0n, 0n]);
    const counter = createCounter(topics.outputs);
    const membership = await log.join({ task, inbox: topics.inbox, run: (owned) => counter.run(owned) });
    const next = (await log.offsets(topics.inbox)).find(({ partition }) => partition === 1)!.next;
    await until(async () => (await other.positions(task, topics.inbox))[1]! >= next);
    await membership.leave();
  });

  test('members share the partitions, and take over those of one that leaves', async () => {
    const { topics, task, open } = harness();
    const [log, other] = [await open(), await open()];
    const counter = createCounter(topics.outputs);
    const join = { task, inbox: topics.inbox, run: (owned: Parameters<typeof counter.run>[0]) => counter.run(owned) };
    const first = await log.join(join);
    await first.ready();
    const second = await other.join(join);
    await until(() => first.owned().length === 2 && second.owned().length === 2);
    expect([...first.owned(), ...second.owned()].sort()).toEqual([0, 1, 2, 3]);
    await first.leave();
    await until(() => second.owned().length === 4);
    await second.ready();
    expect(counter.overlapped).toBe(false);
  });

  test('a partition is handed over only after its run returned, and its last commit counts', async () => {
    const { topics, task, open } = harness();
    const log = await open();
    await log.append([newRecord(topics.inbox, 0, 'a')]);
    const events: string[] = [];
    const release = Promise.withResolvers<void>();
    const first = await log.join({
      task,
      inbox: topics.inbox,
      async run(owned) {
        await aborted(owned.signal);
        if (owned.partition !== 0) return;
        await release.promise;
        const [record] = await owned.read({ maxRecords: 1, waitMs: 0 });
        const nextOffset = record ? record.offset + 1n : 1n;
        const state = [{ key: 'last', value: new Uint8Array([1]), timers: {} }];
        await owned.commit({ nextOffset, logTime: 1, state, outputs: [] });
        events.push('old run returned');
      },
    });
    await first.ready();
    const second = await log.join({
      task,
      inbox: topics.inbox,
      async run(owned) {
        if (owned.partition === 0) {
          events.push('new run began');
          expect(owned.state.get('last')).toBeDefined();
          expect(owned.position().nextOffset).toBe(1n);
        }
        await aborted(owned.signal);
      },
    });
    const leaving = first.leave();
    release.resolve();
    await leaving;
    await second.ready();
    await until(() => events.length === 2);
    expect(events).toEqual(['old run returned', 'new run began']);
  });

  test('a run that fails or returns unasked is told and taken again', async () => {
    const { topics, task, open } = harness();
    const log = await open();
    const faults: { partition: number; error: unknown }[] = [];
    let runs = 0;
    const membership = await log.join({
      task,
      inbox: topics.inbox,
      async run(owned) {
        if (owned.partition !== 2) return aborted(owned.signal);
        runs++;
        if (runs === 1) throw new Error('handler broke');
        if (runs === 2) return;
        await aborted(owned.signal);
      },
      onFault: (fault) => faults.push(fault),
    });
    await until(() => runs === 3);
    await membership.ready();
    expect(faults.map((fault) => fault.partition)).toEqual([2, 2]);
    expect(String(faults[0]!.error)).toContain('handler broke');
    expect([...membership.owned()].sort()).toEqual([0, 1, 2, 3]);
  });

  test('closing the log asks every partition back and waits for the runs', async () => {
    const { topics, task, open } = harness();
    const log = await open();
    let returned = 0;
    const membership = await log.join({
      task,
      inbox: topics.inbox,
      async run(owned) {
        await aborted(owned.signal);
        await systemClock.sleep(1);
        returned++;
      },
    });
    await membership.ready();
    await log.close();
    expect(returned).toBe(4);
  });

  test('a partition taken and given back twenty times under load: each record counted once, each output there once', async () => {
    const { topics, task, open } = harness();
    const [log, other] = [await open(), await open()];
    const counter = createCounter(topics.outputs, { maxRecords: 11 });
    const faults: unknown[] = [];
    const join = {
      task,
      inbox: topics.inbox,
      run: (owned: Parameters<typeof counter.run>[0]) => counter.run(owned),
      onFault: (fault: unknown) => faults.push(fault),
    };
    const total = 2_000;
    const appended = appendAll(
      log,
      Array.from({ length: total }, (_, i) => newRecord(topics.inbox, i % 4, `key-${i % 40}`, String(i))),
      20,
    );
    const steady = await log.join(join);
    for (let turn = 0; turn < 20; turn++) {
      const guest = await other.join(join);
      await guest.ready();
      await until(() => guest.owned().length === 2);
      await guest.leave();
    }
    await appended;
    const outputs = await readAll(log, topics.outputs, total);
    expect(outputs).toHaveLength(total);
    expect(new Set(outputs.map((record) => Buffer.from(record.value!).toString())).size).toBe(total);
    await steady.leave();

    const counts = new Map<string, number>();
    const last = await log.join({
      task,
      inbox: topics.inbox,
      async run(owned) {
        for (const [key] of owned.state.entries()) counts.set(key, countOf(owned, key));
        await aborted(owned.signal);
      },
    });
    await last.ready();
    await until(() => counts.size === 40);
    for (const count of counts.values()) expect(count).toBe(total / 40);
    expect(counter.overlapped).toBe(false);
    expect(faults).toEqual([]);
  });
}
