/** What each channel tells. */
import { expect } from 'vitest';
import { eventually } from '@cairn/testkit/product.ts';
import type { Told } from '@cairn/live-feed/testkit/feed-client.ts';
import { eventsOf, numbered, subscribe } from '../feed-world.ts';
import { type FeedCase } from './feed-case.ts';

export const channels: FeedCase[] = [
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
