import { afterEach, beforeEach, expect, test } from 'vitest';
import { journeyIdOf, touchpoint } from '../testkit/facts.ts';
import { connect, type Push, type TestClient } from '../testkit/feed-client.ts';
import { createFeedWorld, type FeedNode, type FeedWorld } from '../testkit/feed-world.ts';

/** What `npm run bench feed` shows for 1,000 readers, with a few, as a matter of right and wrong: nobody who reads is closed, nothing is lost. */

const READERS = 60;
const CHANGES = 120;
const ACME = `journey:${journeyIdOf('w1', 'acme')}`;

let world: FeedWorld;
let node: FeedNode;
beforeEach(async () => {
  world = await createFeedWorld();
  await world.token('w1', 'reader');
  await world.change('w1', 'acme');
  node = await world.start();
});
afterEach(() => world.end());

async function open(
  cursor?: string,
): Promise<{ client: TestClient; missed: Push[]; cursor: string; recovered: boolean }> {
  const client = await connect(node.url, { token: 'reader' });
  const { result } = (await client.ask('subscribe', { channel: ACME, ...(cursor ? { cursor } : {}) })) as {
    result: { cursor: string; recovered: boolean; missed?: Push[] };
  };
  return { client, missed: result.missed ?? [], cursor: result.cursor, recovered: result.recovered };
}

const seqsOf = (pushes: readonly Push[]): number[] =>
  pushes.filter(({ type }) => type === 'journey.changed').map(({ data }) => (data as { seq: number }).seq);
const all = Array.from({ length: CHANGES }, (_, n) => n + 2);

async function change(from: number, to: number): Promise<void> {
  for (let n = from; n < to; n++) await world.change('w1', 'acme', {}, touchpoint(`tp_${n}`));
}

test('many readers of a busy journey hear every change once, in order, and none of them is closed', async () => {
  const readers = await Promise.all(Array.from({ length: READERS }, () => open()));
  let closed = 0;
  for (const { client } of readers) void client.closed.then(() => closed++);
  await change(0, CHANGES);
  await Promise.all(readers.map(({ client }) => client.until(({ pushes }) => seqsOf(pushes).length >= CHANGES)));
  for (const { client } of readers) expect(seqsOf(client.pushes)).toEqual(all);
  expect(closed).toBe(0);
});

test('many readers that are all cut at once come back with their cursors, and have lost nothing and heard nothing twice', async () => {
  const before = await Promise.all(Array.from({ length: READERS }, () => open()));
  await change(0, CHANGES / 2);
  // Wherever each of them happens to stand.
  for (const { client } of before) client.ws.terminate();
  await Promise.all(before.map(({ client }) => client.closed));
  await change(CHANGES / 2, CHANGES - 10);
  const after = await Promise.all(before.map(({ client, cursor }) => open(client.pushes.at(-1)?.cursor ?? cursor)));
  await change(CHANGES - 10, CHANGES);
  await Promise.all(after.map(({ client }) => client.until(({ pushes }) => seqsOf(pushes).at(-1) === CHANGES + 1)));
  before.forEach(({ client }, i) => {
    const { missed, recovered, client: back } = after[i]!;
    expect(recovered).toBe(true);
    expect(seqsOf([...client.pushes, ...missed, ...back.pushes])).toEqual(all);
  });
});
