/** Coming back: recovered without a gap, or told to start again. */
import { expect } from 'vitest';
import { eventually } from '@cairn/testkit/product.ts';
import type { TestClient, Told } from '@cairn/live-feed/testkit/feed-client.ts';
import { eventsOf, numbered, subscribe } from '../feed-world.ts';
import { type FeedCase, heard } from './feed-case.ts';

export const resuming: FeedCase[] = [
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
