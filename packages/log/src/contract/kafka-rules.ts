import { createRequire } from 'node:module';
import { systemClock } from '@cairn/clock/clock.system.ts';
import { partitionOf } from '@cairn/contracts/topics.ts';
import type { TestKafka } from '@cairn/testkit/kafka-broker.ts';
import { ConfigResourceTypes, Partitioners } from 'kafkajs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { decodePosition, POSITION_KEY } from '../changelog.ts';
import { Fenced, LogUnavailable, type LogRecord, type OwnedPartition } from '../log.ts';
import {
  aborted,
  appendAll,
  bytes,
  createCounter,
  emptyCycle,
  holdPartition,
  newRecord,
  readAll,
  text,
  until,
} from './harness.ts';
import { createKafkaCorner, type KafkaCorner } from './kafka-setup.ts';

const require = createRequire(import.meta.url);

/** DESIGN, section 3: the nine rules of Kafka, each shown on a real broker. */
export function kafkaRuleCases(kafka: TestKafka): void {
  let corner: KafkaCorner;
  beforeEach(() => {
    corner = createKafkaCorner(kafka);
  });
  afterEach(() => corner.dispose());

  describe('rule 1: one producer per owned partition, under the id group-topic-partition', () => {
    test('whoever takes that id fences the owner, with INVALID_PRODUCER_EPOCH; the rightful owner takes the partition back', async () => {
      const { topics, open, client, prefix } = corner;
      const log = await open();
      const faults: unknown[] = [];
      const owners: OwnedPartition[] = [];
      await log.join({
        task: 'task',
        inbox: topics.inbox,
        async run(owned) {
          if (owned.partition !== 1) return aborted(owned.signal);
          owners.push(owned);
          for (;;) {
            await owned.commit({
              ...emptyCycle(owned),
              state: [{ key: 'k', value: bytes(String(owners.length)), timers: {} }],
            });
            await systemClock.sleep(20, owned.signal);
          }
        },
        onFault: ({ error }) => faults.push(error),
      });
      await until(() => text(owners[0]?.state.get('k')?.value) === '1');
      const thief = client.producer({
        transactionalId: `${prefix}task-${topics.inbox}-1`,
        idempotent: true,
        maxInFlightRequests: 1,
      });
      await thief.connect();
      await (await thief.transaction()).abort();
      await thief.disconnect();
      await until(() => faults.length > 0);
      expect(faults[0]).toBeInstanceOf(Fenced);
      expect(((faults[0] as Error).cause as { type: string }).type).toBe('INVALID_PRODUCER_EPOCH');
      await until(() => owners.length > 1 && text(owners.at(-1)!.state.get('k')?.value) === String(owners.length));
    });
  });

  describe('rule 2: the inbox offset is a record of the changelog', () => {
    test('a restore ignores the group’s offsets, whatever they say', async () => {
      const { topics, open, admin, prefix } = corner;
      const first = await open();
      await appendAll(
        first,
        Array.from({ length: 10 }, (_, i) => newRecord(topics.inbox, 0, `key-${i}`)),
      );
      const { owned } = await holdPartition(first, { task: 'task', inbox: topics.inbox });
      const [, , third] = await readSome(owned, 3);
      await owned.commit({ nextOffset: third!.offset + 1n, logTime: third!.at, state: [], outputs: [] });
      await first.close();
      await admin((connected) =>
        connected.setOffsets({
          groupId: `${prefix}task`,
          topic: prefix + topics.inbox,
          partitions: [{ partition: 0, offset: '9' }],
        }),
      );

      const second = await open();
      const again = await holdPartition(second, { task: 'task', inbox: topics.inbox });
      expect(again.owned.position().nextOffset).toBe(third!.offset + 1n);
      expect((await readSome(again.owned, 7)).map((record) => record.key)).toEqual(
        Array.from({ length: 7 }, (_, i) => `key-${i + 3}`),
      );
    });

    test('a position beyond the end of its inbox is told, not skipped in silence', async () => {
      const { topics, open } = corner;
      const first = await open();
      const { owned } = await holdPartition(first, { task: 'task', inbox: topics.inbox });
      await owned.commit({ nextOffset: 5n, logTime: 1, state: [], outputs: [] });
      await first.close();
      const faults: unknown[] = [];
      const second = await open();
      await second.join({
        task: 'task',
        inbox: topics.inbox,
        run: (taken) => aborted(taken.signal),
        onFault: ({ partition, error }) => partition === 0 && faults.push(error),
      });
      await until(() => faults.length > 0);
      expect(String(faults[0])).toContain('ends at 0, but 5 is what task has committed');
    });

    test('every transaction writes it, and none sends offsets to the group', async () => {
      const { topics, open, admin, prefix } = corner;
      const log = await open();
      const { owned } = await holdPartition(log, { task: 'task', inbox: topics.inbox });
      for (let i = 1; i <= 3; i++) await owned.commit({ nextOffset: BigInt(i), logTime: i, state: [], outputs: [] });
      const changelog = await open({
        topics: [{ name: 'changelog-task', partitions: 4, cleanup: 'compact', retentionMs: null }],
      });
      const written = await readAll(changelog, 'changelog-task', 3);
      expect(written.map((record) => [record.key, decodePosition(record.value!)])).toEqual(
        [1, 2, 3].map((i) => [POSITION_KEY, { nextOffset: BigInt(i), logTime: i }]),
      );
      const [offsets] = await admin((connected) =>
        connected.fetchOffsets({ groupId: `${prefix}task`, topics: [prefix + topics.inbox] }),
      );
      expect(offsets!.partitions.map((partition) => partition.offset)).toEqual(['-1', '-1', '-1', '-1']);
    });
  });

  describe('rule 3: pause, fence, restore, seek, resume', () => {
    test('a dead owner’s open transaction ends with the fence: not restored, not seen, not waited for', async () => {
      const { topics, open } = corner;
      const written = Promise.withResolvers<void>();
      const dying = await open({
        faults: {
          async at({ operation, phase }) {
            if (operation !== 'commit' || phase !== 'before') return;
            written.resolve();
            await new Promise(() => {});
          },
        },
      });
      await dying.append([newRecord(topics.inbox, 0, 'a')]);
      const { owned } = await holdPartition(dying, { task: 'task', inbox: topics.inbox });
      void owned.commit({
        nextOffset: 1n,
        logTime: 1,
        state: [{ key: 'k', value: bytes('open'), timers: { t: 1 } }],
        outputs: [newRecord(topics.outputs, 0, 'open')],
      });
      await written.promise;
      const heir = await open();
      await heir.append([newRecord(topics.outputs, 0, 'behind it')]);
      // The open transaction holds readers back until it is decided.
      expect(await heir.read(topics.outputs, 0, 0n, 10)).toEqual([]);
      await dying.crash();

      const taken = await holdPartition(heir, { task: 'task', inbox: topics.inbox });
      expect(taken.owned.state.get('k')).toBeUndefined();
      expect(taken.owned.position().nextOffset).toBe(0n);
      expect((await readAll(heir, topics.outputs, 1)).map((record) => record.key)).toEqual(['behind it']);
      expect((await readSome(taken.owned, 1)).map((record) => record.key)).toEqual(['a']);
    });

    test('state and timers are restored after compaction, tombstones and empty batches included', async () => {
      const { topics, open, admin, prefix } = corner;
      const first = await open();
      await first.append([newRecord(topics.inbox, 0, 'a')]);
      const { owned } = await holdPartition(first, { task: 'task', inbox: topics.inbox });
      await admin((connected) =>
        connected.alterConfigs({
          validateOnly: false,
          resources: [
            { type: ConfigResourceTypes.TOPIC, name: `${prefix}changelog-task`, configEntries: compactAtOnce() },
          ],
        }),
      );
      for (let i = 0; i < 60; i++)
        await owned.commit({
          ...emptyCycle(owned),
          nextOffset: i === 0 ? 0n : 1n,
          state: [
            { key: `k${i % 5}`, value: bytes(String(i)), timers: { t: 1_000 + i } },
            { key: `gone${i}`, value: bytes('x'.repeat(500)), timers: {} },
            { key: `gone${i - 1}`, value: null, timers: {} },
          ],
        });
      await owned.commit({ ...emptyCycle(owned), state: [{ key: 'gone59', value: null, timers: {} }] });
      const changelog = await open({
        topics: [{ name: 'changelog-task', partitions: 4, cleanup: 'compact', retentionMs: null }],
      });
      let commits = 0;
      await until(async () => {
        // The cleaner never touches the newest segment: small commits make a new one.
        await owned.commit({ ...emptyCycle(owned), logTime: ++commits });
        await systemClock.sleep(100);
        return (await readAll(changelog, 'changelog-task')).filter(({ key }) => key.startsWith('gone')).length < 5;
      });
      const { nextOffset } = owned.position();
      await first.close();

      const again = await holdPartition(await open(), { task: 'task', inbox: topics.inbox });
      const entries = [...again.owned.state.entries()].map(([key, entry]) => [key, text(entry.value)]).sort();
      expect(entries).toEqual(Array.from({ length: 5 }, (_, i) => [`k${i}`, String(55 + i)]));
      expect(again.owned.state.due(9_999, 10).map((timer) => timer.dueAt)).toEqual([1_055, 1_056, 1_057, 1_058, 1_059]);
      expect(again.owned.position()).toEqual({ nextOffset, logTime: commits });
    });
  });

  describe('rule 4: after any error the producer and the state in memory are thrown away', () => {
    test('nothing of the failed cycle is in the state, the same owner commits no more, the next one starts from the truth', async () => {
      const { topics, open } = corner;
      let failures = 1;
      const log = await open({
        faults: {
          at({ operation, phase }) {
            if (operation === 'commit' && phase === 'before' && failures-- > 0) throw new Error('broken');
          },
        },
      });
      const owners: OwnedPartition[] = [];
      const refusals: unknown[] = [];
      await log.join({
        task: 'task',
        inbox: topics.inbox,
        async run(owned) {
          if (owned.partition !== 0) return aborted(owned.signal);
          owners.push(owned);
          const cycle = {
            ...emptyCycle(owned),
            state: [{ key: 'k', value: bytes(`owner ${owners.length}`), timers: {} }],
          };
          if (owners.length > 1) {
            await owned.commit(cycle);
            return aborted(owned.signal);
          }
          for (let i = 0; i < 2; i++) await owned.commit(cycle).catch((error: unknown) => refusals.push(error));
        },
      });
      await until(() => owners.length === 2 && owners[1]!.state.get('k') !== undefined);
      expect(refusals).toHaveLength(2);
      for (const refusal of refusals) expect(refusal).toBeInstanceOf(LogUnavailable);
      expect(owners[0]!.state.get('k')).toBeUndefined();
      expect(text(owners[1]!.state.get('k')!.value)).toBe('owner 2');
    });
  });

  describe('rule 5: explicit partitions, offsets that are no numbers, log append time', () => {
    test('a record is where the caller put it, and our partitioner is Kafka’s', async () => {
      const { topics, open } = corner;
      const log = await open();
      const partitioner = Partitioners.DefaultPartitioner();
      const partitionMetadata = Array.from({ length: 4 }, (_, partitionId) => ({
        partitionId,
        leader: 1,
        partitionErrorCode: 0,
        replicas: [1],
        isr: [1],
      }));
      for (const key of ['', 'a', 'workspace/subject', 'ключ/😀', 'x'.repeat(99)])
        expect(partitionOf(key, 4)).toBe(partitioner({ topic: 't', partitionMetadata, message: { key, value: null } }));
      await log.append([0, 3, 1].map((partition) => newRecord(topics.inbox, partition, 'same key')));
      expect((await readAll(log, topics.inbox, 3)).map((record) => record.partition).sort()).toEqual([0, 1, 3]);
    });

    test('an offset beyond 2^53 goes through a cursor and a position unharmed', async () => {
      const { topics, open } = corner;
      const log = await open();
      const huge = 9_007_199_254_740_993n;
      const { owned } = await holdPartition(log, { task: 'task', inbox: topics.inbox });
      await owned.commit({ nextOffset: huge, logTime: 1, state: [], outputs: [] });
      expect(owned.position().nextOffset).toBe(huge);
      const follower = await log.follow([topics.outputs], JSON.stringify({ [topics.outputs]: [String(huge), '0'] }));
      expect(follower.cursor()).toContain(`"${huge}"`);
    });

    test('every topic keeps the broker’s time, not the client’s', async () => {
      const { topics, open, admin, prefix } = corner;
      const log = await open({ clock: { ...systemClock, now: () => 1_000 } });
      await log.append([newRecord(topics.inbox, 0, 'a')]);
      const [record] = await log.read(topics.inbox, 0, 0n, 1);
      expect(record!.at).toBeGreaterThan(1_700_000_000_000);
      await (await log.join({ task: 'task', inbox: topics.inbox, run: (owned) => aborted(owned.signal) })).ready();
      const names = [...Object.values(topics), 'changelog-task'].map((name) => prefix + name);
      const { resources } = await admin((connected) =>
        connected.describeConfigs({
          includeSynonyms: false,
          resources: names.map((name) => ({ type: ConfigResourceTypes.TOPIC, name })),
        }),
      );
      const types = resources.map(
        (resource) =>
          resource.configEntries.find((entry) => entry.configName === 'message.timestamp.type')!.configValue,
      );
      expect(types).toEqual(names.map(() => 'LogAppendTime'));
    });
  });

  describe('rule 6: kafkajs’s idle timer loop is patched', () => {
    test('a connection with nothing pending arms no timer', async () => {
      const { open } = corner;
      const log = await open();
      const RequestQueue = require('kafkajs/src/network/requestQueue') as new (options: object) => {
        throttleCheckTimeoutId: unknown;
        scheduleCheckPendingRequests(): void;
      };
      const queue = new RequestQueue({ logger: { debug: () => {} } });
      queue.scheduleCheckPendingRequests();
      expect(queue.throttleCheckTimeoutId).toBeNull();
      expect(log.healthy()).toBe(true);
    });

    test('an idle process with a member, a follower and a producer uses less than 2 % of a core', async () => {
      const child = corner.child('idle');
      const share = Number(await child.says('cpu'));
      const { output } = await child.ended;
      expect(output).not.toContain('TimeoutNegativeWarning');
      expect(share).toBeLessThan(0.02);
    });
  });

  describe('rule 7: a consumer that kafkajs will not start again ends the process', () => {
    test('the process exits with an error that names the group', async () => {
      const child = corner.child('crash');
      await child.says('ready');
      const { code, output } = await child.ended;
      expect(code).not.toBe(0);
      expect(output).toContain(`the consumer of ${corner.prefix}task has crashed: planted`);
    });
  });

  describe('rule 9: batches go to queues; a slow handler holds up nobody', () => {
    test('a handler slower than the session keeps its partition, and the others go on meanwhile', async () => {
      const { topics, open } = corner;
      const log = await open();
      const faults: unknown[] = [];
      const counter = createCounter(topics.outputs);
      let starts = 0;
      const slow = Promise.withResolvers<void>();
      const membership = await log.join({
        task: 'task',
        inbox: topics.inbox,
        async run(owned) {
          starts++;
          if (owned.partition === 0) {
            await readSome(owned, 1);
            await slow.promise;
          }
          await counter.run(owned);
        },
        onFault: (fault) => faults.push(fault),
      });
      await membership.ready();
      await log.append([newRecord(topics.inbox, 0, 'slow')]);
      const from = systemClock.monotonic();
      let rounds = 0;
      while (systemClock.monotonic() < from + 8_000) {
        await log.append([newRecord(topics.inbox, 1, `fast-${rounds++}`)]);
        await until(async () => (await log.offsets(topics.outputs))[1]!.next >= BigInt(rounds));
        await systemClock.sleep(500);
      }
      slow.resolve();
      expect(starts).toBe(4);
      expect(faults).toEqual([]);
      expect(membership.owned()).toHaveLength(4);
    });

    test('a backlog beyond the high-water mark is read whole and in order, with the partition paused and resumed', async () => {
      const { topics, open } = corner;
      const log = await open();
      const total = 60_000;
      for (let i = 0; i < total; i += 2_000)
        await log.append(Array.from({ length: 2_000 }, (_, k) => newRecord(topics.inbox, 0, String(i + k), null)));
      const { owned } = await holdPartition(log, { task: 'task', inbox: topics.inbox });
      const first = await readSome(owned, 1);
      await systemClock.sleep(1_500);
      const keys = [...first, ...(await readSome(owned, total - 1))].map((record) => Number(record.key));
      expect(keys).toEqual(Array.from({ length: total }, (_, i) => i));
      expect(await owned.backlog()).toBe(0);
    });

    test('records of aborted transactions never come through, however the transactions interleave', async () => {
      const { topics, open, client, prefix } = corner;
      const log = await open();
      const send = async (id: string) => {
        const producer = client.producer({
          transactionalId: `${prefix}${id}`,
          idempotent: true,
          maxInFlightRequests: 1,
        });
        await producer.connect();
        const transaction = await producer.transaction();
        const write = (key: string) =>
          transaction.send({ topic: prefix + topics.inbox, messages: [{ key, value: key, partition: 0 }] });
        return {
          write,
          abort: () => transaction.abort(),
          commit: () => transaction.commit(),
          close: () => producer.disconnect(),
        };
      };
      const [long, short, good] = [await send('long'), await send('short'), await send('good')];
      await long.write('aborted');
      await short.write('aborted');
      await good.write('good');
      await long.write('aborted');
      await short.abort();
      await long.write('aborted');
      await good.commit();
      await long.abort();
      await log.append([newRecord(topics.inbox, 0, 'last')]);
      const { owned } = await holdPartition(log, { task: 'task', inbox: topics.inbox });
      expect((await readSome(owned, 2)).map((record) => record.key)).toEqual(['good', 'last']);
      expect((await readAll(log, topics.inbox, 2)).map((record) => record.key)).toEqual(['good', 'last']);
      await Promise.all([long, short, good].map((producer) => producer.close()));
    });

    test('a compacted inbox is read past batches that compaction emptied', async () => {
      const { topics, open, admin, prefix } = corner;
      const log = await open();
      await admin((connected) =>
        connected.alterConfigs({
          validateOnly: false,
          resources: [{ type: ConfigResourceTypes.TOPIC, name: prefix + topics.facts, configEntries: compactAtOnce() }],
        }),
      );
      for (let i = 0; i < 30; i++) await log.append([newRecord(topics.facts, 0, 'k', `${i} ${'x'.repeat(200)}`)]);
      let more = 0;
      await until(async () => {
        await log.append([newRecord(topics.facts, 0, 'k', `more ${more++}`)]);
        await systemClock.sleep(100);
        return (await readAll(log, topics.facts)).length < more;
      });
      const { owned } = await holdPartition(log, { task: 'facts', inbox: topics.facts });
      await log.append([newRecord(topics.facts, 0, 'last')]);
      const read: LogRecord[] = [];
      await until(async () => {
        read.push(...(await owned.read({ maxRecords: 100, waitMs: 500 })));
        return read.at(-1)?.key === 'last';
      });
      expect(read.length).toBeLessThan(30 + more);
    });
  });
}

async function readSome(owned: OwnedPartition, count: number): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  while (records.length < count)
    records.push(...(await owned.read({ maxRecords: count - records.length, waitMs: 500 })));
  return records;
}

/** Small segments, no lag, no rest for tombstones: the cleaner (every second in the test broker) does its work at once. */
function compactAtOnce(): { name: string; value: string }[] {
  return [
    { name: 'cleanup.policy', value: 'compact' },
    { name: 'message.timestamp.type', value: 'LogAppendTime' },
    { name: 'segment.ms', value: '200' },
    { name: 'min.cleanable.dirty.ratio', value: '0.01' },
    { name: 'delete.retention.ms', value: '0' },
  ];
}
