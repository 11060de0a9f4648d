import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findTestKafka, type TestKafka } from '@cairn/testkit/kafka-broker.ts';
import { startProduct, type Product } from '@cairn/testkit/product.ts';
import { startWebhookReceiver, type WebhookReceiver } from '@cairn/testkit/webhook-receiver.ts';
import { firstJourney } from './first-journey.ts';

const kafka: TestKafka | null = await findTestKafka();

describe.skipIf(!kafka)('on a real Kafka broker', () => {
  let receiver: WebhookReceiver;
  beforeAll(async () => {
    receiver = await startWebhookReceiver();
  });
  afterAll(async () => {
    await receiver.close();
    await kafka?.stop();
  });

  for (const [name, command] of [
    ['the four services as processes of their own', 'cluster'],
    ['one process with everything', 'start'],
  ] as const)
    describe(name, () => {
      let product: Product;
      beforeAll(async () => {
        product = await startProduct({
          command,
          env: { CAIRN_KAFKA_BROKERS: kafka!.brokers.join(','), CAIRN_WEBHOOK_ALLOW: `127.0.0.1:${receiver.port}` },
        });
      });
      afterAll(async () => {
        await product?.dispose();
      });

      it('take two people of one company from the first touch to a stall, an alert and its resolution', async () => {
        await firstJourney(product, receiver);
      });

      it('end within ten seconds of SIGTERM, with exit code 0', async () => {
        const startedAt = Date.now();
        expect(await product.stop()).toBe(0);
        expect(Date.now() - startedAt).toBeLessThan(10_500);
      });
    });
});
