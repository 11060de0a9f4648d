import { gzipSync } from 'node:zlib';
import { createServer as createHttpServer } from 'node:http';
import { createConnection, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Clock } from '@cairn/clock/clock.ts';
import { systemClock } from '@cairn/clock/clock.system.ts';
import { createMetrics } from '@cairn/service-kit/metrics.ts';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AttemptResult, SendWebhook } from '../../core/deliver/model.ts';
import { symmetricKeyText } from '../../core/deliver/sign.ts';
import { drip, endless, hang, raw, reset, startScriptedReceiver, status } from '../../testkit/scripted-receiver.ts';
import type { ScriptedReceiver } from '../../testkit/scripted-receiver.ts';
import { createSecretBox } from './secrets.ts';
import { CUT_BYTES, EXCHANGE_MS, KEPT_BYTES } from './exchange.ts';
import { createSendWebhook } from './send-webhook.ts';
import { createVetTarget } from './vet-address.ts';
import type { Resolve } from './vet-address.ts';
import { createConnectorFor, createWebhookPools } from './webhook-pools.ts';
import type { ConnectorFor, WebhookPools } from './webhook-pools.ts';

const SECRETS = createSecretBox('a key');
const KEY = symmetricKeyText(Buffer.alloc(32, 1));
const NEVER = new AbortController().signal;

let receiver: ScriptedReceiver;
let pools: WebhookPools;
let timers: { ms: number; fire: () => void }[];

/** Real time, but the exchange's timeout fires when the test says so. */
const clock: Clock = {
  ...systemClock,
  after: (ms, fire) => {
    const timer = { ms, fire };
    timers.push(timer);
    return () => void (timers = timers.filter((other) => other !== timer));
  },
};

beforeEach(async () => {
  timers = [];
  receiver = await startScriptedReceiver();
  pools = createWebhookPools();
});
afterEach(async () => {
  await pools.close();
  await receiver.close();
});

const PAYLOAD = (): SendWebhook => ({
  workspace: 'ws_1',
  endpointId: 'ep_1',
  deliveryId: 'msg_1',
  attempt: 1,
  url: '',
  headers: {},
  secrets: [{ key: SECRETS.seal(KEY, 'ep_1'), scheme: 'v1', until: null }],
  body: '{"type":"alert.opened","timestamp":"2026-01-31T08:00:00.000Z","data":{"name":"Zażółć"}}',
});

interface Options {
  url?: string;
  allow?: readonly string[];
  resolve?: Resolve;
  connectorFor?: ConnectorFor;
  payload?: Partial<SendWebhook>;
  signal?: AbortSignal;
}

async function send(options: Options = {}): Promise<AttemptResult> {
  const metrics = createMetrics();
  if (options.connectorFor) {
    await pools.close();
    pools = createWebhookPools(options.connectorFor);
  }
  const vet = createVetTarget({
    allow: options.allow ?? [receiver.hostPort],
    resolve: options.resolve ?? (() => Promise.reject(new Error('no such name'))),
    clock,
  });
  const sendWebhook = createSendWebhook({ clock, secrets: SECRETS, vet, pools, metrics });
  const payload: SendWebhook = { ...PAYLOAD(), url: options.url ?? receiver.url, ...options.payload };
  const effect = { type: 'send-webhook', id: 'att_1', key: 'ws_1/ep_1', payload };
  return (await sendWebhook(effect, {
    signal: options.signal ?? NEVER,
    traceparent: null,
    attempt: 1,
  })) as AttemptResult;
}

/** Sends, and lets the exchange's time run out once the receiver has the request. */
async function sendUntilTimeout(options: Options = {}): Promise<AttemptResult> {
  const sending = send(options);
  await receiver.received(1);
  expect(timers.map((timer) => timer.ms)).toEqual([EXCHANGE_MS]);
  timers[0]!.fire();
  return sending;
}

describe('what is sent', () => {
  test('is a POST whose signature the standardwebhooks package verifies over the bytes that came', async () => {
    const result = await send();
    expect(result).toMatchObject({ status: 200, code: null, attempt: 1, deliveryId: 'msg_1' });
    const [request] = receiver.requests;
    expect(request).toMatchObject({ method: 'POST', path: '/hook' });
    expect(request!.headers).toMatchObject({
      'webhook-id': 'msg_1',
      'content-type': 'application/json',
      'accept-encoding': 'identity',
    });
    expect(request!.headers['host']).toBe(receiver.hostPort);
    expect(new Webhook(KEY).verify(request!.body, request!.headers)).toMatchObject({ data: { name: 'Zażółć' } });
  });

  test('carries a signature of each key while a rotation overlaps, and none of a key whose time is over', async () => {
    const [before, old, gone] = [2, 3, 4].map((n) => symmetricKeyText(Buffer.alloc(32, n)));
    const now = systemClock.now();
    const sealed = (text: string, until: number | null) => ({
      key: SECRETS.seal(text, 'ep_1'),
      scheme: 'v1' as const,
      until,
    });
    await send({ payload: { secrets: [sealed(before!, null), sealed(old!, now + 60_000), sealed(gone!, now - 1)] } });
    const { headers, body } = receiver.requests[0]!;
    expect(headers['webhook-signature']!.split(' ')).toHaveLength(2);
    for (const key of [before!, old!]) expect(() => new Webhook(key).verify(body, headers)).not.toThrow();
    expect(() => new Webhook(gone!).verify(body, headers)).toThrow();
  });

  test('has the endpoint’s own headers, but never in place of ours', async () => {
    const seal = (text: string) => SECRETS.seal(text, 'ep_1');
    await send({
      payload: { headers: { 'X-Api-Key': seal('k-1'), 'Webhook-Id': seal('forged'), Host: seal('evil') } },
    });
    expect(receiver.requests[0]!.headers).toMatchObject({
      'x-api-key': 'k-1',
      'webhook-id': 'msg_1',
      host: receiver.hostPort,
    });
  });

  test('goes over connections that are kept alive', async () => {
    for (let i = 0; i < 20; i++) await send();
    // A second one is opened where the first has not quite come to rest.
    expect(receiver.connections()).toBeLessThanOrEqual(2);
  });
});

describe('what is answered', () => {
  test.each([200, 201, 202, 204, 299])('%i is a success', async (code) => {
    receiver.answer(code === 204 ? raw('HTTP/1.1 204 No Content\r\n\r\n') : status(code));
    expect(await send()).toMatchObject({ status: code, code: null });
  });

  test.each([400, 401, 404, 410, 429, 500, 502, 503, 504])('%i is a failure by its name', async (code) => {
    receiver.answer(status(code, { 'retry-after': '17' }, 'what went wrong'));
    expect(await send()).toMatchObject({
      status: code,
      code: `http_${code}`,
      retryAfter: '17',
      responseBody: 'what went wrong',
    });
  });

  test.each([301, 302, 303, 307, 308])('a redirect (%i) is a failure and is never followed', async (code) => {
    receiver.answer(status(code, { location: `${receiver.url}/elsewhere` }));
    expect(await send()).toMatchObject({ status: code, code: `http_${code}` });
    expect(receiver.requests).toHaveLength(1);
  });

  test.each([
    ['disable', 'disable'],
    ['abort-message', 'abort-message'],
    [' Disable ', 'disable'],
    ['nonsense', null],
  ])('webhook-delivery: %s is read as %s', async (value, control) => {
    receiver.answer(status(500, { 'webhook-delivery': value }));
    expect(await send()).toMatchObject({ control });
  });

  test('an answer is kept up to 16 KiB', async () => {
    receiver.answer(status(500, {}, 'x'.repeat(40_000)));
    expect((await send()).responseBody).toBe('x'.repeat(KEPT_BYTES));
  });

  test('64 KiB exactly is still a success, one byte more is not', async () => {
    receiver.answer(status(200, {}, 'x'.repeat(CUT_BYTES)));
    expect(await send()).toMatchObject({ status: 200, code: null });
    receiver.answer(status(200, {}, 'x'.repeat(CUT_BYTES + 1)));
    expect(await send()).toMatchObject({ status: 200, code: 'response_too_large' });
  });

  test('a body that never ends is cut, and the connection closed', async () => {
    const taken = { bytes: 0 };
    receiver.answer(endless(taken));
    expect(await send()).toMatchObject({ status: 200, code: 'response_too_large' });
    // What stands in the sockets' buffers is taken too; an endless one would be far over it.
    expect(taken.bytes).toBeLessThan(20_000_000);
    receiver.answer(status(200));
    expect(await send()).toMatchObject({ code: null });
    expect(receiver.connections()).toBe(2);
  });

  test('a gzip bomb is never inflated', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    expect(bomb.length).toBeLessThan(CUT_BYTES);
    receiver.answer(status(200, { 'content-encoding': 'gzip' }, bomb));
    const result = await send();
    expect(result).toMatchObject({ status: 200, code: null });
    expect(result.responseBody!.length).toBeLessThanOrEqual(KEPT_BYTES);
  });

  test('garbage instead of HTTP is connection_reset', async () => {
    receiver.answer(raw('\x00\x01\x02 this is no HTTP\r\n\r\n'));
    expect(await send()).toMatchObject({ status: null, code: 'connection_reset' });
  });

  test('a header line that is garbage is a failure, not a crash', async () => {
    receiver.answer(raw('HTTP/1.1 200 OK\r\nbad header\x00: \x01\r\n\r\n'));
    expect(await send()).toMatchObject({ code: 'connection_reset' });
  });

  test('headers without end are a failure', async () => {
    receiver.answer(raw(`HTTP/1.1 200 OK\r\n${'x-more: yyyyyyyyyyyyyyyy\r\n'.repeat(10_000)}\r\n`));
    expect(await send()).toMatchObject({ code: 'response_too_large' });
  });

  test('an answer that is cut short is connection_reset', async () => {
    receiver.answer(raw('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort'));
    expect(await send()).toMatchObject({ code: 'connection_reset' });
  });

  test('bytes that are no UTF-8 are kept as text', async () => {
    receiver.answer(status(500, {}, Buffer.from([0xff, 0xfe, 0x41])));
    expect((await send()).responseBody).toContain('A');
  });
});

describe('what goes wrong', () => {
  test('a connection that is reset is connection_reset', async () => {
    receiver.answer(reset);
    expect(await send()).toMatchObject({ status: null, code: 'connection_reset', responseBody: null });
  });

  test('a port that nobody listens on is connection_refused', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const allow = [`127.0.0.1:${port}`];
    expect(await send({ url: `http://127.0.0.1:${port}/`, allow })).toMatchObject({ code: 'connection_refused' });
  });

  test('a name without an address is dns_error', async () => {
    expect(await send({ url: 'https://nowhere.example.com/' })).toMatchObject({ code: 'dns_error' });
  });

  test('a server that speaks no TLS is tls_error', async () => {
    const server = createHttpServer((_request, response) => response.end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    expect(await send({ url: `https://127.0.0.1:${port}/`, allow: [`127.0.0.1:${port}`] })).toMatchObject({
      code: 'tls_error',
    });
    await new Promise((resolve) => server.close(resolve));
  });

  test('one that never answers is a timeout when the exchange’s 15 s are over', async () => {
    receiver.answer(hang);
    expect(await sendUntilTimeout()).toMatchObject({ status: null, code: 'timeout' });
  });

  test.each(['head', 'body'] as const)('one that drips its %s is a timeout all the same', async (where) => {
    receiver.answer(drip(5, where));
    expect(await sendUntilTimeout()).toMatchObject({ code: 'timeout' });
  });

  test('a look-up that hangs is a timeout too', async () => {
    const sending = send({ url: 'https://slow.example.com/', resolve: () => new Promise(() => {}) });
    timers[0]!.fire();
    expect(await sending).toMatchObject({ code: 'timeout' });
  });

  test('when the process stops, nothing is recorded: the attempt is made again', async () => {
    receiver.answer(hang);
    const stopping = new AbortController();
    const sending = send({ signal: stopping.signal });
    await receiver.received(1);
    stopping.abort(new Error('stopping'));
    await expect(sending).rejects.toThrow('stopping');
  });

  test('a secret that cannot be opened is a failure with a name of its own, and nothing is sent', async () => {
    const secrets = [{ key: createSecretBox('another key').seal(KEY, 'ep_1'), scheme: 'v1' as const, until: null }];
    expect(await send({ payload: { secrets } })).toMatchObject({ status: null, code: 'secret_unreadable' });
    expect(receiver.requests).toHaveLength(0);
  });
});

describe('options', () => {
  const seal = (text: string) => SECRETS.seal(text, 'ep_1');

  test('a template makes the body that is signed and sent', async () => {
    await send({ payload: { template: '{ "text": data.name & "!" }' } });
    const [request] = receiver.requests;
    expect(request!.body).toBe('{"text":"Zażółć!"}');
    expect(new Webhook(KEY).verify(request!.body, request!.headers)).toEqual({ text: 'Zażółć!' });
  });

  test('a template that fails on an event sends the event as it is', async () => {
    await send({ payload: { template: '$number(data.name)' } });
    expect(JSON.parse(receiver.requests[0]!.body)).toMatchObject({ type: 'alert.opened' });
  });

  describe('OAuth2 client credentials', () => {
    let issuer: ScriptedReceiver;
    let issued: number;
    beforeEach(async () => {
      issued = 0;
      issuer = await startScriptedReceiver((request, socket) =>
        status(200, {}, JSON.stringify({ access_token: `token-${++issued}`, expires_in: 3_600 }))(request, socket),
      );
    });
    afterEach(() => issuer.close());
    const clientSecret = seal('s3cret');
    const auth = () => ({
      type: 'oauth2' as const,
      tokenUrl: issuer.url,
      clientId: 'cairn',
      clientSecret,
      scope: 'hooks',
    });
    const sender = () => {
      const vet = createVetTarget({
        allow: [receiver.hostPort, issuer.hostPort],
        resolve: () => Promise.reject(new Error()),
        clock,
      });
      const sendWebhook = createSendWebhook({ clock, secrets: SECRETS, vet, pools, metrics: createMetrics() });
      return async (attempt: number): Promise<AttemptResult> => {
        const payload = { ...PAYLOAD(), url: receiver.url, attempt, auth: auth() };
        const effect = { type: 'send-webhook', id: `att_${attempt}`, key: 'ws_1/ep_1', payload };
        return (await sendWebhook(effect, { signal: NEVER, traceparent: null, attempt: 1 })) as AttemptResult;
      };
    };

    test('a token is fetched once and goes with every attempt', async () => {
      const once = sender();
      for (const attempt of [1, 2]) expect(await once(attempt)).toMatchObject({ code: null });
      expect(issuer.requests).toHaveLength(1);
      expect(issuer.requests[0]!.body).toBe('grant_type=client_credentials&scope=hooks');
      expect(issuer.requests[0]!.headers['authorization']).toBe(
        `Basic ${Buffer.from('cairn:s3cret').toString('base64')}`,
      );
      expect(receiver.requests.map((request) => request.headers['authorization'])).toEqual([
        'Bearer token-1',
        'Bearer token-1',
      ]);
    });

    test('a token that is refused is fetched anew for the next attempt', async () => {
      const once = sender();
      receiver.answer(status(401));
      expect(await once(1)).toMatchObject({ code: 'http_401' });
      receiver.answer(status(200));
      expect(await once(2)).toMatchObject({ code: null });
      expect(receiver.requests[1]!.headers['authorization']).toBe('Bearer token-2');
    });

    test.each([
      [status(400), 'http_400'],
      [status(200, {}, '{"error":"invalid_client"}'), 'http_401'],
      [status(200, {}, 'no json'), 'http_401'],
      [reset, 'connection_reset'],
    ])('where there is none to be had, nothing is sent', async (script, code) => {
      issuer.answer(script);
      expect(await sender()(1)).toMatchObject({ status: null, code });
      expect(receiver.requests).toHaveLength(0);
    });

    test('a forbidden token endpoint is refused like any other target', async () => {
      const result = await send({ payload: { auth: { ...auth(), tokenUrl: 'https://10.0.0.1/token' } } });
      expect(result).toMatchObject({ code: 'target_forbidden' });
      expect(receiver.requests).toHaveLength(0);
    });
  });

  describe('a forward proxy', () => {
    /** Tunnels every CONNECT to itself and keeps what was asked. */
    async function startProxy(answer: 'tunnel' | 'refuse') {
      const asked: { target: string; authorization: string | undefined }[] = [];
      const server = createHttpServer();
      server.on('connect', (request, socket) => {
        asked.push({ target: request.url!, authorization: request.headers['proxy-authorization'] });
        if (answer === 'refuse') return void socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
        const onward = createConnection((server.address() as AddressInfo).port, '127.0.0.1', () => {
          socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
          onward.pipe(socket).pipe(onward);
        });
        onward.on('error', () => socket.destroy());
        socket.on('error', () => onward.destroy());
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      const close = (): Promise<unknown> =>
        new Promise((resolve) => (server.closeAllConnections(), server.close(resolve)));
      return { asked, url: `http://user:pw@127.0.0.1:${port}`, close };
    }
    const behind = (proxy: string): Options => ({
      url: 'https://hooks.example.com/',
      allow: [],
      resolve: () => Promise.resolve(['93.184.216.34']),
      connectorFor: createConnectorFor(proxy),
    });

    test('is asked for the vetted address itself, and looks no name up', async () => {
      const proxy = await startProxy('tunnel');
      // What it leads to here speaks no TLS: what matters is where the tunnel was asked to lead.
      expect(await send(behind(proxy.url))).toMatchObject({ code: 'tls_error' });
      const authorization = `Basic ${Buffer.from('user:pw').toString('base64')}`;
      expect(proxy.asked).toEqual([{ target: '93.184.216.34:443', authorization }]);
      await proxy.close();
    });

    test('that refuses or is away is proxy_error', async () => {
      const proxy = await startProxy('refuse');
      expect(await send(behind(proxy.url))).toMatchObject({ status: null, code: 'proxy_error' });
      await proxy.close();
      expect(await send(behind(proxy.url))).toMatchObject({ status: null, code: 'proxy_error' });
    });

    test('is not asked for targets on the operator’s list', async () => {
      const proxy = await startProxy('refuse');
      expect(await send({ connectorFor: createConnectorFor(proxy.url) })).toMatchObject({ code: null });
      expect(proxy.asked).toEqual([]);
      await proxy.close();
    });
  });
});

describe('no forbidden address is ever connected to', () => {
  /** Records every look-up and every connection; connections go to the receiver, whatever the address. */
  function recording(answers: Record<string, string[][]>) {
    const looked: string[] = [];
    const connected: { addresses: readonly string[]; host: string; servername: string | undefined }[] = [];
    const resolve: Resolve = (name) => {
      looked.push(name);
      const next = answers[name]?.shift();
      return next ? Promise.resolve(next) : Promise.reject(new Error('no such name'));
    };
    const connectorFor: ConnectorFor =
      ({ addresses }) =>
      (options, callback) => {
        connected.push({ addresses, host: options.hostname, servername: options.servername });
        const socket = createConnection(receiver.port, '127.0.0.1');
        socket.once('connect', () => callback(null, socket));
        socket.once('error', (error) => callback(error, null));
      };
    return { looked, connected, resolve, connectorFor };
  }

  test('a name is connected to at the addresses that were vetted, under its own name', async () => {
    const { looked, connected, resolve, connectorFor } = recording({
      'hooks.example.com': [['93.184.216.34', '2606:4700::1111']],
    });
    const result = await send({ url: 'https://hooks.example.com/x?y=1', allow: [], resolve, connectorFor });
    expect(result).toMatchObject({ status: 200, code: null });
    expect(looked).toEqual(['hooks.example.com']);
    expect(connected).toMatchObject([{ addresses: ['93.184.216.34', '2606:4700::1111'], host: 'hooks.example.com' }]);
    expect(receiver.requests[0]).toMatchObject({ path: '/x?y=1', headers: { host: 'hooks.example.com' } });
  });

  test.each([
    [['127.0.0.1']],
    [['10.1.2.3']],
    [['169.254.169.254']],
    [['::1']],
    [['fd00::1']],
    [['::ffff:10.0.0.1']],
    [['93.184.216.34', '192.168.1.1']],
    [['93.184.216.34', 'fe80::1%eth0']],
  ])(
    'a name that leads to %j is refused without a connection, one bad address among good ones too',
    async (addresses) => {
      const { connected, resolve, connectorFor } = recording({ 'evil.example.com': [addresses] });
      const result = await send({ url: 'https://evil.example.com/', allow: [], resolve, connectorFor });
      expect(result).toMatchObject({ status: null, code: 'target_forbidden', responseBody: null });
      expect(connected).toEqual([]);
    },
  );

  test.each([
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://[::1]/',
    'https://localhost/',
    'https://example.com:22/',
    'http://example.com/',
  ])('%s is neither looked up nor connected to', async (url) => {
    const { looked, connected, resolve, connectorFor } = recording({});
    expect(await send({ url, allow: [], resolve, connectorFor })).toMatchObject({ code: 'target_forbidden' });
    expect(looked).toEqual([]);
    expect(connected).toEqual([]);
  });

  test('a name that answers otherwise the second time (rebinding) is connected to at its first addresses, then refused', async () => {
    let now = 0;
    const { looked, connected, resolve, connectorFor } = recording({
      'rebind.example.com': [['93.184.216.34'], ['127.0.0.1']],
    });
    const vet = createVetTarget({ allow: [], resolve, clock: { now: () => now } });
    const first = await vet('https://rebind.example.com/');
    expect(first).toMatchObject({ ok: true, addresses: ['93.184.216.34'] });
    await pools.close();
    pools = createWebhookPools(connectorFor);
    if (first.ok)
      await pools
        .of(first)
        .request({ method: 'POST', path: '/' })
        .then(({ body }) => body.dump());
    expect(looked).toHaveLength(1);
    now = 60_000;
    expect(await vet('https://rebind.example.com/')).toEqual({ ok: false, code: 'target_forbidden' });
    expect(connected).toMatchObject([{ addresses: ['93.184.216.34'] }]);
  });

  test('a pooled connection is never shared between addresses', async () => {
    const { connected, resolve, connectorFor } = recording({
      'moved.example.com': [['93.184.216.34'], ['93.184.216.35']],
    });
    const vet = (now: number) =>
      createVetTarget({ allow: [], resolve, clock: { now: () => now } })('https://moved.example.com/');
    await pools.close();
    pools = createWebhookPools(connectorFor);
    for (const now of [0, 60_000]) {
      const vetted = await vet(now);
      if (vetted.ok)
        await pools
          .of(vetted)
          .request({ method: 'POST', path: '/' })
          .then(({ body }) => body.dump());
    }
    expect(connected.map((one) => one.addresses)).toEqual([['93.184.216.34'], ['93.184.216.35']]);
  });

  test('the real connector connects to the vetted address and to no other, whatever the name says', async () => {
    const allow = [`receiver.example.com:${receiver.port}`];
    const resolve: Resolve = (name, listed) =>
      Promise.resolve(listed && name === 'receiver.example.com' ? ['127.0.0.1'] : []);
    const result = await send({ url: `http://receiver.example.com:${receiver.port}/`, allow, resolve });
    expect(result).toMatchObject({ status: 200, code: null });
    expect(receiver.requests[0]!.headers['host']).toBe(`receiver.example.com:${receiver.port}`);
  });
});
