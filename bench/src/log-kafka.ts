/**
 * The log on Kafka, measured beside a bare loop of kafkajs's own transactional producers in the same run. Prints one JSON line.
 *
 *   node bench/src/log-kafka.ts [--records 100000]      (broker: CAIRN_TEST_KAFKA_BROKERS, Docker, or Java)
 */
import { parseArgs } from 'node:util';
import { systemClock as clock } from '@cairn/clock/clock.system.ts';
import { createKafkaLog, type KafkaLog } from '@cairn/log/log.kafka.ts';
import type { OwnedPartition } from '@cairn/log/log.ts';
import { findTestKafka } from '@cairn/testkit/kafka-broker.ts';
import { bareTwoStages } from './parts/bare-two-stages.ts';
import { fill, VALUE_BYTES } from './parts/kafka-records.ts';

const { values } = parseArgs({ options: { records: { type: 'string', default: '100000' } } });
const RECORDS = Number(values.records);
const PARTITIONS = 4;
const VALUE = Buffer.alloc(VALUE_BYTES, 'x');
const SIZE = { records: RECORDS, keys: 5_000 };

const kafka = await findTestKafka();
if (!kafka) process.exit(1);
const prefix = `bench-${process.pid}-`;
const topic = (name: string) => ({ name, partitions: PARTITIONS, cleanup: 'delete' as const, retentionMs: null });
const log = await createKafkaLog({
  brokers: kafka.brokers,
  clientId: 'bench',
  clock,
  topicPrefix: prefix,
  topics: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'].map(topic),
});

const round = (value: number): number => Math.round(value);
const result = {
  bench: 'log-kafka',
  records: RECORDS,
  partitions: PARTITIONS,
  valueBytes: VALUE.length,
  appendedPerSecond: 0,
  singleAppendMsMedian: 0,
  bareTwoStagePerSecond: 0,
  twoStagePerSecond: 0,
  twoStageWithStatePerSecond: 0,
  ratio: 0,
  ratioWithState: 0,
  emptyCommitMsMedian: 0,
};

result.appendedPerSecond = await fill(log, 'a', SIZE);
result.singleAppendMsMedian = await singleAppends(log);
await fill(log, 'd', SIZE);
await fill(log, 'g', SIZE);
result.bareTwoStagePerSecond = await bareTwoStages({
  brokers: kafka.brokers,
  log,
  prefix,
  topics: ['d', 'e', 'f'],
  records: RECORDS,
});
result.twoStagePerSecond = round(await twoStages('a', 'b', 'c', false));
result.twoStageWithStatePerSecond = round(await twoStages('g', 'h', 'i', true));
result.ratio = Number((result.twoStagePerSecond / result.bareTwoStagePerSecond).toFixed(2));
result.ratioWithState = Number((result.twoStageWithStatePerSecond / result.bareTwoStagePerSecond).toFixed(2));
result.emptyCommitMsMedian = await emptyCommits();
console.log(JSON.stringify(result));
await log.close();
await kafka.stop();

async function singleAppends(to: KafkaLog): Promise<number> {
  const took: number[] = [];
  for (let i = 0; i < 200; i++) {
    const started = clock.monotonic();
    await to.append([{ topic: 'i', partition: 0, key: 'k', value: VALUE }]);
    took.push(clock.monotonic() - started);
  }
  return median(took);
}

/** Two tasks one behind the other; records per second from the first read to the last output. */
async function twoStages(from: string, between: string, to: string, withState: boolean): Promise<number> {
  const out = await log.follow([to], 'end');
  const started = clock.monotonic();
  const stage = (task: string, inbox: string, outputs: string) =>
    log.join({
      task: `${task}-${from}`,
      inbox,
      async run(owned: OwnedPartition) {
        while (!owned.signal.aborted) {
          const records = await owned.read({ maxRecords: 2_000, waitMs: 500 });
          if (records.length === 0) continue;
          const changed = new Map(records.map((record) => [record.key, record.value]));
          await owned.commit({
            nextOffset: records.at(-1)!.offset + 1n,
            logTime: records.at(-1)!.at,
            state: withState ? [...changed].map(([key, value]) => ({ key, value, timers: { stall: 1 } })) : [],
            outputs: records.map((record) => ({
              topic: outputs,
              partition: record.partition,
              key: record.key,
              value: record.value,
            })),
          });
        }
      },
    });
  const memberships = [await stage('first', from, between), await stage('second', between, to)];
  let seen = 0;
  while (seen < RECORDS) seen += (await out.next({ maxRecords: 10_000 })).records.length;
  const perSecond = (RECORDS / (clock.monotonic() - started)) * 1_000;
  await out.close();
  await Promise.all(memberships.map((membership) => membership.leave()));
  return perSecond;
}

async function emptyCommits(): Promise<number> {
  const done = Promise.withResolvers<number>();
  const membership = await log.join({
    task: 'commits',
    inbox: 'i',
    async run(owned) {
      if (owned.partition === 0) {
        const took: number[] = [];
        for (let i = 0; i < 200; i++) {
          const started = clock.monotonic();
          await owned.commit({ ...owned.position(), state: [{ key: 'k', value: VALUE, timers: {} }], outputs: [] });
          took.push(clock.monotonic() - started);
        }
        done.resolve(median(took));
      }
      await new Promise<void>((resolve) => owned.signal.addEventListener('abort', () => resolve(), { once: true }));
    },
  });
  const value = await done.promise;
  await membership.leave();
  return value;
}

function median(values: number[]): number {
  return Number(values.sort((a, b) => a - b)[values.length >> 1]!.toFixed(2));
}
