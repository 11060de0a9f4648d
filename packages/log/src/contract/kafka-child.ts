/**
 * A process of its own for the tests of the log on Kafka (kafka-setup.ts starts it): `count` is a member that counts, `idle` has
 * everything open and nothing to do, `crash` has a consumer that cannot be started again.
 */
import { createRequire } from 'node:module';
import { systemClock as clock } from '@cairn/clock/clock.system.ts';
import { createKafkaLog } from '../log.kafka.ts';
import { createCounter } from './harness.ts';
import { contractTopics } from './topics.ts';

const [mode, where] = process.argv.slice(2) as [string, string];
const { brokers, prefix, sessionTimeoutMs } = JSON.parse(where) as {
  brokers: string[];
  prefix: string;
  sessionTimeoutMs: number;
};
const { topics, configs } = contractTopics('c');
const log = await createKafkaLog({
  brokers,
  clientId: 'child',
  clock,
  topics: configs,
  topicPrefix: prefix,
  timing: { sessionTimeoutMs, ...(mode === 'idle' ? {} : { pollMs: 50 }) },
});
const counter = createCounter(topics.outputs, { maxRecords: 20 });
const membership = await log.join({
  task: 'task',
  inbox: topics.inbox,
  run: (owned) => counter.run(owned),
  onFault: ({ error }) => console.log('fault', (error as Error).name),
});
await membership.ready();
console.log('ready', membership.owned().length);

if (mode === 'idle') {
  const follower = await log.follow([topics.outputs, topics.facts], 'start');
  const until = clock.monotonic() + 3_000;
  while (clock.monotonic() < until) await follower.next();
  const [before, from] = [process.cpuUsage(), clock.monotonic()];
  while (clock.monotonic() < from + 6_000) await follower.next();
  const used = process.cpuUsage(before);
  console.log('cpu', (used.user + used.system) / 1_000 / (clock.monotonic() - from));
  await log.close();
  process.exit(0);
}
if (mode === 'crash') {
  const require = createRequire(import.meta.url);
  const ConsumerGroup = require('kafkajs/src/consumer/consumerGroup') as { prototype: { heartbeat(): Promise<void> } };
  const { KafkaJSNonRetriableError } = require('kafkajs/src/errors') as {
    KafkaJSNonRetriableError: new (message: string) => Error;
  };
  ConsumerGroup.prototype.heartbeat = async () => {
    throw new KafkaJSNonRetriableError('planted');
  };
}
