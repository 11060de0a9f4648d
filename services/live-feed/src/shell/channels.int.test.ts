import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '@cairn/clock/clock.system.ts';
import { alert, alertFact, journeyIdOf, touchpoint } from '../testkit/facts.ts';
import { type Push, type TestClient, type Told, connect } from '../testkit/feed-client.ts';
import { type FeedNode, type FeedWorld, createFeedWorld } from '../testkit/feed-world.ts';

/** The sentences of API.md section 6 that are about channels: snapshots, pushes, cursors, resuming. */

let world: FeedWorld;
let node: FeedNode;
const ID = journeyIdOf('w1', 'acme');
const ACME = `journey:${ID}`;

beforeEach(async () => {
  world = await createFeedWorld();
  await world.token('w1', 'reader');
  await world.token('w2', 'stranger');
  await world.change('w1', 'acme');
  await world.change('w2', 'globex');
  node = await world.start();
});
afterEach(() => world.end());

const open = (at: FeedNode = node, token = 'reader'): Promise<TestClient> => connect(at.url, { token });
async function subscribe(client: TestClient, channel: string, params: object = {}): Promise<Told> {
  const { result, error } = await client.ask('subscribe', { channel, ...params });
  if (error) throw new Error(JSON.stringify(error));
  return result;
}
const touch = (n: number): Promise<unknown> => world.change('w1', 'acme', {}, touchpoint(`tp_${n}`));
const seqsOf = (pushes: readonly Push[]): number[] =>
  pushes.filter(({ type }) => type === 'journey.changed').map(({ data }) => data.seq);
const touchpointsOf = (pushes: readonly Push[]): string[] =>
  pushes.filter(({ type }) => type === 'touchpoint').map(({ data }) => data.id);
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, n) => from + n);

describe('a journey’s channel', () => {
  test('without a cursor: recovered is false and the snapshot is the journey', async () => {
    const result = await subscribe(await open(), ACME);
    expect(result).toMatchObject({ channel: ACME, recovered: false, snapshot: [{ id: ID, seq: 1 }] });
    expect(result.cursor).toEqual(expect.any(String));
  });

  test('each touchpoint makes exactly one touchpoint frame, and every change one journey.changed', async () => {
    const client = await open();
    await subscribe(client, ACME);
    await touch(1);
    await world.change('w1', 'acme', { stage: 'evaluation' });
    await touch(2);
    await client.until(({ pushes }) => pushes.length >= 5);
    expect(client.pushes.map(({ type }) => type)).toEqual([
      'touchpoint',
      'journey.changed',
      'journey.changed',
      'touchpoint',
      'journey.changed',
    ]);
    expect(seqsOf(client.pushes)).toEqual([2, 3, 4]);
    expect(client.pushes[0]).toEqual({
      channel: ACME,
      cursor: expect.any(String),
      type: 'touchpoint',
      at: '2026-01-05T12:00:00.002Z',
      data: touchpoint('tp_1'),
    });
  });

  test('a cursor between the two frames of a change resumes with the second', async () => {
    const client = await open();
    await subscribe(client, ACME);
    await touch(1);
    await client.until(({ pushes }) => pushes.length === 2);
    const result = await subscribe(await open(), ACME, { cursor: client.pushes[0]!.cursor });
    expect(result.recovered).toBe(true);
    expect(result.missed.map(({ type }: Push) => type)).toEqual(['journey.changed']);
  });

  test('the cursor of each push resumes right after it', async () => {
    const client = await open();
    await subscribe(client, ACME);
    for (const n of range(1, 6)) await touch(n);
    await client.until(({ pushes }) => pushes.length === 12);
    for (const [index, push] of client.pushes.entries()) {
      const again = await open();
      const { missed } = await subscribe(again, ACME, { cursor: push.cursor });
      expect(missed).toEqual(client.pushes.slice(index + 1).map(({ channel: _channel, ...rest }) => rest));
      again.end();
    }
  });

  test('a burst while the subscription is set up is neither lost nor doubled', async () => {
    let last = 1;
    let enough = false;
    const writing = (async () => {
      for (; !enough || last < 100; last++) {
        await touch(last);
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    const client = await open();
    const { snapshot } = await subscribe(client, ACME);
    await client.until(({ pushes }) => pushes.length > 100);
    enough = true;
    await writing;
    await client.until(({ pushes }) => seqsOf(pushes).at(-1) === last);
    expect(seqsOf(client.pushes)).toEqual(range(snapshot[0].seq + 1, last));
  });
});

describe('the board', () => {
  test('starts with every journey of the workspace and of no other, then tells changes', async () => {
    await world.change('w1', 'initech', { status: 'absorbed', absorbedInto: ID });
    const client = await open();
    const { snapshot } = await subscribe(client, 'board');
    expect(snapshot.map(({ id }: { id: string }) => id)).toEqual([ID]);
    await world.change('w2', 'globex');
    await touch(1);
    await client.until(({ pushes }) => pushes.length === 1);
    expect(client.pushes[0]).toMatchObject({ channel: 'board', type: 'journey.changed', data: { id: ID, seq: 2 } });
  });

  test('with a filter only what passes is in the snapshot and pushed; what leaves is told once, marked', async () => {
    await world.change('w1', 'umbra', { stage: 'evaluation' });
    const client = await open();
    const { snapshot } = await subscribe(client, 'board', { filter: { stage: ['evaluation'] } });
    expect(snapshot.map(({ name }: Told) => name)).toEqual(['umbra']);
    await touch(1);
    await world.change('w1', 'umbra', { stage: 'evaluation', owner: 'rep' });
    await world.change('w1', 'umbra', { stage: 'awareness' });
    await world.change('w1', 'umbra', { stage: 'awareness', owner: 'rep' });
    await world.change('w1', 'acme', { stage: 'evaluation' });
    await client.until(({ pushes }) => pushes.some(({ data }) => data.name === 'acme'));
    expect(client.pushes.map(({ data, left }) => [data.name, data.stage, left ?? false])).toEqual([
      ['umbra', 'evaluation', false],
      ['umbra', 'awareness', true],
      ['acme', 'evaluation', false],
    ]);
  });

  test('resuming with a filter tells who came, who left, and nothing of the others', async () => {
    await world.change('w1', 'umbra', { stage: 'evaluation' });
    const { cursor } = await subscribe(await open(), 'board', { filter: { stage: ['evaluation'] } });
    await touch(1);
    await world.change('w1', 'umbra', { stage: 'awareness' });
    await world.change('w1', 'initech', { stage: 'evaluation' });
    await expect
      .poll(async () => {
        const client = await open();
        const { missed } = await subscribe(client, 'board', { filter: { stage: ['evaluation'] }, cursor });
        client.end();
        return missed.map(({ data, left }: Push) => [data.name, left ?? false]);
      })
      .toEqual([
        ['umbra', true],
        ['initech', false],
      ]);
  });

  test('a cursor of the board holds over all partitions, in whatever order they are read', async () => {
    const subjects = range(1, 12).map((n) => `s${n}`);
    for (const subject of subjects) await world.change('w1', subject);
    const client = await open();
    const { cursor } = await subscribe(client, 'board');
    for (const subject of subjects) await world.change('w1', subject);
    await client.until(({ pushes }) => pushes.length >= 12);
    const other = await world.start('another-view');
    const result = await subscribe(await open(other), 'board', { cursor });
    expect(result.recovered).toBe(true);
    expect(result.missed.map(({ data }: Push) => data.name).sort()).toEqual([...subjects].sort());
    const middle = await subscribe(await open(other), 'board', { cursor: client.pushes[5]!.cursor });
    expect(middle.missed.length).toBe(6);
  });
});

describe('the alerts channel', () => {
  test('starts with what is not resolved, newest first, then tells every step', async () => {
    await world.alert(alertFact(alert('w1', 'acme', 'alr_1'), 'alert.opened'));
    await world.alert(
      alertFact(alert('w1', 'acme', 'alr_2', { openedAt: '2026-01-05T13:00:00.000Z' }), 'alert.opened'),
    );
    await world.alert(alertFact(alert('w1', 'acme', 'alr_0', { state: 'resolved' }), 'alert.resolved'));
    await world.alert(alertFact(alert('w2', 'globex', 'alr_9'), 'alert.opened'));
    const client = await open();
    const answered = async (): Promise<string[]> => {
      const { snapshot } = await subscribe(client, 'alerts');
      await client.ask('unsubscribe', { channel: 'alerts' });
      return snapshot.map(({ id }: { id: string }) => id);
    };
    await expect.poll(answered).toEqual(['alr_2', 'alr_1']);
    await subscribe(client, 'alerts');
    await world.alert(
      alertFact(alert('w1', 'acme', 'alr_1', { state: 'resolved', resolvedBy: 'buyer' }), 'alert.resolved'),
    );
    await client.until(({ pushes }) => pushes.length === 1);
    expect(client.pushes[0]).toMatchObject({
      channel: 'alerts',
      type: 'alert.resolved',
      data: { id: 'alr_1', resolvedBy: 'buyer' },
    });
  });

  test('a position exists before the first message', async () => {
    const first = await open();
    const { cursor } = await subscribe(first, 'alerts');
    await world.alert(alertFact(alert('w1', 'acme', 'alr_1'), 'alert.opened'));
    await first.until(({ pushes }) => pushes.length === 1);
    const result = await subscribe(await open(), 'alerts', { cursor });
    expect(result).toMatchObject({ recovered: true, missed: [{ type: 'alert.opened', data: { id: 'alr_1' } }] });
  });
});

test('the ops channel tells once a second how fast things move', async () => {
  const client = await open();
  const { snapshot } = await subscribe(client, 'ops');
  expect(snapshot).toHaveLength(1);
  await client.until(({ pushes }) => pushes.length >= 1);
  expect(client.pushes[0]).toMatchObject({
    channel: 'ops',
    type: 'ops',
    data: {
      admittedPerSecond: expect.any(Number),
      stitchedPerSecond: expect.any(Number),
      advancedPerSecond: expect.any(Number),
      lag: { stitcher: 0, orchestrator: 0, deliverer: 0, 'live-feed': 0 },
      connections: 1,
      deliveries: expect.any(Object),
    },
  });
});

describe('resuming', () => {
  test('up to 300 missed messages are recovered after a restart, in order, once', async () => {
    const { cursor } = await subscribe(await open(), ACME);
    await node.stop();
    for (const n of range(1, 150)) await touch(n);
    node = await world.start();
    const client = await open();
    const result = await subscribe(client, ACME, { cursor });
    expect(result.recovered).toBe(true);
    expect(result.missed).toHaveLength(300);
    expect(touchpointsOf(result.missed)).toEqual(range(1, 150).map((n) => `tp_${n}`));
    expect(seqsOf(result.missed)).toEqual(range(2, 151));
    await touch(151);
    await client.until(({ pushes }) => pushes.length === 2);
    expect(seqsOf(client.pushes)).toEqual([152]);
  });

  test('300 messages of the board and of the alerts are recovered, also by a node with a view of its own', async () => {
    const client = await open();
    const board = await subscribe(client, 'board');
    const alerts = await subscribe(client, 'alerts');
    for (const n of range(1, 300)) {
      await world.change('w1', `s${n}`);
      await world.alert(alertFact(alert('w1', `s${n}`, `alr_${n}`), 'alert.opened'));
      await world.change('w2', 'globex');
    }
    const other = await world.start('another-view');
    const resumed = await open(other);
    const changes = await subscribe(resumed, 'board', { cursor: board.cursor });
    const steps = await subscribe(resumed, 'alerts', { cursor: alerts.cursor });
    expect([changes.recovered, changes.missed.length]).toEqual([true, 300]);
    expect([steps.recovered, steps.missed.length]).toEqual([true, 300]);
    expect(new Set(changes.missed.map(({ data }: Push) => data.name)).size).toBe(300);
  });

  test('far more than 300: a snapshot', async () => {
    const { cursor } = await subscribe(await open(), ACME);
    for (const n of range(1, 700)) await touch(n);
    const client = await open();
    await expect
      .poll(async () => {
        const result = await subscribe(client, ACME, { cursor });
        await client.ask('unsubscribe', { channel: ACME });
        return [result.recovered, result.snapshot?.[0].seq];
      })
      .toEqual([false, 701]);
  });

  test('missed messages of over 1 MB: a snapshot', async () => {
    const { cursor } = await subscribe(await open(), ACME);
    const properties = { note: 'x'.repeat(20_000) };
    for (const n of range(1, 60)) await world.change('w1', 'acme', {}, touchpoint(`tp_${n}`, { properties }));
    await world.change('w1', 'acme');
    const client = await open();
    await expect
      .poll(async () => {
        const result = await subscribe(client, ACME, { cursor });
        await client.ask('unsubscribe', { channel: ACME });
        return [result.recovered, result.snapshot?.[0].seq];
      })
      .toEqual([false, 62]);
  });

  test('a cursor of another epoch, of another channel or from the future is not honoured', async () => {
    const client = await open();
    const { cursor } = await subscribe(client, ACME);
    const board = await subscribe(client, 'board');
    const foreign = cursor.replace(/\.[^.]+\./, '.otherepoch.');
    const future = cursor.replace(/-[0-9a-z]+\.0$/, '-zzzz.0');
    for (const wrong of [foreign, board.cursor, future]) {
      const again = await open();
      expect(await subscribe(again, ACME, { cursor: wrong })).toMatchObject({
        recovered: false,
        snapshot: [{ id: ID }],
      });
      again.end();
    }
  });

  test('the epoch survives a restart and is the same on every node', async () => {
    const epochOf = async (at: FeedNode): Promise<string> => {
      const client = await connect(at.url);
      return (await client.ask('authenticate', { token: 'reader' })).result.epoch;
    };
    const other = await world.start('another-view');
    const before = await epochOf(node);
    await node.stop();
    node = await world.start();
    expect([await epochOf(node), await epochOf(other)]).toEqual([before, before]);
  });

  test('a deleted view is rebuilt and honours the same cursors', async () => {
    const client = await open();
    const { cursor } = await subscribe(client, ACME);
    await touch(1);
    await client.until(({ pushes }) => pushes.length === 2);
    const fresh = await world.start('made-anew');
    const result = await subscribe(await open(fresh), ACME, { cursor });
    expect(touchpointsOf(result.missed)).toEqual(['tp_1']);
  });
});

describe('with delays between the steps of subscribing', () => {
  test.each(['registered', 'read'] as const)(
    'changes that come after “%s” are neither lost nor doubled',
    async (slow) => {
      const waiting: (() => void)[] = [];
      const between = (step: string): Promise<void> =>
        step === slow ? new Promise<void>((resolve) => waiting.push(resolve)) : Promise.resolve();
      const delayed = await world.start('delayed', { between });
      const reached = (count: number): Promise<void> => expect.poll(() => waiting.length).toBe(count);
      const witness = await open();
      await subscribe(witness, ACME);

      const { cursor } = await subscribe(await open(), ACME);
      const [fresh, resumed, board] = [await open(delayed), await open(delayed), await open(delayed)];
      const answers = [subscribe(fresh, ACME), subscribe(resumed, ACME, { cursor }), subscribe(board, 'board')];
      await reached(3);
      for (const n of range(1, 20)) await touch(n);
      await witness.until(({ pushes }) => pushes.length === 40);
      for (const goOn of waiting) goOn();
      const [snapshotted, recovered, cards] = await Promise.all(answers);
      for (const n of range(21, 30)) await touch(n);

      for (const client of [fresh, resumed, board]) await client.until(({ pushes }) => seqsOf(pushes).at(-1) === 31);
      expect(seqsOf(fresh.pushes)).toEqual(range(snapshotted.snapshot[0].seq + 1, 31));
      expect(recovered.recovered).toBe(true);
      expect([...seqsOf(recovered.missed), ...seqsOf(resumed.pushes)]).toEqual(range(2, 31));
      expect([...touchpointsOf(recovered.missed), ...touchpointsOf(resumed.pushes)]).toEqual(
        range(1, 30).map((n) => `tp_${n}`),
      );
      expect(seqsOf(board.pushes)).toEqual(range(cards.snapshot[0].seq + 1, 31));
    },
  );

  test('pushes never come before the reply to their subscribe', async () => {
    let goOn = (): void => {};
    const delayed = await world.start('delayed', {
      between: (step) => (step === 'read' ? new Promise<void>((resolve) => (goOn = resolve)) : Promise.resolve()),
    });
    const client = await open(delayed);
    const witness = await open();
    await subscribe(witness, ACME);
    const reply = subscribe(client, ACME);
    await systemClock.sleep(0);
    await touch(1);
    await witness.until(({ pushes }) => pushes.length === 2);
    await expect.poll(() => (goOn(), client.pushes.length)).toBe(2);
    await reply;
    expect(client.heard.findIndex(({ result }) => result?.channel === ACME)).toBeLessThan(
      client.heard.findIndex(({ channel }) => channel === ACME),
    );
  });
});

describe('a reader that does not read', () => {
  const huge = { note: 'x'.repeat(30_000) };

  test('on a lossless channel is closed as slow, and resumes without a gap', async () => {
    const slow = await open();
    const { cursor } = await subscribe(slow, ACME);
    slow.ws.pause();
    const reader = await open();
    await subscribe(reader, ACME);
    let n = 0;
    const gone = new Promise<void>((resolve) => slow.ws.once('close', () => resolve()));
    // 30 KB twice a change: far more than the sockets and 1 MB can hold.
    for (; n < 400; n++) await world.change('w1', 'acme', {}, touchpoint(`tp_${n}`, { properties: huge }));
    await reader.until(({ pushes }) => touchpointsOf(pushes).length === 400);
    slow.ws.resume();
    await gone;
    expect(slow.pushes.length).toBeLessThan(800);
    const seen = seqsOf(slow.pushes).at(-1) ?? 1;
    expect(seqsOf(slow.pushes)).toEqual(range(2, seen));
    const again = await subscribe(await open(), ACME, { cursor: slow.pushes.at(-1)?.cursor ?? cursor });
    expect(again.recovered ? seqsOf(again.missed)[0] : again.snapshot[0].seq).toBeGreaterThan(seen);
    // Who reads is not closed.
    expect(seqsOf(reader.pushes)).toEqual(range(2, 401));
  });

  test('on the board stays, and is brought to the newest state of each journey', async () => {
    const slow = await open();
    await subscribe(slow, 'board');
    const reader = await open();
    await subscribe(reader, ACME);
    slow.ws.pause();
    const name = 'x'.repeat(20_000);
    for (let n = 0; n < 600; n++) await world.change('w1', 'acme', { name });
    await reader.until(({ pushes }) => seqsOf(pushes).at(-1) === 601);
    slow.ws.resume();
    await slow.until(({ pushes }) => seqsOf(pushes).at(-1) === 601);
    const seqs = seqsOf(slow.pushes);
    expect(seqs.length).toBeLessThan(600);
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
  });
});
