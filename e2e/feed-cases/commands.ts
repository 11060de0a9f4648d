/** Upgrades, commands, faults, floods and limits. */
import { expect } from 'vitest';
import { eventually } from '@cairn/testkit/product.ts';
import type { TestClient, Told } from '@cairn/live-feed/testkit/feed-client.ts';
import { subscribe, upgrade } from '../feed-world.ts';
import { type FeedCase, endOf, errorOf, rawEnd } from './feed-case.ts';

export const upgrades: FeedCase[] = [
  {
    name: 'upgrades: a foreign Origin is 403, also with a token and with a cookie',
    async run({ nodes, mine }) {
      const origin = 'https://evil.example';
      const own = new URL(nodes[0]!).origin;
      const foreign: Record<string, string>[] = [
        { origin },
        { origin, authorization: `Bearer ${mine.adminToken}` },
        { origin, cookie: `cairn_session=${mine.adminToken}` },
        { origin: `${own}.evil.example` },
        { origin: 'null' },
      ];
      for (const headers of foreign)
        expect((await upgrade(nodes[0]!, headers)).status, JSON.stringify(headers)).toBe(403);
      expect((await upgrade(nodes[0]!, { origin: own })).status).toBe(101);
    },
  },
  {
    name: 'upgrades: a sub-protocol that is not ours is 400, none at all is fine',
    async run({ nodes }) {
      expect((await upgrade(nodes[0]!, { 'sec-websocket-protocol': 'graphql-ws' })).status).toBe(400);
      expect((await upgrade(nodes[0]!)).status).toBe(101);
    },
  },
];

export const commands: FeedCase[] = [
  ...(
    [
      ['an unknown method is 104', 'publish', {}, 104],
      ['an unknown channel is 102', 'subscribe', { channel: 'nothing' }, 102],
      ['a journey that is not there is 102', 'subscribe', { channel: 'journey:jrn_none' }, 102],
      ['a channel that is no text is 107', 'subscribe', { channel: 7 }, 107],
      ['a cursor that cannot be read is 107', 'subscribe', { channel: 'board', cursor: 'garbage' }, 107],
      ['a filter that is none is 107', 'subscribe', { channel: 'board', filter: { colour: 'red' } }, 107],
      ['to leave what was never joined is 102', 'unsubscribe', { channel: 'board' }, 102],
    ] as const
  ).map(([name, method, params, code]): FeedCase => ({
    name: `commands: ${name}`,
    async run(world) {
      const client = await world.connect({ as: world.mine.adminToken });
      const { error } = await client.ask(method, params);
      expect(error).toEqual({ code, message: expect.any(String), temporary: false });
      // The connection lives on.
      expect((await subscribe(client, 'board')).channel).toBe('board');
      client.end();
    },
  })),
  {
    name: 'commands: a channel twice is 105; left, it may be joined again',
    async run(world) {
      const client = await world.connect({ as: world.mine.adminToken });
      await subscribe(client, 'alerts');
      expect(await errorOf(client, 'subscribe', { channel: 'alerts' })).toBe(105);
      expect((await client.ask('unsubscribe', { channel: 'alerts' })).result).toEqual({});
      await subscribe(client, 'alerts');
      client.end();
    },
  },
  {
    name: 'commands: several in one frame are answered in their order',
    async run(world) {
      const client = await world.connect();
      client.sendRaw(
        [
          { id: 11, method: 'authenticate', params: { token: world.mine.adminToken } },
          { id: 12, method: 'subscribe', params: { channel: 'alerts' } },
          { id: 13, method: 'nothing' },
        ]
          .map((one) => JSON.stringify(one))
          .join('\n'),
      );
      await client.until(({ heard: all }) => all.length >= 3);
      expect(client.heard.slice(0, 3).map(({ id }) => id as number)).toEqual([11, 12, 13]);
      client.end();
    },
  },
  ...(
    [
      ['text that is no JSON closes with 3501', (client: TestClient) => client.sendRaw('hello'), 3501],
      ['a list closes with 3501', (client: TestClient) => client.sendRaw('[]'), 3501],
      ['an id of 0 closes with 3501', (client: TestClient) => client.sendRaw('{"id":0,"method":"x"}'), 3501],
      ['a binary frame closes with 1003', (client: TestClient) => client.sendRaw(Buffer.from('{}')), 1003],
      ['a frame of over 64 KB closes with 1009', (client: TestClient) => client.sendRaw('x'.repeat(66_000)), 1009],
    ] as const
  ).map(([name, act, code]): FeedCase => ({
    name: `faults: ${name}`,
    async run(world) {
      expect(await endOf(world, act)).toBe(code);
    },
  })),
  {
    name: 'faults: a frame of just under 64 KB is read',
    async run(world) {
      const client = await world.connect({ as: world.mine.adminToken });
      client.sendRaw(JSON.stringify({ id: 99, method: 'nothing', params: { padding: 'x'.repeat(65_000) } }));
      await client.until(({ heard: all }) => all.some(({ id }) => id === 99));
      client.end();
    },
  },
  {
    name: 'fragments: a command in three frames is one',
    async run(world) {
      const client = await world.connect({ as: world.mine.adminToken });
      const text = JSON.stringify({ id: 77, method: 'subscribe', params: { channel: 'board' } });
      client.ws.send(text.slice(0, 10), { fin: false });
      client.ws.send(text.slice(10, 20), { fin: false });
      client.ws.send(text.slice(20), { fin: true });
      await client.until(({ heard: all }) => all.some(({ id }) => id === 77));
      client.end();
    },
  },
  {
    name: 'fragments: over 64 KB in small pieces closes with 1009',
    async run(world) {
      expect(
        await endOf(world, ({ ws }) => {
          for (let n = 0; n < 70; n++) ws.send('x'.repeat(1_000), { fin: false });
        }),
      ).toBe(1009);
    },
  },
  {
    name: 'faults: a frame without a mask ends the connection with 1002',
    async run({ nodes }) {
      expect(await rawEnd(nodes[0]!, Buffer.from([0x81, 0x02, 0x7b, 0x7d]))).toBe(1002);
    },
  },
  {
    name: 'faults: text that is no UTF-8 closes with 1007',
    async run({ nodes }) {
      // Masked with zeros: what is sent is what is read.
      expect(await rawEnd(nodes[0]!, Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28]))).toBe(1007);
    },
  },
  {
    name: 'floods: over the rate a command is 111, and the connection ends with 3013',
    async run(world) {
      const client = await world.connect({ as: world.mine.adminToken });
      for (let n = 1; n <= 400; n++) client.sendRaw(JSON.stringify({ id: 1_000 + n, method: 'nothing' }));
      expect((await client.closed).code).toBe(3013);
      const codes = client.heard.map(({ error }) => error?.code as number | undefined);
      expect(codes).toContain(104);
      expect(codes.filter((code) => code === 104).length).toBeGreaterThanOrEqual(255);
    },
  },
  {
    name: 'limits: 128 channels at once are within the rate, the next is 106',
    async run(world) {
      const all = await Promise.all(Array.from({ length: 3 }, () => world.journey()));
      const { items } = await (await world.get('/api/journeys?limit=500')).json();
      const ids = [...new Set([...all.map(({ id }) => id), ...items.map(({ id }: Told) => id as string)])];
      const client = await world.connect({ as: world.mine.adminToken });
      const wanted = ['board', 'alerts', 'ops', ...ids.map((id) => `journey:${id}`)];
      if (wanted.length < 129) {
        // As many people as it takes.
        const names = Array.from({ length: 129 - wanted.length }, (_, n) => `crowd-${n}-${ids.length}`);
        await world.send(
          world.mine,
          names.map((userId) => ({ type: 'track', userId, event: 'Began' })),
        );
        await eventually('129 channels', async () => {
          const page = await (await world.get('/api/journeys?limit=500')).json();
          for (const { id } of page.items) if (!wanted.includes(`journey:${id}`)) wanted.push(`journey:${id}`);
          return wanted.length >= 129;
        });
      }
      const replies = await Promise.all(wanted.slice(0, 129).map((channel) => client.ask('subscribe', { channel })));
      expect(replies.map(({ error }) => error?.code as number | undefined)).toEqual([
        ...Array(128).fill(undefined),
        106,
      ]);
      client.end();
    },
  },
];
