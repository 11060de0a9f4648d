import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProduct, type Product } from '@cairn/testkit/product.ts';
import { startWebhookReceiver, type WebhookReceiver } from '@cairn/testkit/webhook-receiver.ts';
import { firstJourney } from './first-journey.ts';

describe('npm start on a fresh machine', () => {
  let product: Product;
  let receiver: WebhookReceiver;
  beforeAll(async () => {
    receiver = await startWebhookReceiver();
    product = await startProduct({ env: { CAIRN_WEBHOOK_ALLOW: `127.0.0.1:${receiver.port}` } });
  });
  afterAll(async () => {
    await product?.dispose();
    await receiver?.close();
  });

  it('takes two people of one company from the first touch to a stall, an alert and its resolution', async () => {
    await firstJourney(product, receiver);
  });

  it('ends within ten seconds of SIGTERM, with exit code 0', async () => {
    const startedAt = Date.now();
    expect(await product.stop()).toBe(0);
    expect(Date.now() - startedAt).toBeLessThan(10_000);
  });
});
