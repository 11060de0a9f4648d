/** Server-sent events and the history over HTTP. */
import { expect } from 'vitest';
import { eventually } from '@cairn/testkit/product.ts';
import { type FeedWorld, eventsOf, numbered, subscribe } from '../feed-world.ts';
import { type FeedCase } from './feed-case.ts';

export const streams: FeedCase[] = [
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
