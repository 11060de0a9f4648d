import { connect } from 'node:net';
import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { Analytics } from '@segment/analytics-node';
import { afterEach, describe, expect, it } from 'vitest';
import {
  OTHER_WRITE_KEY,
  READ_TOKEN,
  startIngestHarness,
  WRITE_KEY,
  type IngestHarness,
} from './testkit/ingest-harness.ts';
import type { IngestConfig } from './config.ts';

let harness: IngestHarness;
async function start(config?: IngestConfig): Promise<IngestHarness> {
  return (harness = await startIngestHarness(config));
}
afterEach(() => harness.stop());

const track = (fields: object = {}): object => ({ type: 'track', event: 'Demo Requested', userId: 'u1', ...fields });
const STRICT = { headers: { 'x-cairn-strict': '1' } };

/** Speaks HTTP by hand: what is sent is exactly `bytes`; resolves with all that came back until the server closed. */
async function raw(bytes: string | Buffer, andThen?: (send: (more: string) => void) => void): Promise<string> {
  const socket = connect(harness.port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await once(socket, 'connect');
  socket.write(bytes);
  andThen?.((more) => socket.write(more));
  const [reset] = (await once(socket, 'close')) as [boolean];
  if (reset) throw new Error(`reset after: ${text}`);
  return text;
}

describe('the Segment API', () => {
  it('admits each kind of call by its long and its short name', async () => {
    await start();
    const calls: [string, string, object][] = [
      ['identify', 'i', { userId: 'u1', traits: { email: 'a@b.example' } }],
      ['track', 't', { userId: 'u1', event: 'x' }],
      ['page', 'p', { anonymousId: 'a1' }],
      ['screen', 's', { anonymousId: 'a1' }],
      ['group', 'g', { userId: 'u1', groupId: 'g1' }],
      ['alias', 'a', { userId: 'u1', previousId: 'a1' }],
    ];
    for (const [long, short, body] of calls)
      for (const path of [long, short]) {
        const answer = await harness.post(`/v1/${path}`, body);
        expect(answer).toMatchObject({ status: 200, body: { success: true } });
        expect(harness.touchpoints().at(-1)).toMatchObject({
          kind: long,
          workspace: 'w1',
          source: 'http',
          imported: false,
        });
      }
    expect((await harness.post('/v1/b', { batch: [track()] })).status).toBe(200);
  });

  it('keeps the order of a batch, and one bad item does not sink it', async () => {
    await start();
    const batch = [track({ messageId: 'm1' }), 5, track({ messageId: 'm2', event: '' }), track({ messageId: 'm3' })];
    expect(await harness.post('/v1/batch', { batch })).toMatchObject({ status: 200, body: { success: true } });
    expect(harness.touchpoints().map((touchpoint) => touchpoint.messageId)).toEqual(['m1', 'm3']);
    expect(harness.deadLetters()).toMatchObject([
      { reason: 'not-an-object', messageId: null, raw: '5', workspace: 'w1', service: 'ingest' },
      { reason: 'missing-event', messageId: 'm2' },
    ]);
    expect(JSON.parse(harness.deadLetters()[1]!.raw)).toEqual(batch[2]);
  });

  it('tells each item’s fate where the client is strict', async () => {
    await start();
    const answer = await harness.post(
      '/v1/batch',
      { batch: [track({ messageId: 'm1' }), track({ messageId: 'm2', userId: '' })] },
      STRICT,
    );
    expect(answer).toMatchObject({
      status: 400,
      body: {
        results: [
          { messageId: 'm1', status: 'admitted' },
          { messageId: 'm2', status: 'refused', reason: 'missing-identity' },
        ],
      },
    });
    expect(await harness.post('/v1/track', { event: 'x', userId: 'u', messageId: 'm3' }, STRICT)).toMatchObject({
      status: 200,
      body: { results: [{ messageId: 'm3', status: 'admitted' }] },
    });
    expect(await harness.post('/v1/track', { event: 'x' }, STRICT)).toMatchObject({
      status: 400,
      body: { results: [{ status: 'refused', reason: 'missing-identity' }] },
    });
    expect(await harness.post('/v1/track', { event: 'x' })).toMatchObject({ status: 200, body: { success: true } });
  });

  it('reads the write key from Basic, Bearer or the body, and keeps workspaces apart', async () => {
    await start();
    const body = { userId: 'u1', event: 'x' };
    const post = (
      key: string | null,
      headers: Record<string, string>,
      more: object = {},
    ): Promise<{ status: number }> => harness.post('/v1/track', { ...body, ...more }, { key, headers });
    expect((await post(null, { authorization: `Bearer ${OTHER_WRITE_KEY}` })).status).toBe(200);
    expect((await post(null, { 'content-type': 'text/plain' }, { writeKey: WRITE_KEY })).status).toBe(200);
    expect((await post(OTHER_WRITE_KEY, {}, { writeKey: WRITE_KEY })).status).toBe(200);
    expect((await post(null, { authorization: 'Basic Og==' }, { writeKey: WRITE_KEY })).status).toBe(200);
    expect(harness.touchpoints().map((touchpoint) => touchpoint.workspace)).toEqual(['w2', 'w1', 'w2', 'w1']);
    for (const wrong of [
      post('nonsense', {}),
      post(READ_TOKEN, {}),
      post(null, {}),
      post(null, {}, { writeKey: 'nonsense' }),
      post(null, {}, { writeKey: 5 }),
      post(null, { authorization: 'Basic %%%' }),
      post(null, { authorization: 'Digest x' }),
      post(null, { authorization: 'Basic Og==' }),
    ])
      expect(await wrong).toMatchObject({ status: 401, body: { success: false, code: 'unauthorised' } });
    expect(harness.touchpoints()).toHaveLength(4);
  });

  it('takes a withdrawn key no longer', async () => {
    await start();
    expect((await harness.post('/v1/track', track())).status).toBe(200);
    await harness.ports.control.put({ type: 'token.withdrawn', workspace: 'w1', id: `tok_${WRITE_KEY}`, at: 1 });
    expect((await harness.post('/v1/track', track())).status).toBe(401);
  });

  it('answers a browser’s questions', async () => {
    await start();
    const preflight = await fetch(`${harness.url}/v1/t`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://shop.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,x-retry-count',
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
    const allowed = preflight.headers.get('access-control-allow-headers')!.toLowerCase().split(', ');
    expect(allowed).toEqual(expect.arrayContaining(['authorization', 'content-type', 'x-retry-count']));
    for (const [body, key] of [
      [track(), WRITE_KEY],
      ['{', WRITE_KEY],
      [track(), 'wrong'],
    ] as const)
      expect((await harness.post('/v1/t', body, { key })).headers.get('access-control-allow-origin')).toBe('*');

    const settings = await fetch(`${harness.url}/v1/projects/${WRITE_KEY}/settings`);
    expect(await settings.json()).toMatchObject({
      integrations: { 'Segment.io': { apiKey: WRITE_KEY, apiHost: `127.0.0.1:${harness.port}/v1`, protocol: 'http' } },
    });
    expect((await fetch(`${harness.url}/v1/projects/nobody/settings`)).status).toBe(404);
    expect((await fetch(`${harness.url}/v1/projects/%E0%A4%A/settings`)).status).toBe(404);
    expect((await harness.post('/v1/nothing', {})).status).toBe(404);
  });

  it('says which method a path takes', async () => {
    await start();
    for (const [method, path, allow] of [
      ['GET', '/v1/track', 'POST'],
      ['PUT', '/v1/b', 'POST'],
      ['DELETE', '/v1/import', 'POST'],
      ['GET', '/v1/sources/src_1', 'POST'],
      ['POST', `/v1/projects/${WRITE_KEY}/settings`, 'GET'],
    ] as const) {
      const answer = await fetch(`${harness.url}${path}`, { method });
      expect({ path, status: answer.status, allow: answer.headers.get('allow') }).toEqual({
        path,
        status: 405,
        allow: `${allow}, OPTIONS`,
      });
    }
  });

  it('shares one append among requests that come together', async () => {
    await start();
    harness.logIs('stuck');
    const answers = Array.from({ length: 50 }, (_, i) => harness.post('/v1/track', track({ messageId: `m${i}` })));
    await expect.poll(() => harness.requests()).toBe(50);
    harness.logIs('well');
    expect((await Promise.all(answers)).every((answer) => answer.status === 200)).toBe(true);
    expect(harness.touchpoints()).toHaveLength(50);
    expect(harness.appends()).toBeLessThan(25);
  });
});

describe('bad input', () => {
  it('is answered and kept when it is no JSON', async () => {
    await start();
    const bodies: (string | Buffer)[] = [
      '{"event":',
      '',
      'event=x',
      Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
      Buffer.from('{"event":"x","userId":"u"}', 'utf16le'),
    ];
    for (const body of bodies)
      expect(await harness.post('/v1/track', body)).toMatchObject({
        status: 400,
        body: { success: false, code: 'malformed-json' },
      });
    expect(harness.deadLetters().map((letter) => letter.reason)).toEqual(bodies.map(() => 'malformed-json'));
    expect(await harness.post('/v1/track', '{"event":', { key: null })).toMatchObject({
      status: 400,
      body: { code: 'malformed-json' },
    });
    expect(harness.touchpoints()).toEqual([]);
  });

  it('is read with a byte order mark', async () => {
    await start();
    expect((await harness.post('/v1/track', `\ufeff${JSON.stringify(track())}`)).status).toBe(200);
    expect(harness.touchpoints()).toHaveLength(1);
  });

  it('is refused when it is no object, or its batch is no list', async () => {
    await start();
    for (const body of ['[]', '5', 'null', '"x"'])
      expect(await harness.post('/v1/batch', body)).toMatchObject({ status: 400, body: { code: 'not-an-object' } });
    for (const batch of [undefined, {}, 'x'])
      expect(await harness.post('/v1/batch', { batch })).toMatchObject({
        status: 400,
        body: { code: 'schema-violation' },
      });
    expect(await harness.post('/v1/batch', { batch: [] })).toMatchObject({ status: 200 });
    expect(harness.deadLetters()).toHaveLength(7);
  });

  it('is refused over 32 KB a touchpoint, alone and in a batch', async () => {
    await start();
    const filler = (bytes: number): object => {
      const empty = JSON.stringify(track({ messageId: 'big', properties: { x: '' } })).length;
      return track({ messageId: 'big', properties: { x: 'x'.repeat(bytes - empty) } });
    };
    expect((await harness.post('/v1/track', filler(32_768))).status).toBe(200);
    expect(await harness.post('/v1/track', filler(32_769))).toMatchObject({ status: 400, body: { code: 'too-large' } });
    const answer = await harness.post(
      '/v1/batch',
      { batch: [track({ messageId: 'm1' }), filler(32_769), filler(32_768)] },
      STRICT,
    );
    expect(answer.body.results.map((result: { status: string }) => result.status)).toEqual([
      'admitted',
      'refused',
      'admitted',
    ]);
    expect(harness.deadLetters().map((letter) => letter.reason)).toEqual(['too-large', 'too-large']);
    expect(harness.touchpoints()).toHaveLength(3);
  });

  it('is refused over 500 KB a body, and the answer can be read however the body comes', async () => {
    await start();
    const body = (bytes: number): string => JSON.stringify({ batch: [] }).padEnd(bytes, ' ');
    expect((await harness.post('/v1/batch', body(500_000))).status).toBe(200);
    expect(await harness.post('/v1/batch', body(512_001))).toMatchObject({
      status: 413,
      body: { success: false, code: 'too-large' },
    });
    expect(await harness.post('/v1/batch', body(20_000_000))).toMatchObject({
      status: 413,
      body: { code: 'too-large' },
    });
    // A client that sends everything before it reads anything.
    const head = `POST /v1/batch HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ${btoa(`${WRITE_KEY}:`)}\r\n`;
    expect(await raw(`${head}Content-Length: 5000000\r\n\r\n${body(5_000_000)}`)).toMatch(
      /^HTTP\/1\.1 413 [^]*"too-large"/,
    );
    const chunk = `100000\r\n${' '.repeat(0x100000)}\r\n`;
    expect(await raw(`${head}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(4)}0\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 413 /,
    );
    await expect.poll(() => harness.deadLetters().map((letter) => letter.reason)).toEqual(Array(4).fill('too-large'));
    expect(harness.deadLetters().every((letter) => letter.raw.length <= 65_536)).toBe(true);
  });

  it('is refused with a wrong key before its body is read, readably', async () => {
    await start();
    const head = 'POST /v1/batch HTTP/1.1\r\nHost: x\r\nAuthorization: Basic eDo=\r\n';
    expect(await raw(`${head}Content-Length: 3000000\r\n\r\n${' '.repeat(3_000_000)}`)).toMatch(
      /^HTTP\/1\.1 401 [^]*unauthorised/,
    );
  });

  it('is refused as a whole over 2,500 items', async () => {
    await start();
    const batch = Array.from({ length: 2_501 }, (_, i) => track({ messageId: `m${i}` }));
    expect(await harness.post('/v1/batch', { batch })).toMatchObject({ status: 400, body: { code: 'batch-too-long' } });
    const strict = await harness.post('/v1/batch', { batch }, STRICT);
    expect(strict).toMatchObject({ status: 400, body: { code: 'batch-too-long' } });
    expect(strict.body.results).toHaveLength(2_501);
    expect(strict.body.results[7]).toEqual({ messageId: 'm7', status: 'refused', reason: 'batch-too-long' });
    expect(harness.touchpoints()).toEqual([]);
    expect(harness.deadLetters()).toHaveLength(2);
    expect((await harness.post('/v1/batch', { batch: batch.slice(1) })).status).toBe(200);
    expect(harness.touchpoints()).toHaveLength(2_500);
  });

  it('does no harm when it is nested without end', async () => {
    await start();
    const deep = (n: number): string => `${'['.repeat(n)}${']'.repeat(n)}`;
    const nested = (n: number): string => `{"type":"track","event":"x","userId":"u","properties":{"a":${deep(n)}}}`;
    expect((await harness.post('/v1/track', nested(40))).status).toBe(200);
    expect(await harness.post('/v1/track', nested(10_000))).toMatchObject({ status: 200 });
    expect(await harness.post('/v1/batch', `{"batch":[${nested(40)},${nested(200_000)}]}`)).toMatchObject({
      status: 200,
    });
    expect(await harness.post('/v1/batch', deep(240_000))).toMatchObject({
      status: 400,
      body: { code: 'not-an-object' },
    });
    expect(harness.deadLetters().map((letter) => letter.reason)).toEqual([
      'schema-violation',
      'schema-violation',
      'schema-violation',
      'too-large',
      'not-an-object',
    ]);
    expect(harness.touchpoints()).toEqual([]);
  });

  it('has whole characters, whatever its escapes say', async () => {
    await start();
    const half = String.raw`{"userId":"a\ud83d","event":"\udc00 \ud83d\ude00 \\ud800","properties":{"\uD800k":["\uDBFF"]}}`;
    expect(await harness.post('/v1/track', half)).toMatchObject({ status: 200 });
    expect(harness.touchpoints()).toMatchObject([
      { userId: 'a\ufffd', event: '\ufffd 😀 \\ud800', properties: { '\ufffdk': ['\ufffd'] } },
    ]);
  });

  it('is unpacked within bounds', async () => {
    await start();
    const gzip = { headers: { 'content-encoding': 'gzip' } };
    expect((await harness.post('/v1/batch', gzipSync(JSON.stringify({ batch: [track()] })), gzip)).status).toBe(200);
    expect(harness.touchpoints()).toHaveLength(1);
    const bomb = gzipSync(Buffer.alloc(200_000_000));
    expect(bomb.length).toBeLessThan(500_000);
    expect(await harness.post('/v1/batch', bomb, gzip)).toMatchObject({ status: 413, body: { code: 'too-large' } });
    const cut = gzipSync(JSON.stringify({ batch: [track()] })).subarray(0, 40);
    expect(await harness.post('/v1/batch', cut, gzip)).toMatchObject({ status: 400, body: { code: 'malformed-json' } });
    expect(await harness.post('/v1/batch', 'no gzip', gzip)).toMatchObject({
      status: 400,
      body: { code: 'malformed-json' },
    });
    expect((await harness.post('/v1/batch', 'x', { headers: { 'content-encoding': 'br' } })).status).toBe(400);
    expect(harness.touchpoints()).toHaveLength(1);
  });

  it('is given up when it comes too slowly, and holds nothing', async () => {
    await start({ bodyMsMax: 50 });
    const head = `POST /v1/track HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ${btoa(`${WRITE_KEY}:`)}\r\nContent-Length: 100\r\n\r\n{`;
    const socket = connect(harness.port, '127.0.0.1');
    socket.write(head);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 408 /);
    socket.destroy();
    expect((await harness.post('/v1/track', track())).status).toBe(200);
  });

  it('does not fall over when a client hangs up in the middle', async () => {
    await start();
    const socket = connect(harness.port, '127.0.0.1');
    socket.write(
      `POST /v1/track HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ${btoa(`${WRITE_KEY}:`)}\r\nContent-Length: 100\r\n\r\n{`,
    );
    await once(socket, 'connect');
    socket.destroy();
    expect((await harness.post('/v1/track', track())).status).toBe(200);
  });
});

describe('bad days', () => {
  it('are a 503 with Retry-After while the log is away, and end without a restart', async () => {
    await start();
    harness.logIs('away');
    const answer = await harness.post('/v1/batch', { batch: [track({ messageId: 'm1' })] });
    expect(answer).toMatchObject({ status: 503, body: { success: false, code: 'unavailable' } });
    expect(answer.headers.get('retry-after')).toBe('1');
    harness.logIs('well');
    expect((await harness.post('/v1/batch', { batch: [track({ messageId: 'm1' })] })).status).toBe(200);
    expect(harness.touchpoints().map((touchpoint) => touchpoint.messageId)).toEqual(['m1']);
  });

  it('are a 503 with Retry-After when too many bytes wait for the log', async () => {
    await start({ bytesHeldMax: 1_000_000 });
    harness.logIs('stuck');
    const big = { batch: Array.from({ length: 15 }, () => track({ properties: { x: 'x'.repeat(30_000) } })) };
    const waiting = [harness.post('/v1/batch', big), harness.post('/v1/batch', big)];
    await expect.poll(async () => (await harness.post('/v1/batch', big)).status, { timeout: 20_000 }).toBe(503);
    const refused = await harness.post('/v1/batch', big);
    expect(refused).toMatchObject({ status: 503, body: { code: 'overloaded' } });
    expect(refused.headers.get('retry-after')).toBe('1');
    harness.logIs('well');
    expect((await Promise.all(waiting)).map((answer) => answer.status)).toEqual([200, 200]);
    await expect.poll(async () => (await harness.post('/v1/batch', big)).status).toBe(200);
  });

  it('do not acknowledge what is not yet durable', async () => {
    await start();
    harness.logIs('stuck');
    let answered = false;
    const answer = harness.post('/v1/track', track()).then((got) => ((answered = true), got));
    await expect.poll(() => harness.requests()).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(answered).toBe(false);
    harness.logIs('well');
    expect((await answer).status).toBe(200);
  });
});

describe('the official SDK', () => {
  it('works unmodified through its host option', async () => {
    await start();
    const analytics = new Analytics({ writeKey: WRITE_KEY, host: harness.url, flushAt: 3 });
    const faults: unknown[] = [];
    analytics.on('error', (fault) => faults.push(fault));
    analytics.identify({ userId: 'anna', traits: { email: 'Anna@Acme.example' } });
    analytics.group({ userId: 'anna', groupId: 'acme', traits: { name: 'Acme' } });
    analytics.track({
      userId: 'anna',
      event: 'Demo Requested',
      properties: { seats: 20 },
      context: { groupId: 'acme' },
    });
    analytics.page({ anonymousId: 'a1', name: 'Pricing' });
    analytics.alias({ userId: 'anna', previousId: 'a1' });
    await analytics.closeAndFlush({ timeout: 10_000 });
    expect(faults).toEqual([]);
    expect(harness.touchpoints().map(({ kind }) => kind)).toEqual(['identify', 'group', 'track', 'page', 'alias']);
    expect(harness.touchpoints()[2]).toMatchObject({
      event: 'Demo Requested',
      userId: 'anna',
      groupId: 'acme',
      properties: { seats: 20 },
    });
    expect(harness.deadLetters()).toEqual([]);
  });

  it('loses nothing over a time without the log', async () => {
    await start();
    harness.logIs('away');
    const analytics = new Analytics({ writeKey: WRITE_KEY, host: harness.url, flushAt: 1, maxRetries: 10 });
    const refused = new Promise<void>((resolve) => analytics.once('http_response', () => resolve()));
    analytics.track({ userId: 'anna', event: 'x', messageId: 'm1' });
    await refused;
    harness.logIs('well');
    await analytics.closeAndFlush({ timeout: 30_000 });
    expect(harness.touchpoints().map(({ messageId }) => messageId)).toEqual(['m1']);
  });
});
