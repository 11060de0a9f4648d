/** The main job, once around, as a user would try it: the same story on embedded and on cluster mode. */
import { randomUUID } from 'node:crypto';
import { Analytics } from '@segment/analytics-node';
import { createFeedClient, type FeedMessage } from '@cairn/feed-client/feed-client.ts';
import { eventually, type Product } from '@cairn/testkit/product.ts';
import type { ReceivedWebhook, WebhookReceiver } from '@cairn/testkit/webhook-receiver.ts';
import { Webhook } from 'standardwebhooks';
import { expect } from 'vitest';
import { WebSocket } from 'ws';

const DEFINITION = `
cairn: journey-definition/1
name: two-second-stall
unit: account
outbound: { event: [Email Sent] }
stages:
  - name: awareness
  - name: evaluation
    enter: { event: Demo Requested }
    stall: { after: 2 seconds }
outcomes:
  won: { enter: { event: Deal Won } }
score:
  engagement:
    halfLife: 7 days
    points:
      - { name: demo, when: { event: Demo Requested }, add: 20 }
      - { name: any touch, when: { direction: inbound }, add: 1 }
`;

interface JourneyAnswer {
  id: string;
  definition: string;
  unit: string;
  name: string;
  stage: string;
  status: string;
  people: { email: string; name: string }[];
  score: { engagement: number; total: number; reasons: { name: string; points: number }[] };
  alerts: { kind: string }[];
  seq: number;
  touchpoints: number;
}

export async function firstJourney(product: Product, receiver: WebhookReceiver): Promise<void> {
  const published = await product.api('POST', '/api/definitions', DEFINITION);
  expect(published.status, JSON.stringify(published.body)).toBeLessThan(300);
  const endpoint = await product.api<Endpoint>('POST', '/api/endpoints', { url: receiver.url, types: ['alert.*'] });
  expect(endpoint.status, JSON.stringify(endpoint.body)).toBe(201);
  try {
    await tellStory(product, receiver, endpoint.body);
  } finally {
    // The next story has an endpoint of its own, also where this one failed.
    await product.api('DELETE', `/api/endpoints/${endpoint.body.id}`);
  }
}

interface Endpoint {
  id: string;
  secret: string;
}

async function tellStory(product: Product, receiver: WebhookReceiver, endpoint: Endpoint): Promise<void> {
  const { first } = product;
  // A shared broker remembers earlier runs.
  const run = randomUUID().slice(0, 8);
  const account = `acme-${run}`;
  const before = receiver.received.length;
  const received = (): readonly ReceivedWebhook[] => receiver.received.slice(before);
  const segment = new Analytics({ writeKey: first.writeKey, host: first.url, flushAt: 1 });
  const refused: unknown[] = [];
  segment.on('error', (error) => refused.push(error));
  const say = async (send: () => void): Promise<void> => {
    send();
    await segment.flush();
  };
  const [ada, grace] = [`ada-${run}`, `grace-${run}`];
  for (const [userId, name] of [
    [ada, 'Ada Lovelace'],
    [grace, 'Grace Hopper'],
  ] as const) {
    await say(() => segment.identify({ userId, traits: { email: `${userId}@${account}.example`, name } }));
    await say(() =>
      segment.group({ userId, groupId: account, traits: { name: 'Acme', domain: `${account}.example` } }),
    );
  }
  await say(() => segment.track({ userId: ada, event: 'Page Viewed', properties: { path: '/pricing' } }));

  const journey = await eventually('one journey of the account with both people', async () => {
    const { body } = await product.api<{ items: JourneyAnswer[] }>('GET', '/api/journeys?definition=two-second-stall');
    const [found, ...others] = body.items.filter(
      (item) => item.status !== 'absorbed' && item.people.some((person) => person.email.includes(run)),
    );
    // All five calls: one that came later would be heard on the feed.
    return found && others.length === 0 && found.people.length === 2 && found.touchpoints === 5 ? found : null;
  });
  expect(journey).toMatchObject({ unit: 'account', name: 'Acme', stage: 'awareness', definition: 'two-second-stall' });
  expect(journey.people.map((person) => person.email).sort()).toEqual(
    [ada, grace].map((userId) => `${userId}@${account}.example`),
  );

  const seen: FeedMessage[] = [];
  const client = createFeedClient({
    url: `${first.url.replace('http', 'ws')}/live`,
    token: first.adminToken,
    WebSocket: WebSocket as never,
  });
  await new Promise<void>((resolve) =>
    client.subscribe(`journey:${journey.id}`, {
      onSnapshot: () => resolve(),
      onMessage: (message) => seen.push(message),
    }),
  );

  await say(() => segment.track({ userId: grace, event: 'Demo Requested' }));
  await eventually('the stage, on the feed', async () =>
    seen.some((message) => message.type === 'journey.changed' && message.data.stage === 'evaluation'),
  );
  // Our own e-mail comes while the clock runs: it must not reset it.
  await say(() => segment.track({ userId: grace, event: 'Email Sent' }));
  await eventually('the alert at the webhook', async () => received().length > 0, 15_000);
  // …and after the alert: it must not resolve it.
  await say(() => segment.track({ userId: grace, event: 'Email Sent' }));
  const stalled = await eventually('the stalled journey', async () => {
    const { body } = await product.api<JourneyAnswer>('GET', `/api/journeys/${journey.id}`);
    return body.status === 'stalled' ? body : null;
  });
  expect(stalled.alerts.map((alert) => alert.kind)).toEqual(['stall']);
  expect(stalled.score.reasons.map((reason) => reason.name).sort()).toEqual(['any touch', 'demo']);
  const sum = stalled.score.reasons.reduce((total, reason) => total + reason.points, 0);
  expect(sum).toBeCloseTo(stalled.score.total, 6);
  await eventually(
    'three touches on the feed',
    async () => seen.filter((message) => message.type === 'touchpoint').length === 3,
  );
  expect(received().length, 'our own e-mail resolves nothing').toBe(1);

  await say(() => segment.track({ userId: ada, event: 'Page Viewed', properties: { path: '/docs' } }));
  await eventually('the resolution at the webhook', async () => received().length > 1, 15_000);
  await segment.closeAndFlush();
  expect(refused).toEqual([]);

  const verifier = new Webhook(endpoint.secret);
  const bodies = received()
    .slice(0, 2)
    .map(
      (webhook) =>
        verifier.verify(webhook.body, webhook.headers as Record<string, string>) as {
          type: string;
          data: { resolvedBy: string | null; workspace: string; factId: string };
        },
    );
  expect(bodies.map((body) => body.type)).toEqual(['alert.opened', 'alert.resolved']);
  expect(bodies[1]!.data).toMatchObject({ resolvedBy: 'buyer', workspace: first.workspace });
  expect(new Set(received().map((webhook) => webhook.id)).size).toBe(received().length);

  const numbers = seen
    .filter((message) => message.type === 'journey.changed')
    .map((message) => Number(message.data.seq));
  expect(numbers, 'each change once, in order').toEqual(numbers.map((_, index) => numbers[0]! + index));
  client.close();
}
