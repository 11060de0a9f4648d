/**
 * 10,000 touchpoints while the product is killed again and again. Afterwards every accepted touchpoint is in ClickHouse once, no
 * webhook id was made twice for one fact, and no fact has two ids.
 */
import { join } from 'node:path';
import { seededRandom } from '@cairn/clock/clock.virtual.ts';
import { openClickhouseHistory } from '@cairn/history/history.clickhouse.ts';
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
    stall: { after: 1 second }
`;

const TOUCHPOINTS = 10_000;
const BATCH = 100;
/** A crash is longer than the stall: each makes an alert for everyone, of 20 × 50. */
const PEOPLE = 50;

export interface KillOptions {
  kills: number;
  seed: number;
  /** The longest pause before a kill; one longer than the stall makes alerts in between. */
  pauseMsMax: number;
  /** Kills something with SIGKILL and brings it back, or has it brought back; resolves when it may be killed again.
   * Returns what it killed. */
  crash(product: Product, random: () => number): Promise<string>;
  /** What the broker printed, where there is one: told when touchpoints stay away. */
  brokerOutput?(): Promise<string>;
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
    await new Promise((resolve) => setTimeout(resolve, random() * options.pauseMsMax));
    const what = await options.crash(product, random);
    console.log(`  kill ${kills + 1}: ${what}, ${accepted.length} touchpoints accepted`);
  }
  sending = false;
  await sent;

  // Each touchpoint was advanced once…
  const journeys = await eventually(
    'every touchpoint on its journey, once',
    async () => {
      const all = await listed<{ id: string; touchpoints: number }>(product, '/api/journeys?definition=kills');
      const counted = all.reduce((sum, journey) => sum + journey.touchpoints, 0);
      if (counted > TOUCHPOINTS) expect.fail(`${counted} touchpoints on journeys, ${TOUCHPOINTS} sent`);
      if (counted < TOUCHPOINTS) throw new Error(`${counted} of ${TOUCHPOINTS} touchpoints on journeys`);
      return all;
    },
    90_000,
  ).catch(async (error: unknown) => {
    const broker = (await options.brokerOutput?.()) ?? '';
    throw new Error(`touchpoints are missing; ${await standing(product)}\nbroker:\n${broker.slice(-6_000)}`, {
      cause: error,
    });
  });
  expect(journeys.length).toBe(PEOPLE);

  // …then everyone went silent: each journey has one open alert, and each alert there ever was came to the webhook, as it opened and as it was resolved.
  const alerts = await eventually(
    'an open alert for each person, and no other',
    async () => {
      const all = await listed<{ id: string; state: string }>(product, '/api/alerts?');
      const open = all.filter((alert) => alert.state === 'open').length;
      if (open !== PEOPLE) throw new Error(`${open} open alerts of ${all.length}`);
      return all;
    },
    60_000,
  );
  const due = new Set(
    alerts.flatMap(({ id, state }) => [
      `alert.opened ${id}`,
      ...(state === 'resolved' ? [`alert.resolved ${id}`] : []),
    ]),
  );
  const factOf = (body: string): { type: string; data: { factId: string; id: string } } => JSON.parse(body) as never;
  await eventually(
    'each fact of each alert at the webhook',
    async () => {
      const missing = new Set(due);
      for (const { body } of receiver.received) missing.delete(`${factOf(body).type} ${factOf(body).data.id}`);
      if (missing.size)
        throw new Error(`${missing.size} of ${due.size} did not come: ${[...missing].slice(0, 3).join(', ')}`);
      return true;
    },
    60_000,
  );

  const idsOfFact = new Map<string, Set<string>>();
  const factsOfId = new Map<string, Set<string>>();
  const factsOfStep = new Map<string, Set<string>>();
  const note = (map: Map<string, Set<string>>, key: string, value: string): void =>
    void map.set(key, (map.get(key) ?? new Set()).add(value));
  for (const { id, body } of receiver.received) {
    const { type, data } = factOf(body);
    note(idsOfFact, data.factId, id);
    note(factsOfId, id, data.factId);
    note(factsOfStep, `${type} ${data.id}`, data.factId);
  }
  const twice = (map: Map<string, Set<string>>): [string, string[]][] =>
    [...map].filter(([, values]) => values.size > 1).map(([key, values]) => [key, [...values]]);
  expect(twice(idsOfFact), 'a fact has one webhook id').toEqual([]);
  expect(twice(factsOfId), 'a webhook id stands for one fact').toEqual([]);
  expect(twice(factsOfStep), 'an alert opens once and is resolved once').toEqual([]);
  expect(
    [...factsOfStep.keys()].filter((step) => !due.has(step)),
    'no webhook about an alert that is not there',
  ).toEqual([]);
  expect(accepted.length).toBe(TOUCHPOINTS);
  console.log(`  ${receiver.received.length} webhooks for ${factsOfId.size} facts of ${alerts.length} alerts`);
  return accepted;
}

/** Where they may have stayed: who is ready, what waits where, and what the product printed last. */
async function standing(product: Product): Promise<string> {
  const text = (path: string): Promise<string> =>
    fetch(`${product.first.url}${path}`).then((answer) => answer.text(), String);
  const backlogs = (await text('/metrics')).split('\n').filter((line) => /^cairn_(lag|effects)_/.test(line));
  return [await text('/readyz'), ...backlogs, product.output().slice(-6_000)].join('\n');
}

/** With the product stopped: every accepted touchpoint is in ClickHouse once, whatever else is there. */
export async function expectInHistoryOnce(product: Product, accepted: readonly string[]): Promise<void> {
  let rows: { messageId: string; times: number }[] = [];
  // What was accepted just before a stop is in the log, and comes to the history after the next start.
  for (let starts = 0; ; starts++) {
    await product.stop();
    const history = await openClickhouseHistory({ chdbPath: join(product.dataDir, 'history') });
    rows = await history.query<{ messageId: string; times: number }>(
      `SELECT message_id AS messageId, toUInt32(count()) AS times FROM touchpoints WHERE workspace = {workspace: String} GROUP BY message_id`,
      { workspace: product.first.workspace },
    );
    await history.close();
    if (rows.length >= accepted.length || starts === 3) break;
    console.log(`  ${rows.length} of ${accepted.length} in the history at the stop: started again`);
    await product.restart();
    await new Promise((resolve) => setTimeout(resolve, 5_000));
  }
  const times = new Map(rows.map((row) => [row.messageId, Number(row.times)]));
  expect(
    accepted.filter((id) => !times.has(id)),
    'accepted and not in the history',
  ).toEqual([]);
  expect(
    rows.filter((row) => Number(row.times) > 1),
    'twice in the history',
  ).toEqual([]);
  expect(rows.length).toBe(accepted.length);
}

async function listed<T extends { id: string }>(product: Product, path: string): Promise<T[]> {
  const items = new Map<string, T>();
  for (let cursor: string | null = null; ;) {
    const { body }: { body: { items: T[]; next: string | null } } = await product.api(
      'GET',
      `${path}&limit=500${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`,
    );
    for (const item of body.items) items.set(item.id, item);
    cursor = body.next;
    if (!cursor) return [...items.values()];
  }
}
