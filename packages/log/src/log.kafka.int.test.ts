import { afterAll, describe } from 'vitest';
import { systemClock } from '@cairn/clock/clock.system.ts';
import { findTestKafka } from '@cairn/testkit/kafka-broker.ts';
import { kafkaBadDayCases } from './contract/kafka-bad-days.ts';
import { kafkaRuleCases } from './contract/kafka-rules.ts';
import { contractTopics } from './contract/topics.ts';
import { killCases } from './kill/kill.contract.ts';
import { describeLogContract } from './log.contract.ts';
import { createKafkaLog, type KafkaLog } from './log.kafka.ts';

const kafka = await findTestKafka();
let run = 0;
afterAll(() => kafka?.stop());

describe.skipIf(!kafka)('on a real Kafka broker', () => {
  describeLogContract(
    `Kafka (${kafka?.how})`,
    async () => {
      const prefix = `t${process.pid}-${++run}-`;
      const { topics, configs } = contractTopics('c');
      const opened: KafkaLog[] = [];
      return {
        topics,
        task: 'task',
        async open(options = {}) {
          const log = await createKafkaLog({
            brokers: kafka!.brokers,
            clientId: 'contract',
            clock: systemClock,
            topics: configs,
            topicPrefix: prefix,
            timing: { sessionTimeoutMs: 10_000, pollMs: 50 },
            ...(options.faults ? { faults: options.faults } : {}),
          });
          opened.push(log);
          return log;
        },
        async crash(log) {
          await (log as KafkaLog).crash();
          opened.splice(opened.indexOf(log as KafkaLog), 1);
        },
        isolate: (log) => (log as KafkaLog).isolate(),
        async dispose() {
          await Promise.all(opened.map((log) => log.close()));
        },
      };
    },
    { crash: true, isolate: true, maintain: false, moveClock: false },
  );
  describe('the nine rules', () => kafkaRuleCases(kafka!));
  // Each round waits for the killed member's session to end.
  describe('durability', () => {
    const prefix = `kill${process.pid}`;
    killCases({
      rounds: 8,
      prefix,
      module: new URL('./kill/kafka.kill-adapter.ts', import.meta.url).href,
      settings: () => ({ brokers: kafka!.brokers, prefix, sessionTimeoutMs: kafka!.how === 'given' ? 6_000 : 2_000 }),
      timeoutMs: 240_000,
    });
  });
  describe('bad days', () => kafkaBadDayCases(kafka!));
});
