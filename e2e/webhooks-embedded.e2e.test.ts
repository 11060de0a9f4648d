import { startScriptedReceiver, status } from '@cairn/orchestrator/testkit/scripted-receiver.ts';
import type { ScriptedReceiver } from '@cairn/orchestrator/testkit/scripted-receiver.ts';
import { startProduct } from '@cairn/testkit/product.ts';
import type { Product } from '@cairn/testkit/product.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createBench, webhookCases } from './webhook-cases.ts';

describe('webhooks of npm start', () => {
  let product: Product;
  let receivers: ScriptedReceiver[];
  let lasting: ScriptedReceiver;
  beforeAll(async () => {
    receivers = await Promise.all(webhookCases.map(() => startScriptedReceiver()));
    lasting = await startScriptedReceiver();
    const allow = [...receivers, lasting].map((receiver) => receiver.hostPort).join(',');
    product = await startProduct({ env: { CAIRN_WEBHOOK_ALLOW: allow } });
  });
  afterAll(async () => {
    await product?.dispose();
    await Promise.all([...(receivers ?? []), lasting].map((receiver) => receiver.close().catch(() => {})));
  });

  for (const [i, { name, run }] of webhookCases.entries())
    test.concurrent(name, () => run(createBench(product, receivers[i]!)), 90_000);

  test('kill -9 while a retry waits: it comes when it is due, with its number, id and body, and not before', async () => {
    const on = createBench(product, lasting);
    lasting.answer(status(500));
    const { id } = await on.endpoint({ schedule: '6s,1h' });
    const deliveryId = await on.event(id);
    const waiting = await on.delivery(id, deliveryId, (delivery) => delivery.attempts.length === 1);
    await product.kill();
    await product.restart();
    const again = await on.delivery(id, deliveryId, (delivery) => delivery.attempts.length === 2);
    expect(Date.parse(again.attempts[1].at)).toBeGreaterThanOrEqual(Date.parse(waiting.nextAttemptAt));
    expect(again.attempts[0]).toEqual(waiting.attempts[0]);
    const [first, second] = lasting.requests;
    expect(second!.headers['webhook-id']).toBe(first!.headers['webhook-id']);
    expect(second!.body).toBe(first!.body);
    expect(lasting.requests).toHaveLength(2);
  });
});
