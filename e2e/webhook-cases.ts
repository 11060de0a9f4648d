import { createPublicKey, verify } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { drip, endless, hang, raw, reset, status } from '@cairn/orchestrator/testkit/scripted-receiver.ts';
import type { Received, Script, ScriptedReceiver } from '@cairn/orchestrator/testkit/scripted-receiver.ts';
import { eventually } from '@cairn/testkit/product.ts';
import type { Product } from '@cairn/testkit/product.ts';
import { Webhook } from 'standardwebhooks';
import { expect } from 'vitest';

/**
 * What a receiver and an operator meet, sentence by sentence, through the running product alone: a scripted receiver on one side, the
 * API on the other. The same cases run embedded and on Kafka.
 */
export interface WebhookCase {
  name: string;
  run(on: Bench): Promise<void>;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever an answer holds; the case says what it should
type Parsed = any;

export interface Bench {
  product: Product;
  receiver: ScriptedReceiver;
  /** Makes an endpoint at the receiver. */
  endpoint(settings?: Record<string, unknown>): Promise<Parsed>;
  refused(settings: Record<string, unknown>): Promise<Parsed>;
  /** Asks for an event and resolves to its delivery's id. */
  event(endpointId: string): Promise<string>;
  delivery(endpointId: string, id: string, test: (delivery: Parsed) => boolean): Promise<Parsed>;
  /** One event to its end. */
  ended(endpointId: string): Promise<Parsed>;
  api(method: string, path: string, body?: unknown): Promise<Parsed>;
}

export function createBench(product: Product, receiver: ScriptedReceiver): Bench {
  async function api(method: string, path: string, body?: unknown): Promise<Parsed> {
    const answer = await product.api<Parsed>(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }
  const bench: Bench = {
    product,
    receiver,
    api,
    endpoint: (settings = {}) => api('POST', '/api/endpoints', { url: receiver.url, types: ['alert.*'], ...settings }),
    async refused(settings) {
      const answer = await product.api<Parsed>('POST', '/api/endpoints', settings);
      expect(answer.status).toBe(422);
      return answer.body;
    },
    event: async (endpointId) => (await api('POST', `/api/endpoints/${endpointId}/test`)).id,
    delivery: (endpointId, id, test) =>
      eventually(
        `delivery ${id}`,
        async () => {
          const { items } = await api('GET', `/api/endpoints/${endpointId}/deliveries?limit=500`);
          return items.find((one: Parsed) => one.id === id && test(one));
        },
        45_000,
      ),
    ended: async (endpointId) => bench.delivery(endpointId, await bench.event(endpointId), over),
  };
  return bench;
}

const over = (delivery: Parsed): boolean => delivery.state !== 'pending';
const attempts =
  (n: number) =>
  (delivery: Parsed): boolean =>
    delivery.attempts.length >= n;
const verified = (secret: string, { body, headers }: Received): Parsed => new Webhook(secret).verify(body, headers);
const at = (attempt: Parsed): number => Date.parse(attempt.at);

/** One event, one answer, the whole of its schedule being that attempt: the attempt's record. */
const single = (name: string, script: Script, expected: Record<string, unknown>): WebhookCase => ({
  name,
  async run(on) {
    on.receiver.answer(script);
    const { id } = await on.endpoint({ schedule: '' });
    const delivery = await on.ended(id);
    expect(delivery.attempts[0]).toMatchObject(expected);
    expect(delivery.state).toBe(expected['code'] === null ? 'delivered' : 'exhausted');
  },
});

const forbidden = (url: string): WebhookCase => ({
  name: `${url} is refused like any other forbidden target`,
  async run(on) {
    const answer = await on.refused({ url, types: ['*'] });
    expect(answer.errors).toEqual([{ path: 'url', message: 'is not a target that webhooks may be sent to' }]);
  },
});

const invalid = (what: string, settings: Record<string, unknown>, path: string): WebhookCase => ({
  name: `${what} is refused and the field is named`,
  async run(on) {
    const answer = await on.refused({ url: 'https://example.com/', types: ['*'], ...settings });
    expect(answer.errors.map((error: Parsed) => error.path)).toEqual([path]);
  },
});

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export const webhookCases: readonly WebhookCase[] = [
  // Signing
  {
    name: 'a v1 signature verifies over the bytes that came; the body is type, timestamp and data with workspace and factId',
    async run(on) {
      const { id, secret } = await on.endpoint();
      const delivery = await on.ended(id);
      const [request] = on.receiver.requests;
      const event = verified(secret, request!);
      expect(Object.keys(event)).toEqual(['type', 'timestamp', 'data']);
      expect(event.data).toMatchObject({ workspace: on.product.first.workspace, factId: expect.any(String) });
      expect(request!.headers).toMatchObject({
        'webhook-id': delivery.id,
        'content-type': 'application/json',
        'accept-encoding': 'identity',
      });
    },
  },
  {
    name: 'a secret of one’s own signs',
    async run(on) {
      const secret = `whsec_${Buffer.alloc(64, 3).toString('base64')}`;
      const { id } = await on.endpoint({ secret });
      await on.ended(id);
      verified(secret, on.receiver.requests[0]!);
    },
  },
  ...['preset', 'secret'].map((by): WebhookCase => ({
    name: `ed25519 (by ${by}) signs v1a, and the shown public key verifies it`,
    async run(on) {
      const how =
        by === 'preset' ? { preset: 'ed25519' } : { secret: `whsk_${Buffer.alloc(32, 4).toString('base64')}` };
      const { id, publicKey } = await on.endpoint(how);
      await on.ended(id);
      const { headers, body } = on.receiver.requests[0]!;
      const der = Buffer.concat([
        Buffer.from('302a300506032b6570032100', 'hex'),
        Buffer.from(publicKey.slice(5), 'base64'),
      ]);
      const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
      const [scheme, signature = ''] = headers['webhook-signature']!.split(',');
      expect(scheme).toBe('v1a');
      const content = Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`);
      expect(verify(null, content, key, Buffer.from(signature, 'base64'))).toBe(true);
    },
  })),
  {
    name: 'while a rotation overlaps, old and new key both verify',
    async run(on) {
      const { id, secret } = await on.endpoint();
      const rotated = await on.api('POST', `/api/endpoints/${id}/rotate`, { overlap: '1 hour' });
      await on.ended(id);
      for (const key of [secret, rotated.secret]) verified(key, on.receiver.requests[0]!);
    },
  },
  {
    name: 'a retry that was pending when the key was rotated away is signed with the new key alone',
    async run(on) {
      on.receiver.answer(status(500));
      const { id, secret } = await on.endpoint({ schedule: '6s' });
      const delivery = await on.event(id);
      await on.delivery(id, delivery, attempts(1));
      on.receiver.answer(status(200));
      const rotated = await on.api('POST', `/api/endpoints/${id}/rotate`, { overlap: '0s' });
      await on.delivery(id, delivery, over);
      verified(rotated.secret, on.receiver.requests[1]!);
      expect(() => verified(secret, on.receiver.requests[1]!)).toThrow();
    },
  },
  {
    name: 'a retry has the same id and body, a new timestamp and signature',
    async run(on) {
      on.receiver.answer(status(500));
      const { id, secret } = await on.endpoint({ schedule: '1100ms' });
      const delivery = await on.event(id);
      await on.delivery(id, delivery, attempts(1));
      on.receiver.answer(status(200));
      await on.delivery(id, delivery, over);
      const [first, second] = on.receiver.requests;
      expect(second!.headers['webhook-id']).toBe(first!.headers['webhook-id']);
      expect(second!.body).toBe(first!.body);
      expect(Number(second!.headers['webhook-timestamp'])).toBeGreaterThan(Number(first!.headers['webhook-timestamp']));
      expect(second!.headers['webhook-signature']).not.toBe(first!.headers['webhook-signature']);
      verified(secret, second!);
    },
  },
  {
    name: 'a secret is shown when it is made and never again',
    async run(on) {
      const { id, secret } = await on.endpoint({ headers: { 'x-key': 'own-secret-value' } });
      for (const path of [`/api/endpoints/${id}`, '/api/endpoints?limit=500', `/api/endpoints/${id}/health`]) {
        const text = JSON.stringify(await on.api('GET', path));
        expect(text).not.toContain(secret.slice(6));
        expect(text).not.toContain('own-secret-value');
      }
    },
  },
  // What is answered
  ...[200, 201, 202, 299].map((code) => single(`${code} is a success`, status(code), { status: code, code: null })),
  single('204 without a body is a success', raw('HTTP/1.1 204 No Content\r\n\r\n'), { status: 204, code: null }),
  ...[400, 401, 404, 429, 500, 502, 503].map((code) =>
    single(`${code} is http_${code}, with the beginning of its body`, status(code, {}, 'why'), {
      status: code,
      code: `http_${code}`,
      responseBody: 'why',
    }),
  ),
  ...[301, 302, 307].map((code): WebhookCase => ({
    name: `a redirect (${code}) is a failure and is never followed`,
    async run(on) {
      on.receiver.answer(status(code, { location: `${on.receiver.url}/elsewhere` }));
      const { id } = await on.endpoint({ schedule: '' });
      expect((await on.ended(id)).attempts).toMatchObject([{ status: code, code: `http_${code}` }]);
      expect(on.receiver.requests.map((request) => request.path)).toEqual(['/hook']);
    },
  })),
  {
    name: '16 KiB of an answer are kept',
    async run(on) {
      on.receiver.answer(status(500, {}, 'x'.repeat(60_000)));
      const { id } = await on.endpoint({ schedule: '' });
      expect((await on.ended(id)).attempts[0].responseBody).toBe('x'.repeat(16_384));
    },
  },
  single('64 KiB exactly are still a success', status(200, {}, 'x'.repeat(65_536)), { code: null }),
  single('one byte more is response_too_large', status(200, {}, 'x'.repeat(65_537)), { code: 'response_too_large' }),
  single('a body that never ends is cut', endless({ bytes: 0 }), { status: 200, code: 'response_too_large' }),
  single(
    'a gzip bomb is never inflated',
    status(200, { 'content-encoding': 'gzip' }, gzipSync(Buffer.alloc(40_000_000))),
    { code: null },
  ),
  single('a connection that is reset is connection_reset', reset, { status: null, code: 'connection_reset' }),
  single('garbage instead of HTTP is connection_reset', raw('\x00\x01 no HTTP\r\n\r\n'), { code: 'connection_reset' }),
  single('garbage in a header is connection_reset', raw('HTTP/1.1 200 OK\r\nbad\x00: x\r\n\r\n'), {
    code: 'connection_reset',
  }),
  single(
    'headers without end are response_too_large',
    raw(`HTTP/1.1 200 OK\r\n${'x: yyyyyyyyyyyyy\r\n'.repeat(9_000)}\r\n`),
    {
      code: 'response_too_large',
    },
  ),
  single('an answer cut short is connection_reset', raw('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf'), {
    code: 'connection_reset',
  }),
  single('one that never answers is a timeout', hang, { status: null, code: 'timeout' }),
  single('one that drips its head is a timeout', drip(200, 'head'), { code: 'timeout' }),
  single('one that drips its body is a timeout', drip(200, 'body'), { code: 'timeout' }),
  {
    name: 'the whole exchange takes 15 s at most',
    async run(on) {
      on.receiver.answer(drip(200, 'body'));
      const { id } = await on.endpoint({ schedule: '' });
      const [attempt] = (await on.ended(id)).attempts;
      expect(attempt.durationMs).toBeGreaterThanOrEqual(14_900);
      expect(attempt.durationMs).toBeLessThan(20_000);
    },
  },
  {
    name: 'a port that nobody listens on is connection_refused',
    async run(on) {
      const { id } = await on.endpoint({ schedule: '' });
      await on.receiver.close();
      expect((await on.ended(id)).attempts).toMatchObject([{ status: null, code: 'connection_refused' }]);
    },
  },
  {
    name: 'a server that speaks no TLS is tls_error',
    async run(on) {
      const { id } = await on.endpoint({ url: on.receiver.url.replace('http:', 'https:'), schedule: '' });
      expect((await on.ended(id)).attempts).toMatchObject([{ status: null, code: 'tls_error' }]);
    },
  },
  {
    name: 'a name without an address is dns_error',
    async run(on) {
      const { id } = await on.endpoint({ url: 'https://there-is-no-such-name.example.com/', schedule: '' });
      expect((await on.ended(id)).attempts).toMatchObject([{ status: null, code: 'dns_error' }]);
    },
  },
  {
    name: 'the endpoint’s own headers are sent',
    async run(on) {
      const { id } = await on.endpoint({ headers: { 'X-Api-Key': 'k' } });
      await on.ended(id);
      expect(on.receiver.requests[0]!.headers['x-api-key']).toBe('k');
    },
  },
  // Schedule
  {
    name: 'N entries are N retries after the first attempt, each after its wait, and then it is exhausted',
    async run(on) {
      on.receiver.answer(status(500));
      const { id } = await on.endpoint({ schedule: '300ms,600ms' });
      const delivery = await on.ended(id);
      expect(delivery).toMatchObject({ state: 'exhausted', nextAttemptAt: null });
      expect(delivery.attempts).toHaveLength(3);
      for (const [i, planned] of [300, 600].entries()) {
        const failedAt = at(delivery.attempts[i]) + delivery.attempts[i].durationMs;
        expect(at(delivery.attempts[i + 1]) - failedAt).toBeGreaterThanOrEqual(planned - 1);
      }
    },
  },
  ...(['seconds', 'date'] as const).map((form): WebhookCase => ({
    name: `Retry-After as ${form} is waited for`,
    async run(on) {
      on.receiver.answer((request, socket) => {
        const value = form === 'seconds' ? '3' : new Date(Date.now() + 4_000).toUTCString();
        void status(500, { 'retry-after': value })(request, socket);
      });
      const { id } = await on.endpoint({ schedule: '10ms' });
      const delivery = await on.event(id);
      await on.delivery(id, delivery, attempts(1));
      on.receiver.answer(status(200));
      const { attempts: made } = await on.delivery(id, delivery, over);
      expect(at(made[1]) - at(made[0])).toBeGreaterThanOrEqual(2_900);
    },
  })),
  ...['-5', 'soon', '1.5e3', ''].map((value): WebhookCase => ({
    name: `Retry-After ${JSON.stringify(value)} is left to the schedule, and is never at once`,
    async run(on) {
      on.receiver.answer(status(500, { 'retry-after': value }));
      const { id } = await on.endpoint({ schedule: '1h' });
      const delivery = await on.delivery(id, await on.event(id), attempts(1));
      const wait = Date.parse(delivery.nextAttemptAt) - at(delivery.attempts[0]);
      expect(wait).toBeGreaterThanOrEqual(3_600_000);
      expect(wait).toBeLessThan(3_600_000 * 1.2 + 60_000);
    },
  })),
  {
    name: 'a Retry-After of ten years is a day',
    async run(on) {
      on.receiver.answer(status(500, { 'retry-after': '315360000' }));
      const { id } = await on.endpoint({ schedule: '1s' });
      const delivery = await on.delivery(id, await on.event(id), attempts(1));
      const wait = Date.parse(delivery.nextAttemptAt) - at(delivery.attempts[0]);
      expect(Math.abs(wait - 86_400_000)).toBeLessThan(60_000);
    },
  },
  {
    name: 'abort-message ends the delivery as aborted, and the endpoint goes on',
    async run(on) {
      on.receiver.answer(status(500, { 'webhook-delivery': 'abort-message' }));
      const { id } = await on.endpoint({ schedule: '1s' });
      expect(await on.ended(id)).toMatchObject({ state: 'aborted', nextAttemptAt: null });
      on.receiver.answer(status(200));
      expect((await on.ended(id)).state).toBe('delivered');
    },
  },
  ...(
    [
      ['410', status(410)],
      ['webhook-delivery: disable', status(500, { 'webhook-delivery': 'disable' })],
    ] as const
  ).map(([what, script]): WebhookCase => ({
    name: `${what} disables the endpoint, ends what waits, and makes resend a 409; enable begins anew`,
    async run(on) {
      on.receiver.answer(status(500));
      const { id } = await on.endpoint({ schedule: '1h' });
      const waiting = await on.event(id);
      await on.delivery(id, waiting, attempts(1));
      on.receiver.answer(script);
      expect((await on.ended(id)).state).toBe('failed');
      expect((await on.delivery(id, waiting, over)).state).toBe('failed');
      const shown = await eventually('disabled', async () => {
        const endpoint = await on.api('GET', `/api/endpoints/${id}`);
        return endpoint.state === 'disabled' && endpoint;
      });
      expect(shown.disabledReason).toEqual(expect.any(String));
      expect((await on.product.api('POST', `/api/deliveries/${waiting}/resend`)).status).toBe(409);
      on.receiver.answer(status(200));
      expect(await on.api('POST', `/api/endpoints/${id}/enable`)).toMatchObject({
        state: 'enabled',
        disabledReason: null,
      });
      expect((await on.ended(id)).state).toBe('delivered');
    },
  })),
  {
    name: 'a 429 with Retry-After holds back the whole endpoint without costing what waits an attempt',
    async run(on) {
      on.receiver.answer(status(429, { 'retry-after': '3' }));
      const { id } = await on.endpoint({ schedule: '1h' });
      const first = await on.delivery(id, await on.event(id), attempts(1));
      on.receiver.answer(status(200));
      const second = await on.ended(id);
      expect(second.attempts).toHaveLength(1);
      expect(at(second.attempts[0]) - at(first.attempts[0])).toBeGreaterThanOrEqual(2_900);
    },
  },
  // Fairness
  {
    name: 'at most `concurrency` attempts are under way, and the rest follow in order',
    async run(on) {
      let [now, most] = [0, 0];
      on.receiver.answer((request, socket) => {
        most = Math.max(most, ++now);
        setTimeout(() => {
          now--;
          void status(200)(request, socket);
        }, 50);
      });
      const { id } = await on.endpoint({ concurrency: 2 });
      const ids: string[] = [];
      for (let n = 0; n < 10; n++) ids.push(await on.event(id));
      for (const delivery of ids) await on.delivery(id, delivery, over);
      expect(most).toBeLessThanOrEqual(2);
      expect(on.receiver.requests.map((request) => request.headers['webhook-id']).sort()).toEqual([...ids].sort());
    },
  },
  {
    name: 'a rate limit is kept, and PATCH changes it',
    async run(on) {
      const { id } = await on.endpoint({ rateLimit: 2 });
      const startedAt = Date.now();
      for (let n = 0; n < 6; n++) await on.event(id);
      await on.receiver.received(6);
      // Two at once, and then two a second.
      expect(Date.now() - startedAt).toBeGreaterThanOrEqual(1_900);
      await on.api('PATCH', `/api/endpoints/${id}`, { rateLimit: 1_000 });
      for (let n = 0; n < 20; n++) await on.event(id);
      await on.receiver.received(26);
    },
  },
  {
    name: 'five failures in a row open the breaker: what follows waits, with no attempt spent',
    async run(on) {
      on.receiver.answer(status(500));
      const { id } = await on.endpoint({ schedule: '1h' });
      for (let n = 0; n < 5; n++) await on.delivery(id, await on.event(id), attempts(1));
      const sixth = await on.event(id);
      await on.delivery(id, sixth, () => true);
      await wait(1_000);
      expect((await on.delivery(id, sixth, () => true)).attempts).toEqual([]);
      expect(on.receiver.requests).toHaveLength(5);
      expect(await on.api('GET', `/api/endpoints/${id}/health`)).toMatchObject({ breaker: 'open', successRate: 0 });
    },
  },
  {
    name: 'an endpoint that hangs delays no other',
    async run(on) {
      on.receiver.answer((request, socket) => (request.path === '/hangs' ? undefined : status(200)(request, socket)));
      const hanging = await on.endpoint({ url: on.receiver.url.replace('/hook', '/hangs'), schedule: '' });
      const other = await on.endpoint();
      for (let n = 0; n < 50; n++) await on.event(hanging.id);
      const startedAt = Date.now();
      expect((await on.ended(other.id)).state).toBe('delivered');
      expect(Date.now() - startedAt).toBeLessThan(10_000);
    },
  },
  // What an operator does
  {
    name: 'resend sends the same bytes under the same id, once',
    async run(on) {
      const { id } = await on.endpoint();
      const delivery = await on.ended(id);
      await on.api('POST', `/api/deliveries/${delivery.id}/resend`);
      expect((await on.delivery(id, delivery.id, attempts(2))).state).toBe('delivered');
      const [first, second] = on.receiver.requests;
      expect(second!.body).toBe(first!.body);
      expect(second!.headers['webhook-id']).toBe(delivery.id);
    },
  },
  {
    name: 'resend that fails makes no new chain',
    async run(on) {
      on.receiver.answer(status(500));
      const { id } = await on.endpoint({ schedule: '' });
      const delivery = await on.ended(id);
      await on.api('POST', `/api/deliveries/${delivery.id}/resend`);
      expect((await on.delivery(id, delivery.id, (one) => over(one) && one.attempts.length === 2)).state).toBe(
        'exhausted',
      );
      await wait(500);
      expect(on.receiver.requests).toHaveLength(2);
    },
  },
  {
    name: 'recover sends again what failed since then, under the same ids, and nothing that arrived',
    async run(on) {
      const { id } = await on.endpoint({ schedule: '' });
      await on.ended(id);
      const since = new Date().toISOString();
      on.receiver.answer(status(500));
      const failed = [(await on.ended(id)).id, (await on.ended(id)).id].sort();
      on.receiver.answer(status(200));
      await on.api('POST', `/api/endpoints/${id}/recover`, { since });
      for (const delivery of failed) await on.delivery(id, delivery, (one) => one.state === 'delivered');
      expect(
        on.receiver.requests
          .slice(3)
          .map((request) => request.headers['webhook-id'])
          .sort(),
      ).toEqual(failed);
    },
  },
  {
    name: 'deliveries are listed by state, newest first, in pages',
    async run(on) {
      const { id } = await on.endpoint({ schedule: '' });
      const ids = [await on.ended(id), await on.ended(id), await on.ended(id)].map((one) => one.id).reverse();
      on.receiver.answer(status(500));
      const last = await on.ended(id);
      const page = await on.api('GET', `/api/endpoints/${id}/deliveries?state=delivered&limit=2`);
      expect(page.items.map((one: Parsed) => one.id)).toEqual(ids.slice(0, 2));
      const next = await on.api('GET', `/api/endpoints/${id}/deliveries?state=delivered&limit=2&cursor=${page.next}`);
      expect(next).toMatchObject({ items: [{ id: ids[2] }], next: null });
      expect((await on.api('GET', `/api/endpoints/${id}/deliveries?state=exhausted`)).items).toMatchObject([
        { id: last.id },
      ]);
    },
  },
  {
    name: 'a removed endpoint is gone and is sent nothing more',
    async run(on) {
      on.receiver.answer(status(500));
      const { id } = await on.endpoint({ schedule: '1s,1s' });
      await on.delivery(id, await on.event(id), attempts(1));
      expect((await on.product.api('DELETE', `/api/endpoints/${id}`)).status).toBe(204);
      expect((await on.product.api('GET', `/api/endpoints/${id}`)).status).toBe(404);
      await wait(2_500);
      expect(on.receiver.requests).toHaveLength(1);
    },
  },
  {
    name: 'another workspace’s endpoints and deliveries are a 404',
    async run(on) {
      const { id } = await on.endpoint();
      const delivery = await on.ended(id);
      const { adminToken } = await on.api('POST', '/api/workspaces', { name: 'Other' });
      for (const [method, path] of [
        ['GET', `/api/endpoints/${id}`],
        ['PATCH', `/api/endpoints/${id}`],
        ['GET', `/api/endpoints/${id}/deliveries`],
        ['POST', `/api/endpoints/${id}/test`],
        ['POST', `/api/deliveries/${delivery.id}/resend`],
      ] as const)
        expect((await on.product.api(method, path, method === 'GET' ? undefined : {}, adminToken)).status, path).toBe(
          404,
        );
    },
  },
  // What an endpoint is sent
  {
    name: 'slack gets blocks',
    async run(on) {
      const { id } = await on.endpoint({ preset: 'slack' });
      await on.ended(id);
      expect(JSON.parse(on.receiver.requests[0]!.body)).toMatchObject({
        text: expect.any(String),
        blocks: expect.any(Array),
      });
    },
  },
  {
    name: 'a thin payload has ids alone',
    async run(on) {
      const { id } = await on.endpoint({ payload: 'thin' });
      await on.ended(id);
      expect(Object.keys(JSON.parse(on.receiver.requests[0]!.body).data).sort()).toEqual(['factId', 'workspace']);
    },
  },
  {
    name: 'a template makes the body that is signed',
    async run(on) {
      const { id, secret } = await on.endpoint({ template: '{ "kind": type }' });
      await on.ended(id);
      expect(verified(secret, on.receiver.requests[0]!)).toEqual({ kind: 'endpoint.test' });
    },
  },
  // Where it may be sent
  ...[
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://0177.0.0.1/',
    'https://１２７．０．０．１/',
    'https://[::1]/',
    'https://[::ffff:10.0.0.1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://169.254.169.254/latest/meta-data/',
    'https://localhost./',
    'https://192.168.0.1:8443/',
    'https://example.com:22/',
  ].map(forbidden),
  invalid('a URL with a password', { url: 'https://u:p@example.com/' }, 'url'),
  invalid('a URL with a fragment', { url: 'https://example.com/#x' }, 'url'),
  invalid('a URL of over 2,048 characters', { url: `https://example.com/${'x'.repeat(2_100)}` }, 'url'),
  invalid('plain http', { url: 'http://example.com/' }, 'url'),
  invalid('a secret of 23 bytes', { secret: `whsec_${Buffer.alloc(23).toString('base64')}` }, 'secret'),
  invalid('a secret of 65 bytes', { secret: `whsec_${Buffer.alloc(65).toString('base64')}` }, 'secret'),
  invalid('a schedule that is none', { schedule: 'soon' }, 'schedule'),
  invalid('a header that is ours', { headers: { 'webhook-id': 'x' } }, 'headers.webhook-id'),
  invalid('a header with a line break', { headers: { 'x-a': 'b\r\nc: d' } }, 'headers.x-a'),
];
