import { hang, startScriptedReceiver, status } from '@cairn/orchestrator/testkit/scripted-receiver.ts';
import type { ScriptedReceiver } from '@cairn/orchestrator/testkit/scripted-receiver.ts';
import { startProduct } from '@cairn/testkit/product.ts';
import type { Product } from '@cairn/testkit/product.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createBench, webhookCases } from './webhook-cases.ts';
import { storyCases } from './webhook-story-cases.ts';

const cases = [...webhookCases, ...storyCases];

describe('webhooks of npm start', () => {
  let product: Product;
  let receivers: ScriptedReceiver[];
  let lasting: ScriptedReceiver;
  beforeAll(async () => {
    receivers = await Promise.all(cases.map(() => startScriptedReceiver()));
    lasting = await startScriptedReceiver();
    const allow = [...receivers, lasting].map((receiver) => receiver.hostPort).join(',');
    product = await startProduct({ env: { CAIRN_WEBHOOK_ALLOW: allow } });
  });
  afterAll(async () => {
    await product?.dispose();
    await Promise.all([...(receivers ?? []), lasting].map((receiver) => receiver.close().catch(() => {})));
  });

  for (const [i, { name, run }] of cases.entries())
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

  /** Each ends the process at its moment: chosen and not yet sent, sent and not answered, answered and perhaps not recorded. */
  const moments = [
    {
      moment: 'as soon as it was asked for',
      script: status(200),
      when: async () => {},
    },
    {
      moment: 'while the receiver has it',
      script: hang,
      when: (before: number) => lasting.received(before + 1),
    },
    {
      moment: 'as soon as it was answered',
      script: status(200),
      when: (before: number) => lasting.received(before + 1),
    },
  ] as const;
  test.each(moments)(
    'kill -9 $moment: it arrives under its one id, as attempt 1',
    async ({ script, when }) => {
      const on = createBench(product, lasting);
      const before = lasting.requests.length;
      const { id } = await on.endpoint({ schedule: '1h' });
      lasting.answer(script);
      const deliveryId = await on.event(id);
      await when(before);
      await product.kill();
      lasting.answer(status(200));
      await product.restart();
      const delivery = await on.delivery(id, deliveryId, (one) => one.state === 'delivered');
      expect(delivery.attempts).toHaveLength(1);
      const ids = lasting.requests.slice(before).map(({ headers }) => headers['webhook-id']);
      expect(new Set(ids)).toEqual(new Set([deliveryId]));
      expect(new Set(lasting.requests.slice(before).map(({ body }) => body)).size).toBe(1);
    },
    60_000,
  );
});
