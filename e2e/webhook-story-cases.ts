import { randomUUID } from 'node:crypto';
import { hang, status } from '@cairn/orchestrator/testkit/scripted-receiver.ts';
import { eventually } from '@cairn/testkit/product.ts';
import { Webhook } from 'standardwebhooks';
import { expect } from 'vitest';
import type { Bench, WebhookCase } from './webhook-cases.ts';

/** Webhooks as touchpoints, people and operators cause them: what is told of a journey, what is withdrawn, what is asked twice. */

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever an answer holds; the case says what it should
type Parsed = any;

const over = (delivery: Parsed): boolean => delivery.state !== 'pending';
const dataOf = (on: Bench): Parsed[] => on.receiver.requests.map(({ body }) => JSON.parse(body).data);

/** A definition of its own for a case, so that no other case's journeys are told to its endpoint. */
async function story(on: Bench, name: string): Promise<{ filter: unknown }> {
  const { status: code } = await on.product.api('POST', '/api/definitions', {
    cairn: 'journey-definition/1',
    name,
    unit: 'person',
    stages: [
      { name: 'one' },
      { name: 'two', enter: { event: `${name} two` } },
      { name: 'three', enter: { event: `${name} three` } },
    ],
    outcomes: { won: { enter: { event: `${name} won` } } },
  });
  expect(code).toBeLessThan(300);
  return { filter: { where: { 'data.definition': name } } };
}

async function ingest(on: Bench, path: string, body: Record<string, unknown>): Promise<void> {
  const { url, writeKey } = on.product.first;
  const response = await fetch(`${url}/v1/${path}`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(200);
}

async function postOnce(
  on: Bench,
  path: string,
  key: string,
  body: unknown = {},
): Promise<{ status: number; body: Parsed }> {
  const response = await fetch(`${on.product.first.url}${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${on.product.first.adminToken}`,
      'content-type': 'application/json',
      'idempotency-key': key,
    },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

export const storyCases: readonly WebhookCase[] = [
  {
    name: 'the facts of a journey carry a sequence that rises',
    async run(on) {
      const { filter } = await story(on, 'sequence');
      await on.endpoint({ types: ['journey.*'], filter });
      for (const step of ['two', 'three', 'won'])
        await ingest(on, 'track', { userId: 'sequence-1', event: `sequence ${step}` });
      await on.receiver.received(3);
      const found = dataOf(on).sort((a, b) => a.sequence - b.sequence);
      expect(found.map(({ stage }) => stage).slice(0, 2)).toEqual(['two', 'three']);
      expect(found.at(-1)).toMatchObject({ status: 'won', workspace: on.product.first.workspace });
      expect(new Set(found.map(({ sequence }) => sequence)).size).toBe(found.length);
    },
  },
  {
    name: 'what waits for a person who is erased is withdrawn, with its reason, and stands in the history',
    async run(on) {
      const { filter } = await story(on, 'erased');
      on.receiver.answer(status(500));
      const { id } = await on.endpoint({ types: ['journey.*'], filter, schedule: '1h' });
      await ingest(on, 'track', { userId: 'erased-1', event: 'erased two' });
      await on.receiver.received(1);
      const person = await on.api('GET', '/api/people?namespace=userId&value=erased-1');
      await on.api('POST', '/api/identity/erase', { personId: person.id });
      const { items } = await eventually('the withdrawal', async () => {
        const list = await on.api('GET', `/api/endpoints/${id}/deliveries?state=suppressed`);
        return list.items.length > 0 ? list : null;
      });
      expect(items).toMatchObject([{ reason: 'the person was erased', nextAttemptAt: null }]);
      const audit = await eventually('its audit row', async () => {
        const list = await on.api('GET', `/api/delivery-withdrawals?endpoint=${id}`);
        return list.items.length > 0 ? list : null;
      });
      expect(audit.items).toMatchObject([
        { deliveryId: items[0].id, state: 'suppressed', reason: 'the person was erased' },
      ]);
    },
  },
  {
    name: 'a merge is told once, as identity.merged',
    async run(on) {
      const { id } = await on.endpoint({ types: ['identity.*'] });
      await ingest(on, 'track', { anonymousId: 'merged-anonymous', event: 'Page Seen' });
      await ingest(on, 'track', { userId: 'merged-user', event: 'Page Seen' });
      await ingest(on, 'identify', { userId: 'merged-user', anonymousId: 'merged-anonymous' });
      const person = await eventually('the person', async () => {
        const { status: code, body } = await on.product.api<Parsed>(
          'GET',
          '/api/people?namespace=userId&value=merged-user',
        );
        return code === 200 && body.mergedFrom.length > 0 ? body : null;
      });
      await on.delivery(id, (await mergeOf(on, person.id)).id, over);
      const told = dataOf(on).filter(({ into, from }) => into === person.id && person.mergedFrom.includes(from));
      expect(told).toHaveLength(1);
    },
  },
  {
    name: 'a request that is sent again under its Idempotency-Key does nothing again',
    async run(on) {
      const { id } = await on.endpoint();
      const first = await postOnce(on, `/api/endpoints/${id}/test`, 'one');
      const again = await postOnce(on, `/api/endpoints/${id}/test`, 'one');
      expect(again).toEqual(first);
      await on.delivery(id, first.body.id, over);
      await postOnce(on, `/api/deliveries/${first.body.id}/resend`, 'one');
      await postOnce(on, `/api/deliveries/${first.body.id}/resend`, 'one');
      await on.ended(id);
      expect(on.receiver.requests.filter(({ headers }) => headers['webhook-id'] === first.body.id)).toHaveLength(2);
      expect(on.receiver.requests).toHaveLength(3);
    },
  },
  {
    name: 'a message that is always refused has all of its retries: it opens no breaker by itself',
    async run(on) {
      on.receiver.answer(status(500));
      const { id } = await on.endpoint({ schedule: Array.from({ length: 9 }, () => '50ms').join(',') });
      const delivery = await on.ended(id);
      expect(delivery).toMatchObject({ state: 'exhausted' });
      expect(delivery.attempts).toHaveLength(10);
    },
  },
  {
    name: 'enable with resume sends what waited, under the same ids, and what happened meanwhile',
    async run(on) {
      await story(on, 'resumed');
      // Other cases' people may still touch, and then have a journey of this definition, too.
      const userId = `resumed-${randomUUID()}`;
      on.receiver.answer(status(410));
      const filter = { where: { 'data.definition': 'resumed', 'data.name': userId } };
      const { id } = await on.endpoint({ types: ['journey.*'], filter });
      await ingest(on, 'track', { userId, event: 'resumed two' });
      await eventually(
        'it is disabled',
        async () => (await on.api('GET', `/api/endpoints/${id}`)).state === 'disabled',
      );
      await ingest(on, 'track', { userId, event: 'resumed three' });
      await eventually('the journey is there', async () => {
        const { items } = await on.api('GET', '/api/journeys?definition=resumed');
        return items.some(({ name, stage }: Parsed) => name === userId && stage === 'three');
      });
      on.receiver.answer(status(200));
      const enabled = await on.api('POST', `/api/endpoints/${id}/enable`, { mode: 'resume' });
      expect(enabled).toMatchObject({ state: 'enabled', disabledReason: null, disabledAt: null });
      await on.receiver.received(3);
      const ids = on.receiver.requests.map(({ headers }) => headers['webhook-id']);
      expect(ids.slice(1)).toContain(ids[0]);
      expect(
        dataOf(on)
          .slice(1)
          .map(({ stage }) => stage)
          .sort(),
      ).toEqual(['three', 'two']);
    },
  },
  {
    name: 'Zapier: subscribe, a sample to build on, unsubscribe',
    async run(on) {
      const sample = await on.api('GET', '/api/endpoints/samples?type=alert.opened');
      expect(sample).toMatchObject([{ type: 'alert.opened', id: expect.any(String), data: { kind: 'stall' } }]);
      const hook = await on.endpoint({ types: ['alert.opened'], preset: 'zapier' });
      expect(hook.warnings).toHaveLength(1);
      await on.ended(hook.id);
      expect((await on.product.api('DELETE', `/api/endpoints/${hook.id}`)).status).toBe(204);
    },
  },
  {
    name: 'n8n: a test URL is warned of',
    async run(on) {
      const url = on.receiver.url.replace('/hook', '/webhook-test/abc');
      expect((await on.endpoint({ url, preset: 'n8n' })).warnings[0]).toContain('test URL');
      expect(await on.endpoint({ preset: 'n8n' })).not.toHaveProperty('warnings');
    },
  },
  {
    name: 'one delivery shows what it sends, without what is secret; the report counts its attempts',
    async run(on) {
      const { id, secret } = await on.endpoint({ headers: { 'x-own': 'own secret' } });
      const { id: delivery } = await on.ended(id);
      const shown = await on.api('GET', `/api/deliveries/${delivery}`);
      expect(shown.request).toMatchObject({ body: on.receiver.requests[0]!.body, headers: { 'x-own': '[set]' } });
      for (const text of ['own secret', secret.slice(6)]) expect(JSON.stringify(shown)).not.toContain(text);
      const report = await eventually('the report', async () => {
        const found = await on.api('GET', `/api/delivery-report?endpoint=${id}`);
        return found.attempts > 0 ? found : null;
      });
      expect(report).toMatchObject({ attempts: 1, succeeded: 1, successRate: 1, ended: { delivered: 1 } });
      expect((await on.api('GET', `/api/delivery-attempts?endpoint=${id}`)).items).toMatchObject([
        { deliveryId: delivery, attempt: 1, status: 200, code: null },
      ]);
    },
  },
  {
    name: 'the signature of every fact verifies with the standardwebhooks package',
    async run(on) {
      const { filter } = await story(on, 'verified');
      const { secret } = await on.endpoint({ types: ['journey.*'], filter });
      await ingest(on, 'track', { userId: 'verified-1', event: 'verified two', properties: { name: 'Zażółć 🪨' } });
      await on.receiver.received(1);
      const [{ body, headers } = { body: '', headers: {} }] = on.receiver.requests;
      expect(new Webhook(secret).verify(body, headers)).toMatchObject({ type: 'journey.stage_changed' });
    },
  },
  {
    name: 'a hundred messages for an endpoint that hangs cost another none of its time',
    async run(on) {
      on.receiver.answer((request, socket) => (request.path === '/hangs' ? hang : status(200))(request, socket));
      const hanging = await on.endpoint({
        url: on.receiver.url.replace('/hook', '/hangs'),
        schedule: '',
        concurrency: 64,
      });
      const other = await on.endpoint();
      await Promise.all(Array.from({ length: 100 }, () => on.event(hanging.id)));
      expect((await on.ended(other.id)).attempts).toHaveLength(1);
      expect(on.receiver.requests.filter(({ path }) => path === '/hook')).toHaveLength(1);
    },
  },
];

async function mergeOf(on: Bench, into: string): Promise<{ id: string }> {
  const found = await eventually('the merge', async () => {
    const request = on.receiver.requests.find(({ body }) => JSON.parse(body).data.into === into);
    return request ? { id: request.headers['webhook-id']! } : null;
  });
  return found;
}
