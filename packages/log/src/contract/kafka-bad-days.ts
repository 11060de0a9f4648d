import type { TestKafka } from '@cairn/testkit/kafka-broker.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LogUnavailable } from '../log.ts';
import { aborted, countOf, createCounter, newRecord, readAll, text, until } from './harness.ts';
import { createKafkaCorner, type KafkaCorner } from './kafka-setup.ts';

/** What happens when processes die, hang or lose their broker. */
export function kafkaBadDayCases(kafka: TestKafka): void {
  let corner: KafkaCorner;
  beforeEach(() => {
    corner = createKafkaCorner(kafka);
  });
  afterEach(() => corner.dispose());

  /** Every value once in the outputs, and every key counted right in the state. */
  async function expectCountedOnce(total: number): Promise<void> {
    const { topics, open } = corner;
    const log = await open();
    const outputs = await readAll(log, topics.outputs, total);
    expect(outputs).toHaveLength(total);
    expect(new Set(outputs.map((record) => text(record.value))).size).toBe(total);
    const counts = new Map<string, number>();
    const last = await log.join({
      task: 'task',
      inbox: topics.inbox,
      async run(owned) {
        for (const [key] of owned.state.entries()) counts.set(key, countOf(owned, key));
        await aborted(owned.signal);
      },
    });
    await last.ready();
    await until(() => counts.size === 8);
    expect([...counts.values()].reduce((a, b) => a + b)).toBe(total);
    await last.leave();
  }

  test('kill -9 of the process that owns the partitions, three times under load: each record counted once', async () => {
    const { topics, open } = corner;
    const log = await open();
    const total = 3_000;
    const appended = (async () => {
      for (let i = 0; i < total; i += 10)
        await log.append(
          Array.from({ length: 10 }, (_, k) =>
            newRecord(topics.inbox, (i + k) % 4, `key-${(i + k) % 8}`, String(i + k)),
          ),
        );
    })();
    for (let turn = 1; turn <= 3; turn++) {
      const child = corner.child('count');
      await child.says('ready');
      await until(async () => {
        const done = (await log.offsets(topics.outputs)).reduce((sum, { next }) => sum + Number(next), 0);
        return done >= (total / 5) * turn;
      });
      child.kill('SIGKILL');
      await child.ended;
    }
    await appended;
    const last = corner.child('count');
    await last.says('ready');
    await readAll(log, topics.outputs, total);
    last.kill('SIGTERM');
    await last.ended;
    await expectCountedOnce(total);
  }, 120_000);

  test('a process that hangs for longer than its session is fenced when it wakes, and joins again', async () => {
    const { topics, open } = corner;
    const log = await open();
    const zombie = corner.child('count');
    await zombie.says('ready');
    const append = async (from: number, to: number) => {
      for (let i = from; i < to; i++) await log.append([newRecord(topics.inbox, i % 4, `key-${i % 8}`, String(i))]);
    };
    const early = append(0, 400);
    await until(async () => (await log.offsets(topics.outputs)).some(({ next }) => next > 40n));
    zombie.kill('SIGSTOP');
    await early;
    const counter = createCounter(topics.outputs);
    const heir = await log.join({ task: 'task', inbox: topics.inbox, run: (owned) => counter.run(owned) });
    await until(() => heir.owned().length === 4);
    await append(400, 600);
    await readAll(log, topics.outputs, 600);
    zombie.kill('SIGCONT');
    await append(600, 800);
    await until(() => heir.owned().length === 2);
    await append(800, 900);
    await readAll(log, topics.outputs, 900);
    zombie.kill('SIGKILL');
    await zombie.ended;
    await heir.leave();
    await expectCountedOnce(900);
  }, 120_000);

  test.skipIf(!kafka.process)(
    'the broker dies and comes back: appends are refused and later taken, tasks and followers go on by themselves',
    async () => {
      const { topics, open } = corner;
      const log = await open();
      const faults: unknown[] = [];
      const counter = createCounter(topics.outputs);
      const membership = await log.join({
        task: 'task',
        inbox: topics.inbox,
        run: (owned) => counter.run(owned),
        onFault: (fault) => faults.push(fault),
      });
      await membership.ready();
      const follower = await log.follow([topics.outputs], 'start');
      const seen: string[] = [];
      const look = async (): Promise<void> => {
        try {
          seen.push(...(await follower.next({ waitMs: 200 })).records.map((record) => text(record.value)!));
        } catch (error) {
          expect(error).toBeInstanceOf(LogUnavailable);
        }
      };
      const put = (from: number, to: number) =>
        log.append(
          Array.from({ length: to - from }, (_, i) => newRecord(topics.inbox, i % 4, `key-${i % 8}`, String(from + i))),
        );
      await put(0, 100);
      await until(async () => (await look(), seen.length === 100));

      await kafka.process!.kill('SIGKILL');
      await expect(put(100, 200)).rejects.toBeInstanceOf(LogUnavailable);
      expect(log.healthy()).toBe(false);
      await look();
      await kafka.process!.restart();

      await until(async () => {
        try {
          await put(200, 300);
          return true;
        } catch {
          return false;
        }
      });
      // The refused records may be there or not; those that were taken must be, once each.
      await until(async () => (await look(), seen.filter((value) => Number(value) >= 200).length >= 100));
      expect(new Set(seen).size).toBe(seen.length);
      expect(log.healthy()).toBe(true);
      await membership.ready();
      expect(membership.owned()).toHaveLength(4);
    },
    180_000,
  );
}
