import { once } from 'node:events';
import { request, Agent, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '@cairn/clock/clock.system.ts';
import { LogUnavailable } from '@cairn/log/log.ts';
import { createExpressApp } from './express-app.ts';
import { createHttpFront, type HttpFront, type HttpFrontOptions } from './http-front.ts';
import { stopAll } from './lifecycle.ts';
import { silentLogger } from './logger.ts';
import { createMetrics } from './metrics.ts';
import { notFound } from './problem.ts';
import type { HttpFace, RunningService } from './service.ts';

const fronts: HttpFront[] = [];
afterEach(() => Promise.all(fronts.splice(0).map((front) => front.close(100))));

const service = (
  name: string,
  face: Partial<HttpFace>,
  ready: RunningService['ready'] = () => true,
): RunningService => ({
  name,
  http: {
    claims: (_method, path) => path.startsWith(`/${name}`),
    handle: (_request, response) => response.end(name),
    ...face,
  },
  ready,
  stop: async () => {},
});

async function start(
  services: RunningService[],
  options: Partial<HttpFrontOptions> = {},
): Promise<{ front: HttpFront; url: string; port: number }> {
  const front = createHttpFront({
    host: '127.0.0.1',
    port: 0,
    clock: systemClock,
    metrics: createMetrics(),
    logger: silentLogger(),
    services,
    ...options,
  });
  fronts.push(front);
  return { front, ...(await front.listen()) };
}

/** All that comes back for these bytes until the server closes. */
async function raw(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  socket.write(bytes);
  await once(socket, 'close');
  return text;
}

describe('the HTTP front', () => {
  it('hands each request to the service that claims it, and answers the rest itself', async () => {
    const { url } = await start([service('a', {}), service('b', {})]);
    expect(await (await fetch(`${url}/a/x?y=/b`)).text()).toBe('a');
    expect(await (await fetch(`${url}/b`)).text()).toBe('b');
    const missing = await fetch(`${url}/c`);
    expect([missing.status, missing.headers.get('content-type')]).toEqual([404, 'application/problem+json']);
    expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ status: 'ok' });
    expect((await fetch(`${url}/healthz`, { method: 'POST' })).status).toBe(405);
  });

  it('exposes the metrics', async () => {
    const metrics = createMetrics();
    metrics.counter('cairn_test_total', 'test').inc(3);
    const { url } = await start([], { metrics });
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('cairn_test_total 3');
  });

  it('is ready only when every service is, and says which is not', async () => {
    let ready = false;
    const { url } = await start([
      service('a', {}),
      service('b', {}, async () => ready),
      service('c', {}, () => Promise.reject(new Error('x'))),
    ]);
    const answer = await fetch(`${url}/readyz`);
    expect([answer.status, await answer.json()]).toEqual([
      503,
      { ready: false, services: { a: true, b: false, c: false } },
    ]);
    ready = true;
    const { url: other } = await start([service('b', {}, async () => ready)]);
    expect((await fetch(`${other}/readyz`)).status).toBe(200);
  });

  it('answers 500 when a face throws, and lives on', async () => {
    const { url } = await start([
      service('a', {
        handle: () => {
          throw new Error('secret detail');
        },
      }),
    ]);
    const answer = await fetch(`${url}/a`);
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('secret');
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  it('refuses what is no HTTP and headers that are too large, readably', async () => {
    const { port } = await start([]);
    expect(await raw(port, 'hello\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    expect(await raw(port, `GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(70_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431 /,
    );
  });

  it('ends a body that comes too slowly, unless the face watches itself', async () => {
    const face: Partial<HttpFace> = {
      handle: (incoming, response) => void incoming.on('data', () => {}).on('end', () => response.end('done')),
    };
    const { port } = await start([service('a', face), service('b', { ...face, watchesBodies: true })], { bodyMs: 20 });
    const slow = (path: string): string =>
      `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\nab`;
    expect(await raw(port, slow('/a'))).toMatch(/^HTTP\/1\.1 408 /);
    const socket = connect(port, '127.0.0.1');
    socket.write(slow('/b'));
    // Two sweeps later it is still open.
    await systemClock.sleep(2_100);
    socket.write('cde');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toContain('200 OK');
    socket.destroy();
  });

  it('hands an upgrade to the face that wants it and refuses others', async () => {
    const { front, port } = await start([
      service('a', {}),
      service('live', { upgrade: (_request, socket) => void socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n') }),
    ]);
    const upgrade = (path: string): string =>
      `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
    expect(await raw(port, upgrade('/live'))).toMatch(/^HTTP\/1\.1 101 /);
    expect(await raw(port, upgrade('/a'))).toMatch(/^HTTP\/1\.1 404 /);
    const kept = connect(port, '127.0.0.1');
    kept.write('GET /a HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(kept, 'data');
    front.server.closeIdleConnections = () => {};
    front.drain();
    kept.write(upgrade('/live'));
    const [answer] = (await once(kept, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 503 [^]*Retry-After: 1/);
    // Who comes anew is told the same, until it is closed.
    expect(await raw(port, upgrade('/live'))).toMatch(/^HTTP\/1\.1 503 [^]*Retry-After: 1/);
    const late = await fetch(`http://127.0.0.1:${port}/a`);
    expect([late.status, late.headers.get('retry-after')]).toEqual([503, '1']);
    await late.text();
    kept.destroy();
    await front.close(10);
    await expect(fetch(`http://127.0.0.1:${port}/a`)).rejects.toThrow();
  });

  it('finishes open requests on stopping, takes no new ones, and does not wait for idle connections', async () => {
    let finish = (): void => {};
    const handling = new Promise<void>((started) => {
      void start([
        service('a', {
          handle: (_request, response) => {
            finish = () => response.end('done');
            started();
          },
        }),
      ]);
    });
    await expect.poll(() => fronts[0]?.server.listening).toBe(true);
    const { port } = fronts[0]!.server.address() as { port: number };
    const agent = new Agent({ keepAlive: true });
    const idle = connect(port, '127.0.0.1');
    await once(idle, 'connect');
    const answered = new Promise<string>((resolve) =>
      request({ port, host: '127.0.0.1', path: '/a', agent }, (response: IncomingMessage) => {
        let text = String(response.headers.connection);
        response.on('data', (chunk: Buffer) => (text += ` ${chunk.toString()}`)).on('end', () => resolve(text));
      }).end(),
    );
    await handling;
    const stopped = stopAll({
      logger: silentLogger(),
      clock: systemClock,
      front: fronts[0]!,
      services: [{ ...service('a', {}), stop: async () => finish() }],
    });
    expect(await answered).toContain('done');
    expect(await stopped).toBe(true);
    await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow();
    agent.destroy();
    idle.destroy();
  });
});

describe('an express app', () => {
  const app = createExpressApp({ logger: silentLogger(), bodyBytesMax: 1_000 }, (routes) => {
    routes.post('/app/echo', (incoming, response) => void response.json({ got: incoming.body as unknown }));
    routes.get('/app/missing', async () => Promise.reject(notFound('journey')));
    routes.get('/app/away', () => {
      throw new LogUnavailable('x');
    });
    routes.get('/app/broken', async () => Promise.reject(new Error('secret detail')));
    routes.get('/app/:id', (incoming, response) => void response.json({ id: incoming.params.id }));
  });
  const face: Partial<HttpFace> = { handle: app };

  it('answers every fault as problem details', async () => {
    const { url } = await start([service('app', face)]);
    const ask = async (path: string, init?: RequestInit): Promise<[number, string, string | null]> => {
      const answer = await fetch(`${url}/app${path}`, init);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      const text = await answer.text();
      expect(text).not.toContain('secret');
      return [answer.status, (JSON.parse(text) as { code: string }).code, answer.headers.get('retry-after')];
    };
    const post = (body: string, type = 'application/json'): RequestInit => ({
      method: 'POST',
      body,
      headers: { 'content-type': type },
    });
    expect(await ask('/missing')).toEqual([404, 'not-found', null]);
    expect(await ask('/nowhere/at/all')).toEqual([404, 'not-found', null]);
    expect(await ask('/away')).toEqual([503, 'unavailable', '1']);
    expect(await ask('/broken')).toEqual([500, 'internal', null]);
    expect(await ask('/echo', post('{'))).toEqual([400, 'malformed-json', null]);
    expect(await ask('/echo', post(JSON.stringify('x'.repeat(2_000))))).toEqual([413, 'too-large', null]);
    expect(await ask('/%E0%A4%A')).toEqual([400, 'bad-request', null]);
  });

  it('reads JSON as data and YAML as text, and sends security headers', async () => {
    const { url } = await start([service('app', face)]);
    const post = async (body: string, type: string): Promise<unknown> =>
      (await fetch(`${url}/app/echo`, { method: 'POST', body, headers: { 'content-type': type } })).json();
    expect(await post('{"a":1}', 'application/json')).toEqual({ got: { a: 1 } });
    expect(await post('a: 1', 'application/yaml')).toEqual({ got: 'a: 1' });
    const { headers } = await fetch(`${url}/app/x`);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-powered-by')).toBeNull();
  });
});
