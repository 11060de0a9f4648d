/** The feed's cases against `npm start`, then what happens to readers when it stops, and when it is killed. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { createFeedClient } from '@cairn/feed-client/feed-client.ts';
import { eventually, startProduct, type Product } from '@cairn/testkit/product.ts';
import { feedCases } from './feed-cases.ts';
import { type FeedWorld, createFeedWorld, deafReader, eventsOf, numbered, subscribe, upgrade } from './feed-world.ts';

describe('the live feed of one process', () => {
  let product: Product;
  let world: FeedWorld;
  beforeAll(async () => {
    product = await startProduct();
    world = await createFeedWorld(product, [product.first.url]);
  });
  afterAll(() => product?.dispose());

  describe('case by case', () => {
    for (const { name, run } of feedCases) test.concurrent(name, () => run(world), 90_000);
  });

  it('storms: upgrades beyond the accept rate are told when to come back', async () => {
    const answers = await Promise.all(
      Array.from({ length: 2_500 }, () => upgrade(product.first.url).catch(() => null)),
    );
    const statuses = new Set(answers.map((answer) => answer?.status));
    expect(statuses.has(101)).toBe(true);
    for (const answer of answers) if (answer?.status === 503) expect(Number(answer.retryAfter)).toBeGreaterThan(0);
    expect([...statuses].filter((status) => status !== undefined && status !== 101 && status !== 503)).toEqual([]);
  });

  it('kill -9: after the restart a reader hears what it missed, once, in the same epoch', async () => {
    const one = await world.journey();
    const client = await world.connect({ as: world.mine.adminToken });
    await subscribe(client, one.channel);
    await one.touch(10, 'Before');
    await client.until(({ pushes }) => eventsOf(pushes).length >= 3);
    await product.kill();
    await client.closed;
    await product.restart();
    await one.touch(10, 'After');
    const again = await world.connect({ as: world.mine.adminToken });
    const reply = await subscribe(again, one.channel, { cursor: client.pushes.at(-1)!.cursor });
    expect(reply.recovered).toBe(true);
    const expected = [...numbered(10, 'Before'), ...numbered(10, 'After')];
    const all = (): string[] => [...eventsOf(client.pushes), ...eventsOf(reply.missed), ...eventsOf(again.pushes)];
    await again.until(() => all().length >= expected.length);
    expect(all()).toEqual(expected);
    again.end();
  });

  it('packages/feed-client hears every touchpoint once, through a kill -9 and a restart', async () => {
    const one = await world.journey();
    const { url, adminToken } = product.first;
    const feed = createFeedClient({
      url: `${url.replace('http', 'ws')}/live`,
      token: adminToken,
      maxRetryMs: 500,
      staleAfterMs: 60_000,
    });
    const events: string[] = [];
    const states: string[] = [];
    let snapshots = 0;
    feed.onState((state) => states.push(state));
    feed.subscribe(one.channel, {
      onSnapshot: () => void snapshots++,
      onMessage: ({ type, data }) => type === 'touchpoint' && events.push(String(data.event)),
    });
    await eventually('live', async () => feed.state === 'live');
    await one.touch(8, 'Before');
    await eventually('some', async () => events.length >= 3);
    await product.kill();
    await eventually('noticed', async () => feed.state === 'recovering');
    await product.restart();
    await one.touch(8, 'After');
    await eventually('all of them', async () => events.length >= 16);
    expect(events).toEqual([...numbered(8, 'Before'), ...numbered(8, 'After')]);
    expect([snapshots, states]).toEqual([1, ['live', 'recovering', 'live']]);
    feed.close();
  });

  it('the example of the guide prints alerts', async () => {
    const { url, adminToken } = product.first;
    const example = spawn(
      process.execPath,
      [join(import.meta.dirname, '../examples/live-feed/watch-alerts.ts'), url, adminToken],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let printed = '';
    example.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    await eventually('it is live', async () => printed.includes('-- live'));
    await world.send(world.mine, [{ type: 'track', userId: 'watched-by-the-example', event: 'Watch Me' }]);
    await eventually('the alert', async () => /alert\.opened stall alr_\S+: No reply/.test(printed));
    example.kill();
  });

  it('drains: SIGTERM tells each reader to come back, each at another time, and new ones 503', async () => {
    const clients = await Promise.all(Array.from({ length: 20 }, () => world.connect({ as: world.mine.adminToken })));
    // One that never answers the close frame: the process waits for it, so that somebody can come while it drains.
    await deafReader(product.first.url);
    const stopped = product.stop();
    // Until it is gone, whoever comes is told when to come back.
    const late = await eventually('a refusal', async () => {
      const answer = await upgrade(product.first.url).catch(() => null);
      return answer?.status === 101 ? null : answer;
    });
    expect(late).toEqual({ status: 503, retryAfter: '1' });
    const closed = await Promise.all(clients.map(({ closed: end }) => end));
    expect(new Set(closed.map(({ code }) => code))).toEqual(new Set([3001]));
    const hints = closed.map(({ reason }) => /come back in (\d+) ms/.exec(reason)?.[1]);
    expect(hints.every((hint) => hint !== undefined)).toBe(true);
    expect(new Set(hints).size).toBeGreaterThan(5);
    expect(await stopped).toBe(0);
    await product.restart();
  });
});
