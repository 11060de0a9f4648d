/** The live feed by the letter of API.md section 6, as named cases against a running product. Each has its own person and tokens: they run side by side. */
import { connect as openSocket } from 'node:net';
import { expect } from 'vitest';
import { eventually } from '@cairn/testkit/product.ts';
import type { TestClient, Told } from '@cairn/live-feed/testkit/feed-client.ts';
import { type FeedWorld, eventsOf, numbered, subscribe, upgrade } from './feed-world.ts';

export interface FeedCase {
  name: string;
  run(world: FeedWorld): Promise<void>;
}

const errorOf = async (client: TestClient, method: string, params?: unknown): Promise<number | undefined> =>
  (await client.ask(method, params)).error?.code;
/** How a connection ends after what the test does to it. */
async function endOf(world: FeedWorld, act: (client: TestClient) => void): Promise<number> {
  const client = await world.connect({ as: world.mine.adminToken });
  act(client);
  return (await client.closed).code;
}
/** Touchpoints after a reply, in order, once each. */
async function heard(client: TestClient, reply: Told, expected: readonly string[]): Promise<void> {
  const all = (): string[] => [...eventsOf(reply.missed ?? []), ...eventsOf(client.pushes)];
  await client.until(() => all().length >= expected.length);
  expect(all()).toEqual(expected);
}

const authentication: FeedCase[] = [
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

const upgrades: FeedCase[] = [
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

const commands: FeedCase[] = [
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

const channels: FeedCase[] = [
  {
    name: 'journey: the snapshot is the journey of the API',
    async run(world) {
      const { id, channel } = await world.journey();
      const client = await world.connect({ as: world.mine.adminToken });
      const { recovered, snapshot, cursor } = await subscribe(client, channel);
      expect([recovered, typeof cursor]).toEqual([false, 'string']);
      const asked = await (await world.get(`/api/journeys/${id}`)).json();
      expect(snapshot).toHaveLength(1);
      expect([snapshot[0].id, snapshot[0].seq, snapshot[0].stage]).toEqual([id, asked.seq, asked.stage]);
      client.end();
    },
  },
  {
    name: 'journey: each touchpoint is one frame, as in the timeline, and seq rises by one with each change',
    async run(world) {
      const one = await world.journey();
      const client = await world.connect({ as: world.mine.adminToken });
      const { snapshot } = await subscribe(client, one.channel);
      await one.touch(20);
      await client.until(({ pushes }) => eventsOf(pushes).length >= 20);
      await client.until(({ pushes }) => pushes.at(-1)!.type === 'journey.changed');
      expect(eventsOf(client.pushes)).toEqual(numbered(20));
      const seqs = client.pushes.filter(({ type }) => type === 'journey.changed').map(({ data }) => data.seq as number);
      expect(seqs).toEqual(seqs.map((_, n) => snapshot[0].seq + 1 + n));
      const { items } = await (await world.get(`/api/journeys/${one.id}/touchpoints?limit=50`)).json();
      for (const { data } of client.pushes.filter(({ type }) => type === 'touchpoint'))
        expect(items).toContainEqual(data);
      client.end();
    },
  },
  {
    name: 'journey: pushes never come before the reply to their subscribe',
    async run(world) {
      const one = await world.journey();
      const flowing = one.touch(60);
      for (let n = 0; n < 5; n++) {
        const client = await world.connect({ as: world.mine.adminToken });
        await subscribe(client, one.channel);
        const at = client.heard.findIndex(({ result }) => result?.channel === one.channel);
        expect(client.heard.slice(0, at).filter(({ channel }) => channel === one.channel)).toEqual([]);
        client.end();
      }
      await flowing;
    },
  },
  {
    name: 'board: a filter shows what passes, and tells once of what leaves',
    async run(world) {
      const one = await world.journey();
      const client = await world.connect({ as: world.mine.adminToken });
      const filter = { text: one.userId, status: ['active'], definition: 'b2b-sales' };
      const { snapshot } = await subscribe(client, 'board', { filter });
      expect(snapshot.map(({ id }: Told) => id as string)).toEqual([one.id]);
      await world.send(world.mine, [{ type: 'track', userId: one.userId, event: 'Deal Won' }]);
      await client.until(({ pushes }) => pushes.length > 0);
      await client.until(({ pushes }) => pushes.some(({ left }) => left === true));
      expect(client.pushes.at(-1)).toMatchObject({
        type: 'journey.changed',
        left: true,
        data: { id: one.id, status: 'won' },
      });
      client.end();
    },
  },
  {
    name: 'alerts: opened on a silence, resolved by the buyer’s return, every step one push',
    async run(world) {
      const client = await world.connect({ as: world.mine.adminToken });
      const { snapshot } = await subscribe(client, 'alerts');
      expect(snapshot.every(({ state }: Told) => state !== 'resolved')).toBe(true);
      const userId = `watched-${Math.random().toString(36).slice(2)}`;
      await world.send(world.mine, [
        { type: 'track', userId, event: 'Watch Me', context: { traits: { name: userId } } },
      ]);
      const id = await eventually('the journey', async () => {
        const page = await world.get(`/api/journeys?definition=alerting&text=${userId}`);
        return (await page.json()).items[0]?.id as string | undefined;
      });
      const text = (data: Told): boolean => data.journeyId === id;
      await client.until(({ pushes }) => pushes.some(({ type, data }) => type === 'alert.opened' && text(data)));
      await world.send(world.mine, [{ type: 'track', userId, event: 'Back Again' }]);
      await client.until(({ pushes }) => pushes.some(({ type, data }) => type === 'alert.resolved' && text(data)));
      const own = client.pushes.filter(({ data }) => text(data));
      expect(own.slice(0, 2).map(({ type }) => type)).toEqual(['alert.opened', 'alert.resolved']);
      expect(own[1]!.data).toMatchObject({ state: 'resolved', resolvedBy: 'buyer' });
      client.end();
    },
  },
  {
    name: 'ops: once a second, of the own workspace alone',
    async run(world) {
      const client = await world.connect({ as: world.stranger.adminToken });
      const { snapshot } = await subscribe(client, 'ops');
      expect(Object.keys(snapshot[0]).sort()).toEqual(
        ['admittedPerSecond', 'advancedPerSecond', 'connections', 'deliveries', 'lag', 'stitchedPerSecond'].sort(),
      );
      const one = await world.journey();
      await client.until(({ pushes }) => pushes.length > 0);
      await one.touch(100);
      const from = client.pushes.length;
      await client.until(({ pushes }) => pushes.length >= from + 3);
      for (const { data } of client.pushes) expect([data.admittedPerSecond, data.advancedPerSecond]).toEqual([0, 0]);
      client.end();
    },
  },
];

const resuming: FeedCase[] = [
  {
    name: 'resume: what was missed is told in the reply, in order, once, and what follows comes live',
    async run(world) {
      const one = await world.journey();
      const before = await world.connect({ as: world.mine.adminToken });
      const { cursor } = await subscribe(before, one.channel);
      before.end();
      await one.touch(30);
      const client = await world.connect({ node: world.other, as: world.mine.adminToken });
      const reply = await subscribe(client, one.channel, { cursor });
      expect(reply.recovered).toBe(true);
      await one.touch(5, 'Later');
      await heard(client, reply, [...numbered(30), ...numbered(5, 'Later')]);
      client.end();
    },
  },
  {
    name: 'resume: right after any push, also between the two frames of one change',
    async run(world) {
      const one = await world.journey();
      const client = await world.connect({ as: world.mine.adminToken });
      await subscribe(client, one.channel);
      await one.touch(6);
      await client.until(({ pushes }) => pushes.length >= 12);
      const all = client.pushes.slice(0, 12);
      for (const [n, push] of all.entries()) {
        const again = await world.connect({ node: world.other, as: world.mine.adminToken });
        const { recovered, missed } = await subscribe(again, one.channel, { cursor: push.cursor });
        expect(recovered).toBe(true);
        expect(missed.map(({ cursor }: Told) => cursor as string)).toEqual(
          all.slice(n + 1).map(({ cursor }) => cursor),
        );
        again.end();
      }
      client.end();
    },
  },
  {
    name: 'resume: 300 missed messages are recovered',
    async run(world) {
      const one = await world.journey();
      const before = await world.connect({ as: world.mine.adminToken });
      const { cursor } = await subscribe(before, one.channel);
      await one.touch(150);
      await before.until(({ pushes }) => pushes.length >= 300);
      before.end();
      const client = await world.connect({ node: world.other, as: world.mine.adminToken });
      const { recovered, missed } = await subscribe(client, one.channel, { cursor });
      expect([recovered, eventsOf(missed)]).toEqual([true, numbered(150)]);
      client.end();
    },
  },
  {
    name: 'resume: far more than 300 is a snapshot, and goes on from there without a gap',
    async run(world) {
      const one = await world.journey();
      const before = await world.connect({ as: world.mine.adminToken });
      const { cursor } = await subscribe(before, one.channel);
      before.end();
      await one.touch(700);
      await eventually(
        '700',
        async () =>
          (await (await world.get(`/api/journeys/${one.id}`, { node: world.other })).json()).touchpoints >= 701,
      );
      const client = await world.connect({ node: world.other, as: world.mine.adminToken });
      const { recovered, snapshot } = await subscribe(client, one.channel, { cursor });
      expect([recovered, snapshot[0].touchpoints]).toEqual([false, 701]);
      await one.touch(3, 'Later');
      await client.until(({ pushes }) => eventsOf(pushes).length >= 3);
      expect(eventsOf(client.pushes)).toEqual(numbered(3, 'Later'));
      client.end();
    },
  },
  {
    name: 'resume: over 1 MB missed is a snapshot or the whole of it, never a part',
    async run(world) {
      const one = await world.journey();
      const before = await world.connect({ as: world.mine.adminToken });
      const { cursor } = await subscribe(before, one.channel);
      before.end();
      await one.touch(60, 'Large', { text: 'x'.repeat(25_000) });
      await eventually(
        '60',
        async () =>
          (await (await world.get(`/api/journeys/${one.id}`, { node: world.other })).json()).touchpoints >= 61,
      );
      const client = await world.connect({ node: world.other, as: world.mine.adminToken });
      const { recovered, snapshot, missed } = await subscribe(client, one.channel, { cursor });
      if (recovered) expect(eventsOf(missed)).toEqual(numbered(60, 'Large'));
      else expect(snapshot[0].touchpoints).toBe(61);
      client.end();
    },
  },
  {
    name: 'resume: on the board, over all partitions, each journey’s newest state',
    async run(world) {
      const several = await Promise.all(Array.from({ length: 5 }, () => world.journey()));
      const before = await world.connect({ as: world.mine.adminToken });
      const filter = { text: 'person-', definition: 'b2b-sales' };
      const { cursor } = await subscribe(before, 'board', { filter });
      before.end();
      for (const one of several) await one.touch(2);
      for (const one of several)
        await eventually(
          'both',
          async () =>
            (await (await world.get(`/api/journeys/${one.id}`, { node: world.other })).json()).touchpoints >= 3,
        );
      const client = await world.connect({ node: world.other, as: world.mine.adminToken });
      const reply = await subscribe(client, 'board', { cursor, filter });
      const told = (reply.recovered ? reply.missed.map(({ data }: Told) => data) : reply.snapshot) as Told[];
      for (const { id } of several)
        expect(told.filter((data) => data.id === id).at(-1).touchpoints).toBeGreaterThanOrEqual(3);
      client.end();
    },
  },
  {
    name: 'boundaries: nothing missed is recovered with nothing',
    async run(world) {
      const one = await world.journey();
      const before = await world.connect({ as: world.mine.adminToken });
      const { cursor } = await subscribe(before, one.channel);
      before.end();
      const client = await world.connect({ node: world.other, as: world.mine.adminToken });
      expect(await subscribe(client, one.channel, { cursor })).toMatchObject({ recovered: true, missed: [] });
      client.end();
    },
  },
  {
    name: 'boundaries: a channel that never had a message has a position',
    async run(world) {
      const quiet = await world.token({ of: world.stranger });
      const client = await world.connect({ as: quiet.token });
      const { cursor, snapshot } = await subscribe(client, 'alerts');
      expect(snapshot).toEqual([]);
      await client.ask('unsubscribe', { channel: 'alerts' });
      expect(await subscribe(client, 'alerts', { cursor })).toMatchObject({ recovered: true, missed: [] });
      client.end();
    },
  },
  {
    name: 'epochs: the same on every node; a cursor of another epoch, channel or the future is a snapshot',
    async run(world) {
      const one = await world.journey();
      const epochs = new Set<string>();
      for (const node of world.nodes) {
        const client = await world.connect({ node });
        epochs.add((await client.ask('authenticate', { token: world.mine.adminToken })).result.epoch as string);
        client.end();
      }
      expect(epochs.size).toBe(1);
      const client = await world.connect({ as: world.mine.adminToken });
      const { cursor } = await subscribe(client, 'alerts');
      await client.ask('unsubscribe', { channel: 'alerts' });
      const [epoch] = epochs;
      for (const bad of [cursor.replace(epoch, 'another'), cursor.replace(/-\w+/, '-zzzzzzzz')]) {
        expect((await subscribe(client, 'alerts', { cursor: bad })).recovered).toBe(false);
        await client.ask('unsubscribe', { channel: 'alerts' });
      }
      expect((await subscribe(client, one.channel, { cursor })).recovered).toBe(false);
      client.end();
    },
  },
  {
    name: 'storms: 200 readers cut at once and back at once lose nothing',
    async run(world) {
      const one = await world.journey();
      const open = (n: number): Promise<TestClient> =>
        eventually('a place', () =>
          world.connect({ node: world.nodes[n % world.nodes.length]!, as: world.mine.adminToken }).catch(() => null),
        );
      const readers = await Promise.all(Array.from({ length: 200 }, (_, n) => open(n)));
      await Promise.all(readers.map((reader) => subscribe(reader, one.channel)));
      await one.touch(10, 'Before');
      await Promise.all(readers.map((reader) => reader.until(({ pushes }) => pushes.length >= 3)));
      const stood = readers.map((reader) => ({ cursor: reader.pushes.at(-1)!.cursor, seen: eventsOf(reader.pushes) }));
      for (const reader of readers) reader.end();
      await one.touch(10, 'Meanwhile');
      const expected = [...numbered(10, 'Before'), ...numbered(10, 'Meanwhile')];
      await Promise.all(
        stood.map(async ({ cursor, seen }, n) => {
          // On the other node than before.
          const client = await open(n + 1);
          const reply = await subscribe(client, one.channel, { cursor });
          expect(reply.recovered).toBe(true);
          await heard(client, reply, expected.slice(seen.length));
          client.end();
        }),
      );
    },
  },
];

const slowReaders: FeedCase[] = [
  {
    name: 'slow readers: on a journey one is cut, comes back and hears everything once',
    async run(world) {
      const one = await world.journey();
      // Straight to a node: what a proxy in between buffers would hide the reader's slowness for megabytes.
      const client = await world.connect({ node: world.other, as: world.mine.adminToken });
      const { cursor: start } = await subscribe(client, one.channel);
      client.ws.pause();
      const gone = client.closed.then(({ code }) => code);
      const count = 240;
      for (let n = 0; n < 4; n++)
        await world.send(
          world.mine,
          Array.from({ length: count / 4 }, (_, i) => ({
            type: 'track',
            userId: one.userId,
            event: `Slow ${n * (count / 4) + i + 1}`,
            properties: { text: 'x'.repeat(30_000) },
          })),
        );
      await eventually(
        'all of them',
        async () => (await (await world.get(`/api/journeys/${one.id}`)).json()).touchpoints > count,
        60_000,
      );
      client.ws.resume();
      // With a close frame, or cut without one; where the network took it all, it was not slow.
      const all = client
        .until(({ pushes }) => eventsOf(pushes).length >= count)
        .then(
          () => 'heard it all',
          () => gone,
        );
      expect([3008, 1006, 'heard it all']).toContain(await Promise.race([gone, all]));
      const seen = eventsOf(client.pushes);
      const last = client.pushes.at(-1)?.cursor ?? (start as string);
      expect(seen).toEqual(numbered(count, 'Slow').slice(0, seen.length));
      const again = await world.connect({ node: world.other, as: world.mine.adminToken });
      const reply = await subscribe(again, one.channel, { cursor: last });
      // More than 1 MB was missed: then it is told so, with the newest state.
      if (reply.recovered) expect([...seen, ...eventsOf(reply.missed)]).toEqual(numbered(count, 'Slow'));
      else expect(reply.snapshot[0].touchpoints).toBe(count + 1);
      again.end();
    },
  },
  {
    name: 'slow readers: one who reads little by little misses nothing',
    async run(world) {
      const one = await world.journey();
      const client = await world.connect({ as: world.mine.adminToken });
      await subscribe(client, one.channel);
      const flowing = one.touch(80);
      for (let n = 0; n < 8; n++) {
        client.ws.pause();
        await new Promise((resolve) => setTimeout(resolve, 40));
        client.ws.resume();
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      await flowing;
      await client.until(({ pushes }) => eventsOf(pushes).length >= 80);
      expect(eventsOf(client.pushes)).toEqual(numbered(80));
      client.end();
    },
  },
];

const tenants: FeedCase[] = [
  {
    name: 'tenants: another’s channel is answered exactly like an unknown one, on web socket, SSE and history',
    async run(world) {
      const theirs = await world.journey(world.stranger);
      const client = await world.connect({ as: world.mine.adminToken });
      const [one, none] = [theirs.channel, 'journey:jrn_00000000'];
      const told = await Promise.all([one, none].map((channel) => client.ask('subscribe', { channel })));
      expect(told[0].error).toEqual(told[1].error);
      for (const face of ['sse', 'history']) {
        const answers = await Promise.all([one, none].map((channel) => world.get(`/live/${face}?channel=${channel}`)));
        const texts = await Promise.all(answers.map(async (answer) => `${answer.status} ${await answer.text()}`));
        expect(texts[0]).toBe(texts[1]);
        expect(answers[0]!.status).toBe(404);
      }
      client.end();
    },
  },
  {
    name: 'tenants: nothing of another workspace is pushed or in a snapshot',
    async run(world) {
      const theirs = await world.journey(world.stranger);
      const ours = await world.journey();
      const client = await world.connect({ as: world.mine.adminToken });
      const { snapshot } = await subscribe(client, 'board');
      expect(JSON.stringify(snapshot)).not.toContain(theirs.userId);
      await theirs.touch(3, 'Secret');
      await ours.touch(3);
      await client.until(({ pushes }) => pushes.some(({ data }) => data.id === ours.id && data.touchpoints >= 4));
      expect(JSON.stringify(client.pushes)).not.toContain(theirs.id);
      client.end();
    },
  },
  {
    name: 'tenants: a cursor of one workspace tells another nothing',
    async run(world) {
      const ours = await world.journey();
      const client = await world.connect({ as: world.mine.adminToken });
      const { cursor } = await subscribe(client, 'board');
      await ours.touch(3);
      await client.until(({ pushes }) => pushes.some(({ data }) => data.id === ours.id));
      const stranger = await world.connect({ as: world.stranger.adminToken });
      const reply = await stranger.ask('subscribe', { channel: 'board', cursor });
      expect(JSON.stringify(reply)).not.toContain(ours.id);
      client.end();
      stranger.end();
    },
  },
];

const streams: FeedCase[] = [
  {
    name: 'SSE: id is the cursor, event the type, data the whole push',
    async run(world) {
      const one = await world.journey();
      const reading = world.events(
        `/live/sse?channel=${one.channel}`,
        (all) => all.filter(({ event }) => event).length >= 4,
      );
      await eventually('the stream', async () => {
        await one.touch(1);
        return true;
      });
      await one.touch(3, 'More');
      const events = (await reading).filter(({ event }) => event);
      for (const { id, event, data } of events) {
        const push = JSON.parse(data!);
        expect([push.channel, push.cursor, push.type]).toEqual([one.channel, id, event]);
      }
    },
  },
  {
    name: 'SSE: Last-Event-ID resumes right after it, with a cursor of the web socket too',
    async run(world) {
      const one = await world.journey();
      const client = await world.connect({ as: world.mine.adminToken });
      const { cursor } = await subscribe(client, one.channel);
      await one.touch(5);
      await client.until(({ pushes }) => eventsOf(pushes).length >= 5);
      const events = await world.events(
        `/live/sse?channel=${one.channel}`,
        (all) => all.filter(({ event }) => event === 'touchpoint').length >= 5,
        { 'last-event-id': cursor as string },
      );
      const names = events.flatMap(({ event, data }) =>
        event === 'touchpoint' ? [JSON.parse(data!).data.event as string] : [],
      );
      expect(names).toEqual(numbered(5));
      client.end();
    },
  },
  {
    name: 'SSE: a cursor that cannot be honoured is an event reset with a new position',
    async run(world) {
      const client = await world.connect({ as: world.mine.adminToken });
      const { cursor } = await subscribe(client, 'alerts');
      client.end();
      const [reset] = await world.events('/live/sse?channel=alerts', (all) => all.length > 0, {
        'last-event-id': (cursor as string).replace(/^(\w)\.\w+/, '$1.another'),
      });
      expect(reset).toMatchObject({ event: 'reset', id: expect.any(String) });
    },
  },
  {
    name: 'SSE: a comment at least every 15 seconds',
    async run(world) {
      const { token } = await world.token({ of: world.stranger });
      const began = Date.now();
      const events = await world.events(
        '/live/sse?channel=alerts',
        (all) => all.filter(({ comment }) => comment).length >= 2,
        { authorization: `Bearer ${token}` },
      );
      expect(events.some(({ comment }) => comment)).toBe(true);
      expect(Date.now() - began).toBeLessThan(15_000);
    },
  },
  {
    name: 'SSE and history: 401 without a token, 404 of no channel, 400 or 410 of no cursor, 403 from a foreign page',
    async run(world) {
      for (const face of ['sse', 'history']) {
        const status = async (query: string, options: Parameters<FeedWorld['get']>[1] = {}): Promise<number> => {
          const answer = await world.get(`/live/${face}?${query}`, options);
          await answer.body?.cancel();
          return answer.status;
        };
        expect(await status('channel=board', { token: '' })).toBe(401);
        expect(await status('channel=nothing')).toBe(404);
        expect([400, 410]).toContain(await status('channel=board&cursor=garbage'));
        expect(await status('channel=board', { headers: { origin: 'https://evil.example' } })).toBe(403);
      }
    },
  },
  {
    name: 'history: pages through what was said, from any cursor, and says when it is up to date',
    async run(world) {
      const one = await world.journey();
      const client = await world.connect({ as: world.mine.adminToken });
      const { cursor: start } = await subscribe(client, one.channel);
      await one.touch(20);
      await client.until(({ pushes }) => pushes.length >= 40);
      const seen: string[] = [];
      let cursor = start as string;
      for (let upToDate = false; !upToDate;) {
        const query = `channel=${one.channel}&limit=7&cursor=${encodeURIComponent(cursor)}`;
        const page = await (await world.get(`/live/history?${query}`, { node: world.other })).json();
        expect(page.items.length).toBeLessThanOrEqual(7);
        seen.push(...eventsOf(page.items));
        ({ cursor, upToDate } = page);
      }
      expect(seen).toEqual(numbered(20));
      // A page's cursor is one of the web socket.
      const again = await world.connect({ as: world.mine.adminToken });
      expect(await subscribe(again, one.channel, { cursor })).toMatchObject({ recovered: true, missed: [] });
      client.end();
      again.end();
    },
  },
  {
    name: 'SSE: a withdrawn token ends the stream',
    async run(world) {
      const { id, token } = await world.token();
      const answer = await world.get('/live/sse?channel=alerts', { token });
      const ended = (async () => {
        for await (const _chunk of answer.body!);
        return 'ended';
      })();
      await world.withdraw(id);
      const late = new Promise<string>((resolve) => setTimeout(() => resolve('still open'), 5_000).unref());
      expect(await Promise.race([ended, late])).toBe('ended');
    },
  },
];

export const feedCases: readonly FeedCase[] = [
  ...authentication,
  ...upgrades,
  ...commands,
  ...channels,
  ...resuming,
  ...slowReaders,
  ...tenants,
  ...streams,
];

/** The code of the close frame that answers raw bytes. */
function rawEnd(url: string, bytes: Buffer): Promise<number> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = openSocket(Number(port), hostname);
    let got = Buffer.alloc(0);
    let open = false;
    socket.write(
      `GET /live HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n`,
    );
    socket.on('data', (chunk) => {
      got = Buffer.concat([got, chunk]);
      const end = got.indexOf('\r\n\r\n');
      if (!open && end >= 0) {
        open = true;
        got = got.subarray(end + 4);
        socket.write(bytes);
      }
      if (open && got.length >= 4 && got[0] === 0x88) {
        resolve(got.readUInt16BE(2));
        socket.destroy();
      }
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('closed without a close frame')));
  });
}
