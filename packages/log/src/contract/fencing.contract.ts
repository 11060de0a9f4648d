import { expect, test } from 'vitest';
import { Fenced, type OwnedPartition } from '../log.ts';
import {
  aborted,
  appendAll,
  bytes,
  countOf,
  createCounter,
  holdPartition,
  newRecord,
  readAll,
  text,
  until,
  type LogCapabilities,
  type LogHarness,
} from './harness.ts';

/** What happens to an owner that was taken for dead: it can do no harm. */
export function fencingCases(harness: () => LogHarness, capabilities: LogCapabilities): void {
  test.skipIf(!capabilities.isolate)(
    'a zombie that was paused mid-commit is fenced: nothing of it is written, nothing is doubled',
    async () => {
      const { topics, task, open, isolate } = harness();
      const gate = Promise.withResolvers<void>();
      const paused = Promise.withResolvers<void>();
      let pauses = 1;
      const zombieLog = await open({
        faults: {
          async at({ operation, phase }) {
            if (operation !== 'commit' || phase !== 'before' || pauses-- <= 0) return;
            paused.resolve();
            await gate.promise;
          },
        },
      });
      await zombieLog.append([newRecord(topics.inbox, 0, 'a')]);
      let refused: unknown;
      await zombieLog.join({
        task,
        inbox: topics.inbox,
        async run(owned) {
          const records = owned.partition === 0 ? await owned.read({ maxRecords: 1, waitMs: 500 }) : [];
          if (records.length === 0 || refused) return aborted(owned.signal);
          const nextOffset = records[0]!.offset + 1n;
          const state = [{ key: 'by', value: bytes('zombie'), timers: { zombie: 1 } }];
          const outputs = [newRecord(topics.outputs, 0, 'by zombie')];
          try {
            await owned.commit({ nextOffset, logTime: 1, state, outputs });
          } catch (error) {
            refused = error;
            throw error;
          }
        },
      });
      await paused.promise;

      await isolate!(zombieLog);
      const { owned } = await holdPartition(await open(), { task, inbox: topics.inbox });
      const [record] = await owned.read({ maxRecords: 1, waitMs: 10_000 });
      const mine = {
        nextOffset: record!.offset + 1n,
        logTime: record!.at,
        state: [{ key: 'by', value: bytes('heir'), timers: {} }],
        outputs: [newRecord(topics.outputs, 0, 'by heir')],
      };
      await owned.commit(mine);
      gate.resolve();
      await until(() => refused !== undefined);
      expect(refused).toBeInstanceOf(Fenced);

      // The heir is not harmed by the zombie's attempt.
      await owned.commit({ ...mine, outputs: [newRecord(topics.outputs, 0, 'by heir again')] });
      expect(text(owned.state.get('by')?.value)).toBe('heir');
      expect(owned.state.due(10, 10)).toEqual([]);
      expect(owned.position().nextOffset).toBe(mine.nextOffset);
      const keys = (await readAll(zombieLog, topics.outputs, 2)).map(({ key }) => key);
      expect(keys).toEqual(['by heir', 'by heir again']);
    },
  );

  test.skipIf(!capabilities.isolate)('an owner that was fenced joins again and does its share', async () => {
    const { topics, task, open, isolate } = harness();
    const log = await open();
    const counter = createCounter(topics.outputs);
    const faults: unknown[] = [];
    const run = (owned: OwnedPartition): Promise<void> => counter.run(owned);
    const membership = await log.join({ task, inbox: topics.inbox, run, onFault: ({ error }) => faults.push(error) });
    await membership.ready();
    await isolate!(log);
    const other = await open();
    const heirs = await other.join({ task, inbox: topics.inbox, run });
    await heirs.ready();
    for (let i = 0; i < 40; i++) await other.append([newRecord(topics.inbox, i % 4, `key-${i}`)]);
    await until(async () => {
      const moved = membership.owned().length + heirs.owned().length;
      if (faults.length === 0) await other.append([newRecord(topics.inbox, 0, 'more')]);
      return faults.length > 0 && membership.owned().length > 0 && moved === 4;
    });
    const keys = (await readAll(other, topics.outputs, 40)).map(({ key }) => key).filter((key) => key !== 'more');
    expect(keys.sort()).toEqual(Array.from({ length: 40 }, (_, i) => `key-${i}`).sort());
  });

  test.skipIf(!capabilities.crash)(
    'the partitions of a crashed member go to the others, with all it had committed',
    async () => {
      const { topics, task, open, crash } = harness();
      const victim = await open();
      const survivor = await open();
      const counts = new Map<string, number>();
      const counter = createCounter(topics.outputs, { maxRecords: 3 });
      const first = await victim.join({ task, inbox: topics.inbox, run: (owned) => counter.run(owned) });
      await first.ready();
      await appendAll(
        survivor,
        Array.from({ length: 60 }, (_, i) => newRecord(topics.inbox, i % 4, `key-${i % 4}`)),
      );
      await readAll(survivor, topics.outputs, 10);
      await crash!(victim);
      await appendAll(
        survivor,
        Array.from({ length: 60 }, (_, i) => newRecord(topics.inbox, i % 4, `key-${i % 4}`)),
      );
      const second = await survivor.join({
        task,
        inbox: topics.inbox,
        async run(owned) {
          await createCounter(topics.outputs).run(owned);
          counts.set(`key-${owned.partition}`, countOf(owned, `key-${owned.partition}`));
        },
      });
      await second.ready();
      const outputs = await readAll(survivor, topics.outputs, 120);
      expect(outputs).toHaveLength(120);
      await second.leave();
      expect(Object.fromEntries(counts)).toEqual({ 'key-0': 30, 'key-1': 30, 'key-2': 30, 'key-3': 30 });
    },
  );
}
