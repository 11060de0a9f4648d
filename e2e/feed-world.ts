/** What the feed's cases stand on: a running product with one or two live-feed nodes, journeys of their own, tokens, and plain clients. */
import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import { expect } from 'vitest';
import {
  type ConnectOptions,
  type Push,
  type TestClient,
  type Told,
  connect,
} from '@cairn/live-feed/testkit/feed-client.ts';
import { type Product, eventually } from '@cairn/testkit/product.ts';

export interface Tenant {
  id: string;
  writeKey: string;
  adminToken: string;
}

export interface FeedWorld {
  product: Product;
  /** Of each live-feed node; the first is the product's own address. */
  nodes: readonly string[];
  /** The last node: where it is another one than the first, what is asked there shows that nodes agree. */
  other: string;
  mine: Tenant;
  stranger: Tenant;
  token(given?: { scopes?: string[]; expiresInMs?: number; of?: Tenant }): Promise<{ id: string; token: string }>;
  withdraw(id: string): Promise<void>;
  connect(options?: ConnectOptions & { node?: string; as?: string }): Promise<TestClient>;
  /** A journey of a new person, on every node. */
  journey(of?: Tenant): Promise<Followed>;
  send(of: Tenant, calls: readonly object[]): Promise<void>;
  get(path: string, options?: { node?: string; token?: string; headers?: Record<string, string> }): Promise<Response>;
  /** The events of a stream until `enough` says so. */
  events(
    path: string,
    enough: (events: readonly SseEvent[]) => boolean,
    headers?: Record<string, string>,
  ): Promise<SseEvent[]>;
}

export interface Followed {
  id: string;
  userId: string;
  channel: string;
  /** Sends so many touchpoints, named `<prefix> 1`, … */
  touch(count: number, prefix?: string, properties?: object): Promise<void>;
}

export interface SseEvent {
  id?: string;
  event?: string;
  data?: string;
  comment?: string;
}

/** Silence is a stall after a second, once an alert is asked for. */
export const ALERTING = `
cairn: journey-definition/1
name: alerting
unit: person
stages:
  - name: start
  - name: watched
    enter: { event: Watch Me }
    stall: { after: 1 second }
`;

let people = 0;

export async function createFeedWorld(product: Product, nodes: readonly string[]): Promise<FeedWorld> {
  const { first } = product;
  const mine: Tenant = { id: first.workspace, writeKey: first.writeKey, adminToken: first.adminToken };
  const made = await product.api<Tenant>('POST', '/api/workspaces', { name: 'stranger' });
  expect(made.status).toBe(201);
  const stranger = made.body;
  const put = await product.api('POST', '/api/definitions', ALERTING);
  expect(put.status).toBeLessThan(300);
  const other = nodes.at(-1)!;

  const world: FeedWorld = {
    product,
    nodes,
    other,
    mine,
    stranger,
    async token({ scopes = ['read'], expiresInMs, of = mine } = {}) {
      const { body, status } = await product.api<{ id: string; token: string }>(
        'POST',
        '/api/tokens',
        {
          name: 'case',
          scopes,
          ...(expiresInMs === undefined ? {} : { expiresAt: new Date(Date.now() + expiresInMs).toISOString() }),
        },
        of.adminToken,
      );
      expect(status).toBe(201);
      if (scopes.includes('read'))
        for (const node of nodes)
          await eventually(
            'the token on every node',
            async () => (await world.get('/api/alerts?limit=1', { node, token: body.token })).status === 200,
          );
      return body;
    },
    async withdraw(id) {
      expect((await product.api('DELETE', `/api/tokens/${id}`)).status).toBe(204);
    },
    connect: ({ node = nodes[0]!, as, ...options } = {}) =>
      connect(node, as === undefined ? options : { ...options, token: as }),
    async journey(of = mine) {
      const userId = `person-${++people}-${Math.random().toString(36).slice(2, 8)}`;
      await world.send(of, [{ type: 'track', userId, event: 'Began', context: { traits: { name: userId } } }]);
      const id = await eventually(`the journey of ${userId}`, async () => {
        const answer = await world.get(`/api/journeys?definition=b2b-sales&text=${userId}`, { token: of.adminToken });
        return (await answer.json()).items[0]?.id as string | undefined;
      });
      for (const node of nodes)
        await eventually(
          `${id} on ${node}`,
          async () => (await world.get(`/api/journeys/${id}`, { node, token: of.adminToken })).status === 200,
        );
      return {
        id,
        userId,
        channel: `journey:${id}`,
        touch: (count, prefix = 'Touch', properties = {}) =>
          world.send(
            of,
            Array.from({ length: count }, (_, n) => ({
              type: 'track',
              userId,
              event: `${prefix} ${n + 1}`,
              properties,
            })),
          ),
      };
    },
    async send(of, calls) {
      // Below the 500 KB that a batch may be.
      for (let from = 0; from < calls.length;) {
        let to = from;
        for (let bytes = 0; to < calls.length && bytes < 350_000; to++) bytes += JSON.stringify(calls[to]).length;
        const answer = await fetch(`${first.url}/v1/batch`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: `Basic ${btoa(`${of.writeKey}:`)}` },
          body: JSON.stringify({ batch: calls.slice(from, to) }),
        });
        if (answer.status === 429 || answer.status === 503) {
          await new Promise((resolve) => setTimeout(resolve, 200));
          continue;
        }
        expect(answer.status).toBe(200);
        from = to;
      }
    },
    get: (path, { node = nodes[0]!, token = mine.adminToken, headers = {} } = {}) =>
      fetch(`${node}${path}`, {
        redirect: 'manual',
        headers: { ...(token ? { authorization: `Bearer ${token}` } : {}), ...headers },
      }),
    async events(path, enough, headers = {}) {
      const stop = new AbortController();
      const answer = await fetch(`${nodes[0]}${path}`, {
        signal: stop.signal,
        headers: { authorization: `Bearer ${mine.adminToken}`, ...headers },
      });
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      const events: SseEvent[] = [];
      let rest = '';
      try {
        for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
          const parts = (rest + chunk).split('\n\n');
          rest = parts.pop()!;
          events.push(...parts.map(parseEvent));
          if (enough(events)) break;
        }
      } finally {
        stop.abort();
      }
      return events;
    },
  };
  // Both workspaces have something to show before the first case begins.
  await world.journey();
  await world.journey(stranger);
  return world;
}

function parseEvent(text: string): SseEvent {
  const event: SseEvent = {};
  for (const line of text.split('\n')) {
    const at = line.indexOf(':');
    const name = line.slice(0, at) || 'comment';
    event[name as keyof SseEvent] = line.slice(at + 1).trimStart();
  }
  return event;
}

/** Status and headers of an upgrade that is refused; 101 where it is not. */
export async function upgrade(
  url: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; retryAfter: string | undefined }> {
  const answer = await askToUpgrade(url, headers);
  if (!('socket' in answer)) return answer;
  answer.socket.destroy();
  return { status: 101, retryAfter: undefined };
}

/** Opens a socket that reads but never says a word, not even to a close frame. */
export async function deafReader(url: string): Promise<void> {
  const answer = await askToUpgrade(url, {});
  if (!('socket' in answer)) throw new Error(`refused with ${answer.status}`);
  answer.socket.on('error', () => {});
  answer.socket.resume();
}

function askToUpgrade(
  url: string,
  headers: Record<string, string>,
): Promise<{ socket: Duplex } | { status: number; retryAfter: string | undefined }> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const asking = request({
      hostname,
      port,
      path: '/live',
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': Buffer.from('0123456789abcdef').toString('base64'),
        ...headers,
      },
    });
    asking.on('upgrade', (_answer, socket) => resolve({ socket }));
    asking.on('response', (answer) => {
      answer.resume();
      resolve({ status: answer.statusCode!, retryAfter: answer.headers['retry-after'] });
    });
    asking.on('error', reject);
    asking.end();
  });
}

export const subscribe = async (client: TestClient, channel: string, more: object = {}): Promise<Told> => {
  const reply = await client.ask('subscribe', { channel, ...more });
  expect(reply.error).toBeUndefined();
  return reply.result;
};

export const eventsOf = (pushes: readonly Pick<Push, 'type' | 'data'>[]): string[] =>
  pushes.flatMap(({ type, data }) => (type === 'touchpoint' ? [data.event as string] : []));

export const numbered = (count: number, prefix = 'Touch'): string[] =>
  Array.from({ length: count }, (_, n) => `${prefix} ${n + 1}`);
