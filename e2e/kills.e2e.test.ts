import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { findTestKafka, type TestKafka } from '@cairn/testkit/kafka-broker.ts';
import { eventually, startProduct, type Product } from '@cairn/testkit/product.ts';
import { startWebhookReceiver, type WebhookReceiver } from '@cairn/testkit/webhook-receiver.ts';
import { expectInHistoryOnce, survivesKills } from './survives-kills.ts';

const KILLS = 20;
/** The order and the moments of the kills. */
const SEED = 20_260;
const WITHIN_MS = 400_000;

// A product and a receiver for each try: what an earlier one left would be counted.
let receiver: WebhookReceiver;
let product: Product;
afterEach(async () => {
  await product?.dispose();
  await receiver?.close();
});

describe('one process, killed twenty times in a run of 10,000 touchpoints', () => {
  it(
    'loses no accepted touchpoint, keeps none twice, and makes no webhook id twice',
    async () => {
      receiver = await startWebhookReceiver();
      product = await startProduct({ env: { CAIRN_WEBHOOK_ALLOW: `127.0.0.1:${receiver.port}` } });
      const accepted = await survivesKills(product, receiver, {
        kills: KILLS,
        seed: SEED,
        pauseMsMax: 600,
        async crash(victim) {
          const { pid } = victim;
          await victim.kill();
          await victim.restart();
          return `the process (${pid})`;
        },
      });
      await expectInHistoryOnce(product, accepted);
    },
    WITHIN_MS,
  );
});

let kafka: TestKafka | null = await findTestKafka();
/** Of a broker that was tried on, the topics are full. */
let isUsed = false;
afterAll(() => kafka?.stop());

describe.skipIf(!kafka)(
  'the four services on Kafka, one or the other killed twenty times in a run of 10,000 touchpoints',
  () => {
    it(
      'lose no accepted touchpoint, keep none twice, and make no webhook id twice',
      async () => {
        if (isUsed) {
          await kafka!.stop();
          kafka = await findTestKafka();
        }
        isUsed = true;
        receiver = await startWebhookReceiver();
        product = await startProduct({
          command: 'cluster',
          env: { CAIRN_KAFKA_BROKERS: kafka!.brokers.join(','), CAIRN_WEBHOOK_ALLOW: `127.0.0.1:${receiver.port}` },
        });
        expect(
          product
            .children()
            .map(({ service }) => service)
            .sort(),
        ).toEqual(['ingest', 'live-feed', 'orchestrator', 'stitcher']);
        const accepted = await survivesKills(product, receiver, {
          kills: KILLS,
          seed: SEED,
          // No kill here stops the touchpoints for as long as a stall takes.
          pauseMsMax: 2_500,
          brokerOutput: async () => (await kafka!.process?.output()) ?? '',
          async crash(victim, random) {
            const alive = victim.children();
            const { service, pid } = alive[Math.floor(random() * alive.length)]!;
            process.kill(pid, 'SIGKILL');
            await eventually(
              `another ${service}`,
              async () => victim.children().some((child) => child.service === service && child.pid !== pid),
              30_000,
            );
            return `${service} (${pid})`;
          },
        });
        await expectInHistoryOnce(product, accepted);
      },
      WITHIN_MS,
    );
  },
);
