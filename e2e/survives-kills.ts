/**
 * 10,000 touchpoints while the product is killed again and again. Afterwards every accepted touchpoint is in ClickHouse once, no
 * webhook id was made twice for one fact, and no fact has two ids.
 */
import { seededRandom } from '@cairn/clock/clock.virtual.ts';
import { eventually, type Product } from '@cairn/testkit/product.ts';
import type { WebhookReceiver } from '@cairn/testkit/webhook-receiver.ts';
import { expect } from 'vitest';

const DEFINITION = `
cairn: journey-definition/1
name: kills
unit: person
stages:
  - name: first
    stall: { after: 1 second }
  - name: second
    enter: { event: Second }
`;

const TOUCHPOINTS = 10_000;
const BATCH = 100;
const PEOPLE = 200;

export interface KillOptions {
  kills: number;
  seed: number;
  /** Kills something with SIGKILL and brings it back, or has it brought back; resolves when it may be killed again. */
  crash(product: Product, random: () => number): Promise<void>;
}

/** Returns the message ids that were accepted. */
export async function survivesKills(
  product: Product,
  receiver: WebhookReceiver,
  options: KillOptions,
): Promise<string[]> {
  const random = seededRandom(options.seed);
  const published = await product.api('POST', '/api/definitions', DEFINITION);
  expect(published.status).toBeLessThan(300);
  const endpoint = await product.api('POST', '/api/endpoints', {
    url: receiver.url,
    types: ['alert.*'],
    schedule: '1s,1s,1s,2s,5s',
  });
  expect(endpoint.status).toBe(201);

  const accepted: string[] = [];
  let sending = true;
  let kills = 0;

  async function send(): Promise<void> {
    for (let start = 0; start < TOUCHPOINTS; start += BATCH) {
      const batch = Array.from({ length: BATCH }, (_, index) => {
        const number = start + index;
        return {
          type: 'track',
          messageId: `kill-${number}`,
          userId: `user-${number % PEOPLE}`,
          event: number % 7 ? 'Touched' : 'Second',
        };
      });
      // As an SDK does: the same batch again until it is acknowledged.
      await eventually(
        `batch ${start}`,
        async () => {
          const response = await fetch(`${product.first.url}/v1/batch`, {
            method: 'POST',
            headers: {
              'content-type': 'application/json',
              authorization: `Basic ${btoa(`${product.first.writeKey}:`)}`,
            },
            body: JSON.stringify({ batch }),
          });
          return response.status === 200;
        },
        60_000,
      );
      accepted.push(...batch.map((item) => item.messageId));
      // Spread over the kills: a batch is accepted in a few milliseconds.
      while (sending && accepted.length / TOUCHPOINTS > (kills + 1) / (options.kills + 1))
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  const sent = send();
  for (; kills < options.kills; kills++) {
    await new Promise((resolve) => setTimeout(resolve, random() * 600));
    await options.crash(product, random);
  }
  sending = false;
  await sent;

  // Everyone went silent: an alert each, delivered.
  const alertOf = (body: string): { type: string; data: { factId: string; id: string } } => JSON.parse(body) as never;
  await eventually(
    'an alert for each person',
    async () =>
      new Set(
        receiver.received
          .map(({ body }) => alertOf(body))
          .filter(({ type }) => type === 'alert.opened')
          .map(({ data }) => data.id),
      ).size >=
      PEOPLE * 0.5,
    60_000,
  ).catch(() => {});
  const idsOfFact = new Map<string, Set<string>>();
  const factsOfId = new Map<string, Set<string>>();
  for (const { id, body } of receiver.received) {
    const { factId } = alertOf(body).data;
    idsOfFact.set(factId, (idsOfFact.get(factId) ?? new Set()).add(id));
    factsOfId.set(id, (factsOfId.get(id) ?? new Set()).add(factId));
  }
  expect(receiver.received.length, 'alerts were delivered').toBeGreaterThan(0);
  expect(
    [...idsOfFact].filter(([, ids]) => ids.size > 1),
    'a fact has one webhook id',
  ).toEqual([]);
  expect(
    [...factsOfId].filter(([, facts]) => facts.size > 1),
    'a webhook id stands for one fact',
  ).toEqual([]);
  expect(accepted.length).toBe(TOUCHPOINTS);
  return accepted;
}
