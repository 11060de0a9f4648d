import { startScriptedReceiver } from '@cairn/orchestrator/testkit/scripted-receiver.ts';
import type { ScriptedReceiver } from '@cairn/orchestrator/testkit/scripted-receiver.ts';
import { findTestKafka } from '@cairn/testkit/kafka-broker.ts';
import type { TestKafka } from '@cairn/testkit/kafka-broker.ts';
import { startProduct } from '@cairn/testkit/product.ts';
import type { Product } from '@cairn/testkit/product.ts';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { createBench, webhookCases } from './webhook-cases.ts';
import { storyCases } from './webhook-story-cases.ts';

const cases = [...webhookCases, ...storyCases];

const kafka: TestKafka | null = await findTestKafka();

describe.skipIf(!kafka)('webhooks of the four services on a real Kafka broker', () => {
  let product: Product;
  let receivers: ScriptedReceiver[];
  beforeAll(async () => {
    receivers = await Promise.all(cases.map(() => startScriptedReceiver()));
    const allow = receivers.map((receiver) => receiver.hostPort).join(',');
    product = await startProduct({
      command: 'cluster',
      env: { CAIRN_KAFKA_BROKERS: kafka!.brokers.join(','), CAIRN_WEBHOOK_ALLOW: allow },
    });
  });
  afterAll(async () => {
    await product?.dispose();
    await Promise.all((receivers ?? []).map((receiver) => receiver.close().catch(() => {})));
    await kafka?.stop();
  });

  for (const [i, { name, run }] of cases.entries())
    test.concurrent(name, () => run(createBench(product, receivers[i]!)), 90_000);
});
