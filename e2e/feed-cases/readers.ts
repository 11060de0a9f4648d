/** Readers who are slow, and tenants who see nothing of each other. */
import { expect } from 'vitest';
import { eventually } from '@cairn/testkit/product.ts';
import { eventsOf, numbered, subscribe } from '../feed-world.ts';
import { type FeedCase } from './feed-case.ts';

export const slowReaders: FeedCase[] = [
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

export const tenants: FeedCase[] = [
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
