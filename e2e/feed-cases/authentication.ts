/** Who may connect and subscribe, and until when. */
import { expect } from 'vitest';
import { eventually } from '@cairn/testkit/product.ts';
import { subscribe } from '../feed-world.ts';
import { type FeedCase, errorOf } from './feed-case.ts';

export const authentication: FeedCase[] = [
  {
    name: 'authentication: the first frame, answered with session, end and epoch',
    async run(world) {
      const client = await world.connect();
      const { result } = await client.ask('authenticate', { token: world.mine.adminToken });
      expect(result).toEqual({ session: expect.any(String), expiresAt: null, epoch: expect.any(String) });
      client.end();
    },
  },
  {
    name: 'authentication: the token as a sub-protocol beside cairn.v1',
    async run(world) {
      const client = await world.connect({ protocols: ['cairn.v1', `bearer.${world.mine.adminToken}`] });
      expect(client.ws.protocol).toBe('cairn.v1');
      expect((await subscribe(client, 'board')).recovered).toBe(false);
      client.end();
    },
  },
  {
    name: 'authentication: the token as a header',
    async run(world) {
      const client = await world.connect({ headers: { authorization: `Bearer ${world.mine.adminToken}` } });
      expect((await subscribe(client, 'alerts')).recovered).toBe(false);
      client.end();
    },
  },
  {
    name: 'authentication: a command before it is 101',
    async run(world) {
      const client = await world.connect();
      expect(await errorOf(client, 'subscribe', { channel: 'board' })).toBe(101);
      expect(await errorOf(client, 'unsubscribe', { channel: 'board' })).toBe(101);
      client.end();
    },
  },
  {
    name: 'authentication: an unknown token is 101, then 3500',
    async run(world) {
      const client = await world.connect();
      expect(await errorOf(client, 'authenticate', { token: 'cairn_nobody' })).toBe(101);
      expect((await client.closed).code).toBe(3500);
    },
  },
  {
    name: 'authentication: an unknown token as a sub-protocol closes with 3500',
    async run(world) {
      const client = await world.connect({ protocols: ['cairn.v1', 'bearer.cairn_nobody'] });
      expect((await client.closed).code).toBe(3500);
    },
  },
  {
    name: 'authentication: none within ten seconds closes with 3502',
    async run(world) {
      const began = Date.now();
      const client = await world.connect();
      expect((await client.closed).code).toBe(3502);
      expect(Date.now() - began).toBeGreaterThan(9_000);
    },
  },
  {
    name: 'authentication: a token that ends closes with 3005; after it 109, then 3005',
    async run(world) {
      const { token } = await world.token({ expiresInMs: 4_000 });
      const client = await world.connect();
      const { result } = await client.ask('authenticate', { token });
      expect(Date.parse(result.expiresAt)).toBeGreaterThan(Date.now());
      expect((await client.closed).code).toBe(3005);
      const late = await world.connect();
      expect(await errorOf(late, 'authenticate', { token })).toBe(109);
      expect((await late.closed).code).toBe(3005);
    },
  },
  {
    name: 'authentication: a withdrawn token closes with 3507 within five seconds, on every node',
    async run(world) {
      const { id, token } = await world.token();
      const clients = await Promise.all(world.nodes.map((node) => world.connect({ node, as: token })));
      await world.withdraw(id);
      const late = new Promise<string>((resolve) => setTimeout(() => resolve('still open'), 5_000).unref());
      for (const client of clients)
        expect(await Promise.race([client.closed.then(({ code }) => code), late])).toBe(3507);
    },
  },
  {
    name: 'authentication: a fresh token on an open connection keeps it past the end of the first',
    async run(world) {
      const short = await world.token({ expiresInMs: 3_000 });
      const client = await world.connect({ as: short.token });
      await subscribe(client, 'ops');
      expect((await client.ask('authenticate', { token: world.mine.adminToken })).result.expiresAt).toBeNull();
      const from = client.pushes.length;
      await client.until(({ pushes }) => pushes.length >= from + 5);
      client.end();
    },
  },
  {
    name: 'authentication: a token without the scope read subscribes to nothing, 103',
    async run(world) {
      const { token } = await world.token({ scopes: ['ingest'] });
      const client = await eventually('the token', async () => {
        const tried = await world.connect();
        if ((await tried.ask('authenticate', { token })).result) return tried;
        return null;
      });
      expect(await errorOf(client, 'subscribe', { channel: 'board' })).toBe(103);
      client.end();
    },
  },
];
