import { systemClock } from '@cairn/clock/clock.system.ts';
import { createPublicKey, verify } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Delivery, DeliveryFact } from '@cairn/contracts/generated/delivery.ts';
import { deliveryId } from '@cairn/contracts/ids.ts';
import { encodeJson } from '@cairn/contracts/json.ts';
import { validatorOf } from '@cairn/contracts/validate.ts';
import { symmetricKeyText } from '../../core/deliver/sign.ts';
import { startRunningDeliverer } from '../../testkit/running-deliverer.ts';
import type { Parsed, RunningDeliverer } from '../../testkit/running-deliverer.ts';
import { CLIENT_CERTIFICATE, CLIENT_KEY } from '../../testkit/test-certificates.ts';
import { hang, reset, startScriptedReceiver, status } from '../../testkit/scripted-receiver.ts';
import type { Received, ScriptedReceiver } from '../../testkit/scripted-receiver.ts';

let receiver: ScriptedReceiver;
let cairn: RunningDeliverer;

beforeEach(async () => {
  receiver = await startScriptedReceiver();
  cairn = await startRunningDeliverer({ webhookAllow: [receiver.hostPort] });
});
afterEach(async () => {
  await cairn.stop();
  await receiver.close();
});

const ended = (delivery: Delivery): boolean => delivery.state !== 'pending';
const verified = (secret: string, { body, headers }: Received): Parsed => new Webhook(secret).verify(body, headers);

describe('a fact reaches its receiver', () => {
  test('once, signed, with type, timestamp and data, and is listed as delivered', async () => {
    const { id, secret } = await cairn.endpoint({ url: receiver.url, types: ['alert.*'] });
    await cairn.happen({ factId: 'fact_1', at: Date.UTC(2026, 0, 31, 8), data: { id: 'alr_1' } });
    const delivery = await cairn.delivery(id, ended);
    expect(delivery).toMatchObject({
      id: deliveryId('fact_1', id),
      type: 'alert.opened',
      state: 'delivered',
      nextAttemptAt: null,
    });
    expect(delivery.attempts).toMatchObject([{ status: 200, code: null }]);
    expect(receiver.requests).toHaveLength(1);
    expect(receiver.requests[0]!.headers['webhook-id']).toBe(delivery.id);
    expect(verified(secret, receiver.requests[0]!)).toEqual({
      type: 'alert.opened',
      timestamp: '2026-01-31T08:00:00.000Z',
      data: { id: 'alr_1', workspace: 'default', factId: 'fact_1' },
    });
  });

  test('not where its type is not wanted', async () => {
    const { id } = await cairn.endpoint({ url: receiver.url, types: ['journey.*'] });
    await cairn.happen({ factId: 'fact_1' });
    await cairn.happen({ factId: 'fact_2', type: 'journey.won' });
    expect((await cairn.delivery(id, ended)).type).toBe('journey.won');
    expect(receiver.requests).toHaveLength(1);
  });

  test('again after a failure, under the same id with the same body, a new timestamp and signature', async () => {
    const { id, secret } = await cairn.endpoint({ url: receiver.url, schedule: '1100ms' });
    receiver.answer(status(500, {}, 'not now'));
    await cairn.happen({ factId: 'fact_1' });
    await receiver.received(1);
    receiver.answer(status(200));
    const delivery = await cairn.delivery(id, ended);
    expect(delivery.state).toBe('delivered');
    expect(delivery.attempts).toMatchObject([
      { status: 500, code: 'http_500', responseBody: 'not now' },
      { status: 200, code: null },
    ]);
    const [first, second] = receiver.requests;
    expect(second!.headers['webhook-id']).toBe(first!.headers['webhook-id']);
    expect(second!.body).toBe(first!.body);
    expect(second!.headers['webhook-timestamp']).not.toBe(first!.headers['webhook-timestamp']);
    expect(second!.headers['webhook-signature']).not.toBe(first!.headers['webhook-signature']);
    verified(secret, second!);
    const wait = Date.parse(delivery.attempts[1]!.at) - Date.parse(delivery.attempts[0]!.at);
    expect(wait).toBeGreaterThanOrEqual(1_100);
  });

  test('never again once its schedule is used up', async () => {
    const { id } = await cairn.endpoint({ url: receiver.url, schedule: '20ms,20ms' });
    receiver.answer(status(503));
    await cairn.happen({ factId: 'fact_1' });
    expect(await cairn.delivery(id, ended)).toMatchObject({ state: 'exhausted', nextAttemptAt: null });
    expect(receiver.requests).toHaveLength(3);
  });

  test('while another endpoint hangs', async () => {
    const hanging = await startScriptedReceiver(hang);
    await cairn.stop();
    cairn = await startRunningDeliverer({ webhookAllow: [receiver.hostPort, hanging.hostPort] });
    await cairn.endpoint({ url: hanging.url, types: ['journey.*'] });
    const { id } = await cairn.endpoint({ url: receiver.url, types: ['alert.*'] });
    for (let n = 0; n < 500; n++) await cairn.happen({ factId: `hangs_${n}`, type: 'journey.won' });
    await hanging.received(8);
    await cairn.happen({ factId: 'fact_1' });
    expect((await cairn.delivery(id, ended)).state).toBe('delivered');
    expect(hanging.requests).toHaveLength(8);
    await hanging.close();
  });

  test('every fact follows its schema, pending ones too', async () => {
    const { id } = await cairn.endpoint({ url: receiver.url, schedule: '20ms' });
    receiver.answer(reset);
    await cairn.happen({ factId: 'fact_1' });
    await cairn.delivery(id, ended);
    const facts = cairn.values('deliveries') as DeliveryFact[];
    expect(facts.map((fact) => fact.type)).toEqual(['delivery.created', 'delivery.attempted', 'delivery.ended']);
    const validate = validatorOf('delivery', 'DeliveryFact');
    for (const fact of facts) expect(validate(fact), JSON.stringify(validate.errors)).toBe(true);
    for (const message of cairn.values('delivery-inbox') as ({ type?: string } | null)[])
      if (message?.type?.startsWith('delivery.')) {
        const whole = validatorOf('delivery');
        expect(whole(message), JSON.stringify(whole.errors)).toBe(true);
      }
  });

  test('is counted', async () => {
    const { id } = await cairn.endpoint({ url: receiver.url, schedule: '20ms' });
    receiver.answer(status(500));
    await cairn.happen({ factId: 'fact_1' });
    await receiver.received(1);
    receiver.answer(status(200));
    await cairn.delivery(id, ended);
    const text = await cairn.metrics.expose();
    expect(text).toContain('cairn_delivery_attempts_total{code="http_500"} 1');
    expect(text).toContain('cairn_delivery_attempts_total{code="ok"} 1');
    expect(text).toContain('cairn_deliveries_ended_total{state="delivered"} 1');
  });
});

describe('the process dies', () => {
  test('while an attempt is under way: it is made again under the same id, and once only when it was answered', async () => {
    receiver.answer(hang);
    const { id } = await cairn.endpoint({ url: receiver.url });
    await cairn.happen({ factId: 'fact_1' });
    await receiver.received(1);
    const before = cairn;
    await before.crash();
    receiver.answer(status(200));
    cairn = await startRunningDeliverer(
      { webhookAllow: [receiver.hostPort] },
      { disk: before.log.disk, workspace: before.workspace },
    );
    expect((await cairn.delivery(id, ended)).state).toBe('delivered');
    expect(receiver.requests.map((request) => request.headers['webhook-id'])).toEqual(
      Array(2).fill(deliveryId('fact_1', id)),
    );
    expect(receiver.requests[1]!.body).toBe(receiver.requests[0]!.body);
  });

  test('while a retry waits: it comes when it is due and not before, with its number', async () => {
    receiver.answer(status(500));
    const { id } = await cairn.endpoint({ url: receiver.url, schedule: '800ms,1h' });
    await cairn.happen({ factId: 'fact_1' });
    const waiting = await cairn.delivery(id, (delivery) => delivery.attempts.length === 1);
    const before = cairn;
    await before.crash();
    cairn = await startRunningDeliverer(
      { webhookAllow: [receiver.hostPort] },
      { disk: before.log.disk, workspace: before.workspace },
    );
    const again = await cairn.delivery(id, (delivery) => delivery.attempts.length === 2);
    expect(Date.parse(again.attempts[1]!.at)).toBeGreaterThanOrEqual(Date.parse(waiting.nextAttemptAt!));
    expect(receiver.requests).toHaveLength(2);
    expect(again.state).toBe('pending');
  });
});

describe('an endpoint through the API', () => {
  test('shows its secret when it is made and never again', async () => {
    const made = await cairn.endpoint({
      url: receiver.url,
      types: ['alert.*'],
      headers: { 'x-api-key': 'very-secret' },
    });
    expect(made).toMatchObject({
      url: receiver.url,
      types: ['alert.*'],
      state: 'enabled',
      disabledReason: null,
      signing: 'v1',
    });
    expect(made.secret).toMatch(/^whsec_/);
    const shown = [
      (await cairn.call('GET', `/api/endpoints/${made.id}`)).body,
      (await cairn.call('GET', '/api/endpoints')).body,
      (await cairn.call('PATCH', `/api/endpoints/${made.id}`, { rateLimit: 5 })).body,
    ].map((body) => JSON.stringify(body));
    for (const text of shown) {
      expect(text).toContain(made.id);
      expect(text).not.toContain(made.secret.slice(6));
      expect(text).not.toContain('very-secret');
    }
    for (const topic of ['control', 'delivery-inbox', 'journey-inbox']) {
      const text = JSON.stringify(cairn.values(topic));
      expect(text).not.toContain(made.secret.slice(6));
      expect(text).not.toContain('very-secret');
    }
  });

  test('takes a secret of one’s own, and an ed25519 key', async () => {
    const own = symmetricKeyText(Buffer.alloc(24, 8));
    const made = await cairn.endpoint({ url: receiver.url, secret: own });
    await cairn.happen({ factId: 'fact_1' });
    await cairn.delivery(made.id, ended);
    verified(own, receiver.requests[0]!);

    await cairn.call('DELETE', `/api/endpoints/${made.id}`);
    const asymmetric = await cairn.endpoint({ url: receiver.url, preset: 'ed25519' });
    expect(asymmetric.secret).toMatch(/^whsk_/);
    await cairn.happen({ factId: 'fact_2' });
    await cairn.delivery(asymmetric.id, ended);
    const { headers, body } = receiver.requests[1]!;
    const raw = Buffer.from(asymmetric.publicKey.slice(5), 'base64');
    const publicKey = createPublicKey({
      key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]),
      format: 'der',
      type: 'spki',
    });
    const content = Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`);
    expect(headers['webhook-signature']).toMatch(/^v1a,/);
    expect(verify(null, content, publicKey, Buffer.from(headers['webhook-signature']!.slice(4), 'base64'))).toBe(true);
  });

  test('rotates: old and new key sign until the overlap is over', async () => {
    const { id, secret: old } = await cairn.endpoint({ url: receiver.url });
    const rotated = (await cairn.call('POST', `/api/endpoints/${id}/rotate`, { overlap: '1 hour' })).body;
    expect(rotated.secret).not.toBe(old);
    await cairn.happen({ factId: 'fact_1' });
    await receiver.received(1);
    verified(old, receiver.requests[0]!);
    verified(rotated.secret, receiver.requests[0]!);

    const last = (await cairn.call('POST', `/api/endpoints/${id}/rotate`, { overlap: '0s' })).body;
    await cairn.happen({ factId: 'fact_2' });
    await receiver.received(2);
    verified(last.secret, receiver.requests[1]!);
    for (const secret of [old, rotated.secret]) expect(() => verified(secret, receiver.requests[1]!)).toThrow();
  });

  test.each([['8 days'], ['-1h'], ['soon'], [24]])('a rotation’s overlap of %j is refused', async (overlap) => {
    const { id } = await cairn.endpoint({ url: receiver.url });
    const { status: code, body } = await cairn.call('POST', `/api/endpoints/${id}/rotate`, { overlap });
    expect(code).toBe(422);
    expect(body.errors[0].path).toBe('overlap');
  });

  test.each([
    [{}, 'url'],
    [{ url: 5 }, 'url'],
    [{ url: 'https://user:pw@example.com/' }, 'url'],
    [{ url: 'https://example.com/#x' }, 'url'],
    [{ url: 'http://example.com/' }, 'url'],
    [{ url: `https://example.com/${'x'.repeat(2_048)}` }, 'url'],
    [{ url: 'https://10.0.0.1/' }, 'url'],
    [{ url: 'https://example.com/', types: [] }, 'types'],
    [{ url: 'https://example.com/', types: 'alert.*' }, 'types'],
    [{ url: 'https://example.com/', types: ['*.opened'] }, 'types'],
    [{ url: 'https://example.com/', secret: 'whsec_short' }, 'secret'],
    [{ url: 'https://example.com/', preset: 'pigeon' }, 'preset'],
    [{ url: 'https://example.com/', fifo: 'yes' }, 'fifo'],
    [{ url: 'https://example.com/', rateLimit: 0 }, 'rateLimit'],
    [{ url: 'https://example.com/', rateLimit: -1 }, 'rateLimit'],
    [{ url: 'https://example.com/', concurrency: 65 }, 'concurrency'],
    [{ url: 'https://example.com/', schedule: 'soon' }, 'schedule'],
    [{ url: 'https://example.com/', schedule: [5] }, 'schedule'],
    [{ url: 'https://example.com/', headers: { 'webhook-id': 'x' } }, 'headers.webhook-id'],
    [{ url: 'https://example.com/', headers: { 'x-a': 'b\r\nx-c: d' } }, 'headers.x-a'],
    [{ url: 'https://example.com/', headers: { 'x a': 'b' } }, 'headers'],
    [{ url: 'https://example.com/', payload: 'fat' }, 'payload'],
    [{ url: 'https://example.com/', filter: { where: { kind: 'stall' } } }, "filter.where['kind']"],
    [{ url: 'https://example.com/', template: '{ "a": ' }, 'template'],
    [{ url: 'https://example.com/', template: '$eval("1")' }, 'template'],
    [{ url: 'https://example.com/', auth: { type: 'basic' } }, 'auth.type'],
    [{ url: 'https://example.com/', auth: { type: 'mtls', certificate: 'x', key: 'y' } }, 'auth'],
    [
      {
        url: 'https://example.com/',
        auth: { type: 'oauth2', tokenUrl: 'https://10.0.0.1/', clientId: 'c', clientSecret: 's' },
      },
      'auth.tokenUrl',
    ],
    ['[]', ''],
  ])('%j is refused and the field is named', async (settings, path) => {
    const { status: code, body, headers } = await cairn.call('POST', '/api/endpoints', settings);
    expect(code).toBe(422);
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(body.errors.map((error: { path: string }) => error.path)).toEqual([path]);
    expect((await cairn.call('GET', '/api/endpoints')).body.items).toEqual([]);
  });

  test('a forbidden target is answered the same whether its port is open or not, also by PATCH', async () => {
    const closed = `https://127.0.0.1:${receiver.port === 65_535 ? 1 : receiver.port + 1}/`;
    const open = `https://127.0.0.1:${receiver.port}/`;
    await cairn.stop();
    cairn = await startRunningDeliverer({ webhookAllow: ['127.0.0.1:1'] });
    const answers = [];
    for (const url of [closed, open]) answers.push(await cairn.call('POST', '/api/endpoints', { url }));
    const { id } = await cairn.endpoint({ url: 'http://127.0.0.1:1/' });
    for (const url of [closed, open]) answers.push(await cairn.call('PATCH', `/api/endpoints/${id}`, { url }));
    expect(new Set(answers.map(({ status: code, body }) => `${code} ${JSON.stringify(body)}`)).size).toBe(1);
    expect(answers[0]!.status).toBe(422);
    expect(receiver.connections()).toBe(0);
  });

  test('a name that leads to a forbidden address is refused when the endpoint is made', async () => {
    await cairn.stop();
    cairn = await startRunningDeliverer({}, { seams: { resolve: () => Promise.resolve(['10.0.0.7']) } });
    const { status: code, body } = await cairn.call('POST', '/api/endpoints', { url: 'https://inner.example.com/' });
    expect(code).toBe(422);
    expect(body.errors[0].path).toBe('url');
  });

  test('its schedule is text, N entries are N retries, and PATCH changes what it names alone', async () => {
    const { id } = await cairn.endpoint({ url: receiver.url, schedule: '5s, 5 minutes, 1500ms', types: ['alert.*'] });
    expect((await cairn.call('GET', `/api/endpoints/${id}`)).body.schedule).toBe('5s,5m,1500ms');
    const changed = (await cairn.call('PATCH', `/api/endpoints/${id}`, { rateLimit: 3, schedule: null })).body;
    expect(changed).toMatchObject({ rateLimit: 3, schedule: '50ms,50ms', types: ['alert.*'], url: receiver.url });
  });

  test('another workspace sees nothing of it', async () => {
    const { id } = await cairn.endpoint({ url: receiver.url });
    await cairn.happen({ factId: 'fact_1' });
    const delivery = await cairn.delivery(id, ended);
    const other = (await cairn.call('POST', '/api/workspaces', { name: 'Other' })).body;
    for (const [method, path] of [
      ['GET', `/api/endpoints/${id}`],
      ['PATCH', `/api/endpoints/${id}`],
      ['DELETE', `/api/endpoints/${id}`],
      ['POST', `/api/endpoints/${id}/test`],
      ['POST', `/api/endpoints/${id}/rotate`],
      ['GET', `/api/endpoints/${id}/deliveries`],
      ['POST', `/api/deliveries/${delivery.id}/resend`],
    ] as const)
      expect((await cairn.call(method, path, method === 'GET' ? undefined : {}, other.adminToken)).status, path).toBe(
        404,
      );
    expect((await cairn.call('GET', '/api/endpoints', undefined, other.adminToken)).body).toEqual({
      items: [],
      next: null,
    });
  });

  test('needs the scope: reading reads, and changes need admin', async () => {
    const { id } = await cairn.endpoint({ url: receiver.url });
    const token = async (...scopes: string[]) =>
      (await cairn.call('POST', '/api/tokens', { name: 't', scopes })).body.token;
    const read = await token('read');
    expect((await cairn.call('GET', `/api/endpoints/${id}`, undefined, read)).status).toBe(200);
    for (const [method, path] of [
      ['POST', '/api/endpoints'],
      ['PATCH', `/api/endpoints/${id}`],
      ['DELETE', `/api/endpoints/${id}`],
      ['POST', `/api/endpoints/${id}/rotate`],
      ['POST', `/api/endpoints/${id}/test`],
    ] as const)
      expect((await cairn.call(method, path, {}, read)).status, path).toBe(403);
    expect((await cairn.call('GET', '/api/endpoints', undefined, 'cairn_nobody')).status).toBe(401);
    expect((await cairn.call('GET', '/api/endpoints', undefined, cairn.workspace.writeKey)).status).toBe(403);
  });
});

describe('what an endpoint is sent', () => {
  test('slack gets blocks, one message a second', async () => {
    const made = await cairn.endpoint({ url: receiver.url, preset: 'slack' });
    expect(made).toMatchObject({ preset: 'slack', rateLimit: 1 });
    await cairn.happen({ factId: 'fact_1', data: { journey: { name: 'Acme' }, reason: { text: 'silent' } } });
    await receiver.received(1);
    const body = JSON.parse(receiver.requests[0]!.body);
    expect(Object.keys(body)).toEqual(['text', 'blocks']);
    expect(body.text).toBe('Acme needs attention: silent');
    verified(made.secret, receiver.requests[0]!);
  });

  test('n8n’s test URLs are warned of, its production URLs are not', async () => {
    const warned = (url: string) => cairn.endpoint({ url, preset: 'n8n' }).then((made) => made.warnings);
    expect(await warned(`http://${receiver.hostPort}/webhook-test/abc`)).toHaveLength(1);
    expect(await warned(`http://${receiver.hostPort}/webhook/abc`)).toBeUndefined();
  });

  test('a thin payload has ids alone', async () => {
    const { id } = await cairn.endpoint({ url: receiver.url, payload: 'thin' });
    await cairn.happen({ factId: 'fact_1', data: { id: 'alr_1', kind: 'stall', journey: { name: 'Acme' } } });
    await cairn.delivery(id, ended);
    expect(JSON.parse(receiver.requests[0]!.body).data).toEqual({
      id: 'alr_1',
      kind: 'stall',
      workspace: 'default',
      factId: 'fact_1',
    });
  });

  test('a filter lets through what matches', async () => {
    const { id } = await cairn.endpoint({ url: receiver.url, filter: { where: { 'data.kind': 'stall' } } });
    await cairn.happen({ factId: 'fact_1', data: { kind: 'role-silent' } });
    await cairn.happen({ factId: 'fact_2', data: { kind: 'stall' } });
    expect((await cairn.delivery(id, ended)).factId).toBe('fact_2');
    expect(receiver.requests).toHaveLength(1);
  });

  test('a template makes the body', async () => {
    const { id } = await cairn.endpoint({ url: receiver.url, template: '{ "t": type, "n": data.journey.name }' });
    await cairn.happen({ factId: 'fact_1', data: { journey: { name: 'Acme' } } });
    await cairn.delivery(id, ended);
    expect(JSON.parse(receiver.requests[0]!.body)).toEqual({ t: 'alert.opened', n: 'Acme' });
  });

  test('samples of every type can be had before anything happens', async () => {
    const { body } = await cairn.call('GET', '/api/endpoints/samples');
    expect(body.map((sample: { type: string }) => sample.type)).toContain('alert.opened');
    const [only] = (await cairn.call('GET', '/api/endpoints/samples?type=journey.won')).body;
    expect(only).toMatchObject({ type: 'journey.won', data: { workspace: 'ws_sample' } });
  });

  test('secrets of OAuth2 and mutual TLS are kept sealed and never shown', async () => {
    const auth = {
      type: 'oauth2',
      tokenUrl: receiver.url,
      clientId: 'cairn',
      clientSecret: 'very-secret-client',
      scope: null,
    };
    const made = await cairn.endpoint({ url: receiver.url, auth });
    const shown = await cairn.call('GET', `/api/endpoints/${made.id}`);
    expect(shown.body.auth).toEqual({ type: 'oauth2', tokenUrl: receiver.url, clientId: 'cairn', scope: null });
    const mtls = await cairn.endpoint({
      url: receiver.url,
      auth: { type: 'mtls', certificate: CLIENT_CERTIFICATE, key: CLIENT_KEY },
    });
    expect(mtls.auth).toEqual({ type: 'mtls', certificate: CLIENT_CERTIFICATE });
    const kept = JSON.stringify([made, mtls, cairn.values('control'), cairn.values('delivery-inbox')]);
    expect(kept).not.toContain('very-secret-client');
    expect(kept).not.toContain(CLIENT_KEY.split('\n')[1]);
  });
});

describe('what an operator does', () => {
  test('a test event goes to the endpoint and is listed under the id that was answered', async () => {
    const { id, secret } = await cairn.endpoint({ url: receiver.url, types: ['alert.*'] });
    const { status: code, body } = await cairn.call('POST', `/api/endpoints/${id}/test`);
    expect(code).toBe(202);
    expect(await cairn.delivery(id, ended)).toMatchObject({ id: body.id, type: 'endpoint.test', state: 'delivered' });
    expect(verified(secret, receiver.requests[0]!)).toMatchObject({
      type: 'endpoint.test',
      data: { workspace: 'default' },
    });
  });

  test('resend of a delivered one sends the same bytes under the same id, once', async () => {
    const { id } = await cairn.endpoint({ url: receiver.url });
    await cairn.happen({ factId: 'fact_1', data: { id: 'alr_1' } });
    const delivery = await cairn.delivery(id, ended);
    expect((await cairn.call('POST', `/api/deliveries/${delivery.id}/resend`)).status).toBe(202);
    const again = await cairn.delivery(id, (one) => one.attempts.length === 2);
    expect(again.state).toBe('delivered');
    expect(receiver.requests[1]!.body).toBe(receiver.requests[0]!.body);
    expect(receiver.requests[1]!.headers['webhook-id']).toBe(delivery.id);
  });

  test('resend of an exhausted one that fails makes no new chain and keeps the earlier answers', async () => {
    const { id } = await cairn.endpoint({ url: receiver.url, schedule: '20ms' });
    receiver.answer(status(500, {}, 'no'));
    await cairn.happen({ factId: 'fact_1' });
    const { id: deliveryId } = await cairn.delivery(id, ended);
    await cairn.call('POST', `/api/deliveries/${deliveryId}/resend`);
    const again = await cairn.delivery(id, (one) => one.attempts.length === 3 && ended(one));
    expect(again.state).toBe('exhausted');
    expect(again.attempts.map((attempt) => attempt.responseBody)).toEqual(['no', 'no', 'no']);
    expect(receiver.requests).toHaveLength(3);
  });

  test('410 disables: the state says why, pending ones end, resend and test are a 409, enable begins anew', async () => {
    const { id } = await cairn.endpoint({ url: receiver.url, schedule: '1h' });
    receiver.answer(status(500));
    await cairn.happen({ factId: 'fact_1' });
    const first = await cairn.delivery(id, (one) => one.attempts.length === 1);
    receiver.answer(status(410));
    await cairn.happen({ factId: 'fact_2' });
    await cairn.delivery(id, (one) => one.id === first.id && one.state === 'failed');
    expect((await cairn.call('GET', `/api/endpoints/${id}`)).body).toMatchObject({
      state: 'disabled',
      disabledReason: expect.stringContaining('410'),
    });
    expect((await cairn.call('POST', `/api/deliveries/${first.id}/resend`)).status).toBe(409);
    expect((await cairn.call('POST', `/api/endpoints/${id}/test`)).status).toBe(409);
    receiver.answer(status(200));
    expect((await cairn.call('POST', `/api/endpoints/${id}/enable`)).body).toMatchObject({
      state: 'enabled',
      disabledReason: null,
    });
    await cairn.happen({ factId: 'fact_3' });
    await cairn.delivery(id, (one) => one.factId === 'fact_3' && one.state === 'delivered');
  });

  test('recover sends again what ended exhausted or failed since then, under the same ids, with a new chain', async () => {
    const { id } = await cairn.endpoint({ url: receiver.url, schedule: '10ms' });
    await cairn.happen({ factId: 'fine' });
    await cairn.delivery(id, ended);
    receiver.answer(status(500));
    const since = new Date(systemClock.now()).toISOString();
    for (const factId of ['fact_1', 'fact_2']) await cairn.happen({ factId });
    for (const factId of ['fact_1', 'fact_2'])
      await cairn.delivery(id, (one) => one.factId === factId && one.state === 'exhausted');
    receiver.answer(status(200));
    const sent = receiver.requests.length;
    expect((await cairn.call('POST', `/api/endpoints/${id}/recover`, { since })).status).toBe(202);
    for (const factId of ['fact_1', 'fact_2'])
      await cairn.delivery(id, (one) => one.factId === factId && one.state === 'delivered');
    expect(
      receiver.requests
        .slice(sent)
        .map((request) => request.headers['webhook-id'])
        .sort(),
    ).toEqual(['fact_1', 'fact_2'].map((factId) => deliveryId(factId, id)).sort());
  });

  test('replay-missing makes what the endpoint never had, once, under the ids it would have had', async () => {
    const alert = (n: number, imported = false) => ({
      type: 'alert.opened',
      factId: `alert_${n}`,
      workspace: 'default',
      at: systemClock.now(),
      alert: { id: `alr_${n}`, journeyId: 'jrn_1' },
      journey: {},
      imported,
      commandId: null,
    });
    const since = new Date(systemClock.now() - 1_000).toISOString();
    const facts = [alert(1), alert(2), alert(3, true), { ...alert(4), workspace: 'other' }];
    await cairn.ports.log.append(
      facts.map((fact) => ({ topic: 'alerts', partition: 0, key: `${fact.workspace}/acc_1`, value: encodeJson(fact) })),
    );
    const { id } = await cairn.endpoint({ url: receiver.url, types: ['alert.*'] });
    await cairn.happen({ factId: 'alert_2' });
    await cairn.delivery(id, (one) => one.factId === 'alert_2' && ended(one));
    expect((await cairn.call('POST', `/api/endpoints/${id}/replay-missing`, { since })).body).toEqual({ requested: 1 });
    await cairn.delivery(id, (one) => one.id === deliveryId('alert_1', id) && one.state === 'delivered');
    expect((await cairn.call('POST', `/api/endpoints/${id}/replay-missing`, { since })).body).toEqual({ requested: 0 });
    expect(receiver.requests).toHaveLength(2);
  });

  test.each(['recover', 'replay-missing'])('%s wants a time in the past', async (what) => {
    const { id } = await cairn.endpoint({ url: receiver.url });
    for (const since of [undefined, 'soon', '2100-01-01T00:00:00.000Z', 5]) {
      const { status: code, body } = await cairn.call('POST', `/api/endpoints/${id}/${what}`, { since });
      expect(code).toBe(422);
      expect(body.errors[0].path).toBe('since');
    }
  });

  test('a removed endpoint is gone, and nothing waits for it any more', async () => {
    const { id } = await cairn.endpoint({ url: receiver.url, schedule: '300ms' });
    receiver.answer(status(500));
    await cairn.happen({ factId: 'fact_1' });
    await cairn.delivery(id, (one) => one.attempts.length === 1);
    expect((await cairn.call('DELETE', `/api/endpoints/${id}`)).status).toBe(204);
    expect((await cairn.call('GET', `/api/endpoints/${id}`)).status).toBe(404);
    const facts = (): DeliveryFact[] => cairn.values('deliveries') as DeliveryFact[];
    while (facts().at(-1)!.delivery.state !== 'aborted') await systemClock.sleep(5);
    expect(receiver.requests).toHaveLength(1);
  });

  test('the health of an endpoint shows its breaker, what waits and how it failed', async () => {
    const { id } = await cairn.endpoint({ url: receiver.url, schedule: '1h' });
    receiver.answer(status(500, {}, 'down'));
    for (let n = 0; n < 5; n++) await cairn.happen({ factId: `fact_${n}` });
    for (let n = 0; n < 5; n++)
      await cairn.delivery(id, (one) => one.factId === `fact_${n}` && one.attempts.length === 1);
    await cairn.happen({ factId: 'waits' });
    await cairn.delivery(id, (one) => one.factId === 'waits');
    const { body } = await cairn.call('GET', `/api/endpoints/${id}/health`);
    expect(body).toMatchObject({
      id,
      state: 'enabled',
      breaker: 'open',
      pending: 6,
      attempts: 5,
      succeeded: 0,
      successRate: 0,
      failures: { http_500: 5 },
      lastFailure: { code: 'http_500', responseBody: 'down' },
    });
    expect(Date.parse(body.probeAt)).toBeGreaterThan(systemClock.now());
    expect(receiver.requests).toHaveLength(5);
  });

  test('the list is newest first, by state, in pages', async () => {
    const { id } = await cairn.endpoint({ url: receiver.url });
    for (let n = 0; n < 5; n++) {
      await cairn.happen({ factId: `fact_${n}` });
      await cairn.delivery(id, (one) => one.factId === `fact_${n}` && ended(one));
    }
    const first = (await cairn.call('GET', `/api/endpoints/${id}/deliveries?state=delivered,failed&limit=3`)).body;
    expect(first.items.map((one: Delivery) => one.factId)).toEqual(['fact_4', 'fact_3', 'fact_2']);
    const second = (await cairn.call('GET', `/api/endpoints/${id}/deliveries?limit=3&cursor=${first.next}`)).body;
    expect(second.items.map((one: Delivery) => one.factId)).toEqual(['fact_1', 'fact_0']);
    expect(second.next).toBeNull();
    expect((await cairn.call('GET', `/api/endpoints/${id}/deliveries?state=exhausted`)).body.items).toEqual([]);
    expect((await cairn.call('GET', `/api/endpoints/${id}/deliveries?state=nonsense`)).status).toBe(400);
    expect((await cairn.call('GET', `/api/endpoints/${id}/deliveries?limit=501`)).status).toBe(400);
  });
});
