import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import { createConnection } from 'node:net';
import type { AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { systemClock } from '@cairn/clock/clock.system.ts';
import { createMetrics } from '@cairn/service-kit/metrics.ts';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { AttemptResult, SendWebhook } from '../../core/deliver/model.ts';
import { symmetricKeyText } from '../../core/deliver/sign.ts';
import {
  CLIENT_CERTIFICATE,
  CLIENT_KEY,
  SERVER_CERTIFICATE,
  SERVER_KEY,
  TEST_AUTHORITY,
} from '../../testkit/test-certificates.ts';
import { createSecretBox } from './secrets.ts';
import { createSendWebhook } from './send-webhook.ts';
import { createVetTarget } from './vet-address.ts';
import { createConnectorFor, createWebhookPools } from './webhook-pools.ts';
import type { WebhookPools } from './webhook-pools.ts';

/** The whole way over TLS: the name in SNI and Host, the connection at the vetted address, a client's certificate, a proxy between. */
const SECRETS = createSecretBox('a key');
const KEY = symmetricKeyText(Buffer.alloc(32, 1));
const NAME = 'hooks.example.com';

interface Seen {
  host: string | undefined;
  servername: string | false | null;
  client: string | undefined;
  verified: boolean;
}

let server: Server;
let port: number;
let seen: Seen[];
let pools: WebhookPools;
const trusted = getCACertificates('default');

beforeAll(() => setDefaultCACertificates([...trusted, TEST_AUTHORITY]));
afterAll(() => setDefaultCACertificates(trusted));

beforeEach(async () => {
  seen = [];
  pools = createWebhookPools();
  server = createServer(
    { cert: SERVER_CERTIFICATE, key: SERVER_KEY, ca: TEST_AUTHORITY, requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      const socket = request.socket as TLSSocket;
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const headers = request.headers as Record<string, string>;
        new Webhook(KEY).verify(Buffer.concat(chunks).toString(), headers);
        seen.push({
          host: headers['host'],
          servername: socket.servername,
          client: socket.getPeerCertificate().subject?.CN as string | undefined,
          verified: socket.authorized,
        });
        response.end();
      });
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterEach(async () => {
  await pools.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function send(
  payload: Partial<SendWebhook> = {},
  allow = [`${NAME}:${port}`, `other.example.com:${port}`],
): Promise<AttemptResult> {
  const vet = createVetTarget({ allow, resolve: () => Promise.resolve(['127.0.0.1']), clock: systemClock });
  const sendWebhook = createSendWebhook({ clock: systemClock, secrets: SECRETS, vet, pools, metrics: createMetrics() });
  const whole: SendWebhook = {
    workspace: 'ws_1',
    endpointId: 'ep_1',
    deliveryId: 'msg_1',
    attempt: 1,
    url: `https://${NAME}:${port}/`,
    headers: {},
    secrets: [{ key: SECRETS.seal(KEY, 'ep_1'), scheme: 'v1', until: null }],
    body: '{}',
    ...payload,
  };
  const effect = { type: 'send-webhook', id: 'att_1', key: 'ws_1/ep_1', payload: whole };
  const context = { signal: new AbortController().signal, traceparent: null, attempt: 1 };
  return (await sendWebhook(effect, context)) as AttemptResult;
}

test('the name is in SNI and Host while the connection goes to the vetted address', async () => {
  expect(await send()).toMatchObject({ status: 200, code: null });
  expect(seen).toEqual([{ host: `${NAME}:${port}`, servername: NAME, client: undefined, verified: false }]);
});

test('a certificate for another name is tls_error', async () => {
  expect(await send({ url: `https://other.example.com:${port}/` })).toMatchObject({ status: null, code: 'tls_error' });
  expect(seen).toEqual([]);
});

test('a certificate of an unknown authority is tls_error', async () => {
  setDefaultCACertificates(trusted);
  expect(await send()).toMatchObject({ status: null, code: 'tls_error' });
  setDefaultCACertificates([...trusted, TEST_AUTHORITY]);
});

test('mutual TLS: the client’s certificate is shown and verified, and never on another endpoint’s connection', async () => {
  const auth = { type: 'mtls' as const, certificate: CLIENT_CERTIFICATE, key: SECRETS.seal(CLIENT_KEY, 'ep_1') };
  expect(await send({ auth })).toMatchObject({ code: null });
  expect(await send()).toMatchObject({ code: null });
  expect(seen.map(({ client, verified }) => ({ client, verified }))).toEqual([
    { client: 'client', verified: true },
    { client: undefined, verified: false },
  ]);
});

test('through a forward proxy, TLS is spoken with the target itself', async () => {
  const asked: string[] = [];
  const proxy = createHttpServer();
  proxy.on('connect', (request, socket) => {
    asked.push(request.url!);
    const onward = createConnection(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  await pools.close();
  pools = createWebhookPools(createConnectorFor(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`));
  const vet = createVetTarget({ allow: [], resolve: () => Promise.resolve(['93.184.216.34']), clock: systemClock });
  const sendWebhook = createSendWebhook({ clock: systemClock, secrets: SECRETS, vet, pools, metrics: createMetrics() });
  const payload: SendWebhook = {
    workspace: 'ws_1',
    endpointId: 'ep_1',
    deliveryId: 'msg_1',
    attempt: 1,
    url: `https://${NAME}/`,
    headers: {},
    secrets: [{ key: SECRETS.seal(KEY, 'ep_1'), scheme: 'v1', until: null }],
    body: '{}',
  };
  const effect = { type: 'send-webhook', id: 'att_1', key: 'ws_1/ep_1', payload };
  const context = { signal: new AbortController().signal, traceparent: null, attempt: 1 };
  expect(await sendWebhook(effect, context)).toMatchObject({ status: 200, code: null });
  expect(asked).toEqual(['93.184.216.34:443']);
  expect(seen).toMatchObject([{ host: NAME, servername: NAME }]);
  proxy.closeAllConnections();
  await new Promise((resolve) => proxy.close(resolve));
});
