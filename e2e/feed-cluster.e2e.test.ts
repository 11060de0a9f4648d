/** The feed's cases against the four services on a real Kafka broker with two live-feed nodes, then with one of them killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { findTestKafka, type TestKafka } from '@cairn/testkit/kafka-broker.ts';
import { eventually, startProduct, type Product } from '@cairn/testkit/product.ts';
import { feedCases } from './feed-cases.ts';
import { type FeedWorld, createFeedWorld, eventsOf, numbered, subscribe } from './feed-world.ts';

const kafka: TestKafka | null = await findTestKafka();
const PORT = 20_000 + (process.pid % 20_000);

/** A second live-feed node, with a view of its own. */
function startNode(dataDir: string): ChildProcess {
  return spawn(process.execPath, [join(import.meta.dirname, '../services/live-feed/src/main.ts')], {
    env: {
      ...process.env,
      PORT: String(PORT),
      CAIRN_DATA_DIR: dataDir,
      CAIRN_KAFKA_BROKERS: kafka!.brokers.join(','),
      CAIRN_LOG_LEVEL: 'warn',
    },
    stdio: 'ignore',
  });
}

describe.skipIf(!kafka)('the live feed of two nodes on Kafka', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'cairn-node-'));
  const second = `http://127.0.0.1:${PORT}`;
  let product: Product;
  let node: ChildProcess;
  let world: FeedWorld;
  beforeAll(async () => {
    product = await startProduct({
      command: 'cluster',
      env: { CAIRN_KAFKA_BROKERS: kafka!.brokers.join(',') },
      readyWithinMs: 120_000,
    });
    node = startNode(dataDir);
    await eventually('the second node', async () => (await fetch(`${second}/readyz`)).ok, 60_000);
    world = await createFeedWorld(product, [product.first.url, second]);
  });
  afterAll(async () => {
    node?.kill('SIGKILL');
    await product?.dispose();
    await kafka?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  describe('case by case', () => {
    for (const { name, run } of feedCases) test.concurrent(name, () => run(world), 120_000);
  });

  it('positions are the same on both: a push has the same cursor here and there', async () => {
    const one = await world.journey();
    const clients = await Promise.all(
      world.nodes.map((url) => world.connect({ node: url, as: world.mine.adminToken })),
    );
    const replies = await Promise.all(clients.map((client) => subscribe(client, one.channel)));
    expect(replies[0].cursor).toBe(replies[1].cursor);
    await one.touch(15);
    for (const client of clients) await client.until(({ pushes }) => pushes.length >= 30);
    expect(clients[0]!.pushes.map(({ cursor }) => cursor)).toEqual(clients[1]!.pushes.map(({ cursor }) => cursor));
    for (const client of clients) client.end();
  });

  it('one node is killed: its readers go on at the other one without a gap, and come back to it later', async () => {
    const one = await world.journey();
    const readers = await Promise.all(
      Array.from({ length: 50 }, () => world.connect({ node: second, as: world.mine.adminToken })),
    );
    await Promise.all(readers.map((reader) => subscribe(reader, one.channel)));
    const flowing = one.touch(40, 'Before');
    await Promise.all(readers.map((reader) => reader.until(({ pushes }) => pushes.length >= 4)));
    node.kill('SIGKILL');
    await Promise.all(readers.map(({ closed }) => closed));
    await flowing;
    await one.touch(10, 'Meanwhile');
    const expected = [...numbered(40, 'Before'), ...numbered(10, 'Meanwhile')];
    let last = '';
    for (const reader of readers) {
      const client = await world.connect({ as: world.mine.adminToken });
      const reply = await subscribe(client, one.channel, { cursor: reader.pushes.at(-1)!.cursor });
      expect(reply.recovered).toBe(true);
      const all = (): string[] => [...eventsOf(reader.pushes), ...eventsOf(reply.missed), ...eventsOf(client.pushes)];
      await client.until(() => all().length >= expected.length);
      expect(all()).toEqual(expected);
      await client.until(({ pushes }) => pushes.length === 0 || pushes.at(-1)!.type === 'journey.changed');
      last = client.pushes.at(-1)?.cursor ?? (reply.cursor as string);
      client.end();
    }
    node = startNode(dataDir);
    await eventually('the second node', async () => (await fetch(`${second}/readyz`)).ok, 60_000);
    await one.touch(5, 'Later');
    const back = await world.connect({ node: second, as: world.mine.adminToken });
    const reply = await subscribe(back, one.channel, { cursor: last });
    expect(reply.recovered).toBe(true);
    const all = (): string[] => [...eventsOf(reply.missed), ...eventsOf(back.pushes)];
    await back.until(() => all().length >= 5);
    expect(all()).toEqual(numbered(5, 'Later'));
    back.end();
  });
});
