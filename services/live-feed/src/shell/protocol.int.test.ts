import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { systemClock } from '@cairn/clock/clock.system.ts';
import { journeyIdOf } from '../testkit/facts.ts';
import { type ConnectOptions, type TestClient, connect } from '../testkit/feed-client.ts';
import { type FeedNode, type FeedWorld, createFeedWorld } from '../testkit/feed-world.ts';

/** The sentences of API.md section 6 that are about a connection: tokens, commands, errors, close codes, limits. */

let world: FeedWorld;
let node: FeedNode;
const ACME = `journey:${journeyIdOf('w1', 'acme')}`;
const GLOBEX = `journey:${journeyIdOf('w2', 'globex')}`;

beforeEach(async () => {
  world = await createFeedWorld();
  await world.token('w1', 'reader');
  await world.token('w2', 'stranger');
  await world.token('w1', 'writer', { scopes: ['ingest'], writeKey: true });
  await world.change('w1', 'acme');
  await world.change('w2', 'globex');
  node = await world.start();
});
afterEach(() => world.end());

const open = (options: ConnectOptions = { token: 'reader' }): Promise<TestClient> => connect(node.url, options);
const errorOf = async (client: TestClient, method: string, params?: unknown): Promise<number> =>
  (await client.ask(method, params)).error.code;

describe('authenticating', () => {
  test('in the first command: the answer has a session, when the token ends, and the epoch', async () => {
    const client = await open({});
    const { result } = await client.ask('authenticate', { token: 'reader' });
    expect(result).toEqual({ session: expect.any(String), expiresAt: null, epoch: expect.any(String) });
  });

  test('the end of a token that ends is a time as text', async () => {
    await world.token('w1', 'short', { expiresAt: Date.UTC(2099, 0, 1) });
    const client = await open({});
    await expect
      .poll(async () => (await client.ask('authenticate', { token: 'short' }).catch(() => null))?.result?.expiresAt)
      .toBe('2099-01-01T00:00:00.000Z');
  });

  test('as the sub-protocol bearer.<token> beside cairn.v1, which is the one that is chosen', async () => {
    const client = await open({ protocols: ['cairn.v1', 'bearer.reader'] });
    expect(client.ws.protocol).toBe('cairn.v1');
    expect((await client.ask('subscribe', { channel: 'board' })).result.recovered).toBe(false);
  });

  test('by Authorization header', async () => {
    const client = await open({ headers: { authorization: 'Bearer reader' } });
    expect((await client.ask('subscribe', { channel: 'alerts' })).result.snapshot).toEqual([]);
  });

  test('by the session cookie from the own origin', async () => {
    const client = await open({ headers: { cookie: 'cairn_session=reader', origin: node.url } });
    expect((await client.ask('subscribe', { channel: 'alerts' })).result.snapshot).toEqual([]);
  });

  test('a cookie without an Origin counts for nothing', async () => {
    const client = await open({ headers: { cookie: 'cairn_session=reader' } });
    expect(await errorOf(client, 'subscribe', { channel: 'alerts' })).toBe(101);
  });

  test('before it every other command is answered 101', async () => {
    const client = await open({});
    expect(await errorOf(client, 'subscribe', { channel: 'board' })).toBe(101);
    expect(await errorOf(client, 'unsubscribe', { channel: 'board' })).toBe(101);
  });

  test('an unknown token is answered 101, then the connection closes with 3500', async () => {
    const client = await open({});
    expect(await errorOf(client, 'authenticate', { token: 'nobody' })).toBe(101);
    expect(await client.closed).toMatchObject({ code: 3500 });
  });

  test('an unknown token in the sub-protocol closes with 3500', async () => {
    const client = await open({ protocols: ['cairn.v1', 'bearer.nobody'] });
    expect(await client.closed).toMatchObject({ code: 3500 });
  });

  test('a token whose time is over is answered 109, then the connection closes with 3005', async () => {
    await world.token('w1', 'old', { expiresAt: 1_000 });
    await expect.poll(() => node.ports.control.token('w1', 'tok_old')).toBeDefined();
    const client = await open({});
    expect(await errorOf(client, 'authenticate', { token: 'old' })).toBe(109);
    expect(await client.closed).toMatchObject({ code: 3005 });
  });

  test('a token without the scope read may authenticate and subscribe to nothing: 103', async () => {
    const client = await open({ token: 'writer' });
    expect(await errorOf(client, 'subscribe', { channel: 'board' })).toBe(103);
  });

  test('again on an open connection takes a fresh token of the same workspace, and none of another', async () => {
    const client = await open();
    expect(await errorOf(client, 'authenticate', { token: 'stranger' })).toBe(103);
    expect((await client.ask('authenticate', { token: 'reader' })).result.session).toEqual(expect.any(String));
  });

  test('a token that expires closes its connections with 3005', async () => {
    await world.token('w1', 'brief', { expiresAt: systemClock.now() + 700 });
    await expect.poll(() => node.ports.control.token('w1', 'tok_brief')).toBeDefined();
    const client = await open({ token: 'brief' });
    expect(await client.closed).toMatchObject({ code: 3005 });
  });

  test('a token that is withdrawn closes its connections with 3507, and no others', async () => {
    await world.token('w1', 'second');
    await expect.poll(() => node.ports.control.token('w1', 'tok_second')).toBeDefined();
    const [withdrawn, other] = [await open({ token: 'second' }), await open()];
    await node.ports.control.put({ type: 'token.withdrawn', workspace: 'w1', id: 'tok_second', at: 1 });
    expect(await withdrawn.closed).toMatchObject({ code: 3507 });
    expect((await other.ask('subscribe', { channel: 'board' })).result).toBeDefined();
  });

  test('a token that loses the scope read closes its connections with 3507', async () => {
    const client = await open();
    await world.token('w1', 'reader', { scopes: ['ingest'] });
    expect(await client.closed).toMatchObject({ code: 3507 });
  });
});

describe('upgrades', () => {
  test('a foreign Origin is a 403, also with a cookie or a token', async () => {
    const credentials: Record<string, string>[] = [
      {},
      { cookie: 'cairn_session=reader' },
      { authorization: 'Bearer reader' },
    ];
    for (const headers of credentials)
      await expect(open({ headers: { ...headers, origin: 'https://evil.example' } })).rejects.toThrow('403');
  });

  test('the list of origins is exact', async () => {
    const other = await world.start('other', { allowedOrigins: ['https://app.example'] });
    const from = (origin: string) => connect(other.url, { headers: { origin } });
    await expect(from('https://app.example')).resolves.toBeDefined();
    for (const origin of [
      'http://app.example',
      'https://app.example:8443',
      'https://app.example.evil.example',
      'null',
      other.url,
    ])
      await expect(from(origin)).rejects.toThrow('403');
  });

  test('a sub-protocol that is not ours is a 400; none at all is fine', async () => {
    await expect(open({ protocols: ['graphql-transport-ws'] })).rejects.toThrow('400');
    await expect(open({ protocols: [] })).resolves.toBeDefined();
  });

  test('beyond the accept rate they are answered 503 with Retry-After', async () => {
    const slow = await world.start('other', { acceptPerSecond: 2 });
    const answers = await Promise.allSettled(Array.from({ length: 10 }, () => connect(slow.url)));
    const refused = answers.filter(({ status }) => status === 'rejected');
    expect(refused.length).toBeGreaterThanOrEqual(6);
    const headers = await new Promise<Record<string, unknown>>((resolve) => {
      const ws = new WebSocket(`${slow.url.replace('http', 'ws')}/live`, ['cairn.v1']);
      ws.on('error', () => {});
      ws.once('unexpected-response', (_request, response) =>
        resolve({ ...response.headers, status: response.statusCode }),
      );
    });
    expect(headers).toMatchObject({ status: 503, 'retry-after': '1' });
  });

  test('a plain GET of /live is no page', async () => {
    expect((await fetch(`${node.url}/live`)).status).toBe(426);
  });
});

describe('commands', () => {
  test('several in one message are answered in their order', async () => {
    const client = await open();
    client.sendRaw(
      '{"id":71,"method":"subscribe","params":{"channel":"board"}}\n{"id":72,"method":"subscribe","params":{"channel":"alerts"}}\n{"id":73,"method":"unsubscribe","params":{"channel":"board"}}',
    );
    await client.until(({ heard }) => heard.some(({ id }) => id === 73));
    expect(client.heard.map(({ id }) => id).slice(-3)).toEqual([71, 72, 73]);
    expect(client.heard.at(-1)).toEqual({ id: 73, result: {} });
  });

  test.each([
    ['an unknown method', 'publish', {}, 104],
    ['params that make no sense', 'subscribe', { channel: 7 }, 107],
    ['a cursor that cannot be read', 'subscribe', { channel: 'board', cursor: 'yesterday' }, 107],
    ['a filter that cannot be read', 'subscribe', { channel: 'board', filter: { colour: 'red' } }, 107],
    ['a filter on another channel', 'subscribe', { channel: 'alerts', filter: { stage: 'a' } }, 107],
    ['an unknown channel', 'subscribe', { channel: 'weather' }, 102],
    ['an unknown journey', 'subscribe', { channel: 'journey:jrn_none' }, 102],
    ['a channel that is not subscribed to', 'unsubscribe', { channel: 'board' }, 102],
  ])('%s: an error, and the connection stays', async (_name, method, params, code) => {
    const client = await open();
    expect(await errorOf(client, method, params)).toBe(code);
    expect((await client.ask('subscribe', { channel: 'ops' })).result.channel).toBe('ops');
  });

  test('an error has a code, a message, and whether it will pass', async () => {
    const client = await open();
    expect((await client.ask('publish')).error).toEqual({ code: 104, message: 'unknown method', temporary: false });
  });

  test('another workspace’s channel answers exactly like an unknown one', async () => {
    const client = await open();
    const foreign = await client.ask('subscribe', { channel: GLOBEX });
    const unknown = await client.ask('subscribe', { channel: 'journey:jrn_none' });
    expect(foreign.error).toEqual(unknown.error);
    expect(foreign.error.code).toBe(102);
  });

  test('a channel that is subscribed to already is 105, whatever the filter', async () => {
    const client = await open();
    await client.ask('subscribe', { channel: 'board' });
    expect(await errorOf(client, 'subscribe', { channel: 'board', filter: { stage: 'x' } })).toBe(105);
    await client.ask('unsubscribe', { channel: 'board' });
    expect((await client.ask('subscribe', { channel: 'board' })).result).toBeDefined();
  });

  test('128 subscribes at once are within the rate, the 129th channel is 106', async () => {
    for (let n = 0; n < 128; n++) await world.change('w1', `s${n}`);
    const client = await open();
    const last = `journey:${journeyIdOf('w1', 's127')}`;
    await expect.poll(async () => (await client.ask('subscribe', { channel: last })).result?.channel).toBe(last);
    await client.ask('unsubscribe', { channel: last });
    const answers = await Promise.all(
      Array.from({ length: 128 }, (_, n) =>
        client.ask('subscribe', { channel: `journey:${journeyIdOf('w1', `s${n}`)}` }),
      ),
    );
    expect(answers.filter(({ result }) => result).length).toBe(128);
    expect(await errorOf(client, 'subscribe', { channel: ACME })).toBe(106);
  });

  test('over the rate they are answered 111, then the connection closes with 3013', async () => {
    const client = await open();
    const line = (id: number): string => JSON.stringify({ id, method: 'unsubscribe', params: { channel: 'x' } });
    client.sendRaw(Array.from({ length: 270 }, (_, n) => line(n + 1_000)).join('\n'));
    await client.until(({ heard }) => heard.some(({ error }) => error?.code === 111));
    const refused = client.heard.find(({ error }) => error?.code === 111);
    expect(refused.error.temporary).toBe(true);
    client.sendRaw(Array.from({ length: 100 }, (_, n) => line(n + 2_000)).join('\n'));
    expect(await client.closed).toMatchObject({ code: 3013 });
  });

  test.each([
    ['text that is no JSON', 'hello', 3501],
    ['a command without an id', '{"method":"subscribe"}', 3501],
    ['a binary frame', Buffer.from('{"id":1}'), 1003],
    ['a frame over 64 KB', 'x'.repeat(64 * 1024 + 1), 1009],
  ])('%s closes the connection', async (_name, data, code) => {
    const client = await open();
    client.sendRaw(data);
    expect(await client.closed).toMatchObject({ code });
  });

  test('a frame of exactly 64 KB is read', async () => {
    const client = await open();
    const command = '{"id":9,"method":"subscribe","params":{"channel":"board"}}';
    client.sendRaw(command + ' '.repeat(64 * 1024 - command.length));
    await client.until(({ heard }) => heard.some(({ id }) => id === 9));
  });

  test('text that is no UTF-8 closes with 1007', async () => {
    const client = await open();
    client.ws.send(Buffer.from([0xc3, 0x28]), { binary: false });
    expect(await client.closed).toMatchObject({ code: 1007 });
  });

  test('a command in fragments is read as one', async () => {
    const client = await open();
    client.ws.send('{"id":9,"method":"subscr', { fin: false });
    client.ws.send('ibe","params":{"channel":"board"}}', { fin: true });
    await client.until(({ heard }) => heard.some(({ id }) => id === 9));
  });
});

test('a node that stops sends new clients away and tells the open ones to come back, 3001', async () => {
  const client = await open();
  await client.ask('subscribe', { channel: 'board' });
  const stopped = node.stop();
  const { code, reason } = await client.closed;
  expect(code).toBe(3001);
  expect(reason).toMatch(/come back in \d+ ms/);
  await stopped;
});
