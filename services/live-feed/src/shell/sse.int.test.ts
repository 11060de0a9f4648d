import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { journeyIdOf, touchpoint } from '../testkit/facts.ts';
import { type Told, connect } from '../testkit/feed-client.ts';
import { type FeedNode, type FeedWorld, createFeedWorld } from '../testkit/feed-world.ts';

/** The feed without web sockets: API.md section 6, its last paragraph. */

let world: FeedWorld;
let node: FeedNode;
const ACME = `journey:${journeyIdOf('w1', 'acme')}`;
const streams: AbortController[] = [];

beforeEach(async () => {
  world = await createFeedWorld();
  await world.token('w1', 'reader');
  await world.change('w1', 'acme');
  await world.change('w2', 'globex');
  node = await world.start();
});
afterEach(async () => {
  for (const stream of streams.splice(0)) stream.abort();
  await world.end();
});

interface Event {
  id: string | null;
  event: string | null;
  data: Told;
}

const bearer = { authorization: 'Bearer reader' };
const get = (path: string, headers: Record<string, string> = bearer): Promise<Response> =>
  fetch(`${node.url}${path}`, { headers });

/** Everything that has come so far, as a browser would split it; comments too. */
async function stream(channel: string, headers: Record<string, string> = bearer) {
  const abort = new AbortController();
  streams.push(abort);
  const response = await fetch(`${node.url}/live/sse?channel=${channel}`, { headers, signal: abort.signal });
  const blocks: string[] = [];
  let rest = '';
  void (async () => {
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + chunk).split('\n\n');
      rest = parts.pop()!;
      blocks.push(...parts);
    }
  })().catch(() => {});
  const field = (block: string, name: string): string | null =>
    new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1] ?? null;
  return {
    response,
    blocks,
    events: (): Event[] =>
      blocks
        .filter((block) => field(block, 'data') !== null)
        .map((block) => ({
          id: field(block, 'id'),
          event: field(block, 'event'),
          data: JSON.parse(field(block, 'data')!),
        })),
    lastId: (): string | null =>
      blocks
        .map((block) => field(block, 'id'))
        .filter(Boolean)
        .at(-1) ?? null,
    close: () => abort.abort(),
  };
}
const touch = (n: number): Promise<unknown> => world.change('w1', 'acme', {}, touchpoint(`tp_${n}`));

describe('GET /live/sse', () => {
  test('id is the cursor, event the type, data the whole push', async () => {
    const { response, events } = await stream(ACME);
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect(response.headers.get('cache-control')).toBe('no-store');
    await touch(1);
    await expect.poll(() => events().length).toBe(2);
    expect(events().map(({ event }) => event)).toEqual(['touchpoint', 'journey.changed']);
    expect(events()[0]).toMatchObject({
      id: events()[0]!.data.cursor,
      data: { channel: ACME, type: 'touchpoint', data: { id: 'tp_1' } },
    });
  });

  test('a reader that never got an event has a position to come back to', async () => {
    const first = await stream(ACME);
    await expect.poll(() => first.lastId()).not.toBeNull();
    expect(first.events()).toEqual([]);
    first.close();
    await touch(1);
    const again = await stream(ACME, { ...bearer, 'last-event-id': first.lastId()! });
    await expect.poll(() => again.events().map(({ event }) => event)).toEqual(['touchpoint', 'journey.changed']);
  });

  test('Last-Event-ID resumes right after it, over a restart too', async () => {
    const first = await stream(ACME);
    await touch(1);
    await expect.poll(() => first.events().length).toBe(2);
    const { id } = first.events()[0]!;
    first.close();
    await node.stop();
    await touch(2);
    node = await world.start();
    const again = await stream(ACME, { ...bearer, 'last-event-id': id! });
    await touch(3);
    await expect
      .poll(() => again.events().map(({ event, data }) => `${event} ${data.data.seq ?? data.data.id}`))
      .toEqual(['journey.changed 2', 'touchpoint tp_2', 'journey.changed 3', 'touchpoint tp_3', 'journey.changed 4']);
  });

  test('a cursor that cannot be honoured is an event reset, with a new position', async () => {
    const { lastId, close } = await stream(ACME);
    await expect.poll(lastId).not.toBeNull();
    const foreign = lastId()!.replace(/\.[^.]+\./, '.otherepoch.');
    close();
    const again = await stream(ACME, { ...bearer, 'last-event-id': foreign });
    await expect.poll(() => again.events().map(({ event }) => event)).toEqual(['reset']);
    await touch(1);
    await expect
      .poll(() => again.events().map(({ event }) => event))
      .toEqual(['reset', 'touchpoint', 'journey.changed']);
  });

  test('a cursor of the web socket is good here, and the other way round', async () => {
    const client = await connect(node.url, { token: 'reader' });
    const { result } = await client.ask('subscribe', { channel: ACME });
    await touch(1);
    const events = await stream(ACME, { ...bearer, 'last-event-id': result.cursor });
    await expect.poll(() => events.events().length).toBe(2);
    await client.ask('unsubscribe', { channel: ACME });
    const back = await client.ask('subscribe', { channel: ACME, cursor: events.events()[0]!.id });
    expect(back.result.missed.map(({ type }: { type: string }) => type)).toEqual(['journey.changed']);
  });

  test('without a token 401, an unreadable cursor 400, an unknown channel 404, a foreign origin 403', async () => {
    expect((await get(`/live/sse?channel=${ACME}`, {})).status).toBe(401);
    expect((await get(`/live/sse?channel=${ACME}`, { ...bearer, 'last-event-id': 'yesterday' })).status).toBe(400);
    expect((await get('/live/sse?channel=weather')).status).toBe(404);
    expect((await get(`/live/sse?channel=${ACME}`, { ...bearer, origin: 'https://evil.example' })).status).toBe(403);
  });

  test('another workspace’s channel answers like an unknown one', async () => {
    const foreign = await get(`/live/sse?channel=journey:${journeyIdOf('w2', 'globex')}`);
    const unknown = await get('/live/sse?channel=journey:jrn_none');
    expect([foreign.status, await foreign.text()]).toEqual([unknown.status, await unknown.text()]);
  });

  test('a token that is withdrawn ends the stream', async () => {
    const { response } = await stream(ACME);
    const body = response.body!;
    await node.ports.control.put({ type: 'token.withdrawn', workspace: 'w1', id: 'tok_reader', at: 1 });
    await expect.poll(() => body.locked).toBe(true);
    await expect.poll(async () => (await get(`/live/sse?channel=${ACME}`)).status).toBe(401);
  });
});

describe('GET /live/history', () => {
  const page = async (query: string): Promise<Told> => (await get(`/live/history?channel=${ACME}&${query}`)).json();

  test('pages through what was kept and says when it is up to date', async () => {
    for (const n of [1, 2, 3]) await touch(n);
    const seen: string[] = [];
    await expect.poll(async () => (await page('limit=500')).items.length).toBe(7);
    let cursor = '';
    for (let turn = 0; turn < 20; turn++) {
      const { items, cursor: next, upToDate } = await page(`limit=2&cursor=${cursor}`);
      seen.push(...items.map(({ type, data }: Told) => `${type} ${data.seq ?? data.id}`));
      expect(items.length).toBeLessThanOrEqual(2);
      cursor = next;
      if (upToDate) break;
    }
    expect(seen).toEqual([
      'journey.changed 1',
      'touchpoint tp_1',
      'journey.changed 2',
      'touchpoint tp_2',
      'journey.changed 3',
      'touchpoint tp_3',
      'journey.changed 4',
    ]);
    expect(await page(`cursor=${cursor}`)).toEqual({ items: [], cursor, upToDate: true });
  });

  test('a cursor that is too old is a 410, one that cannot be read a 400', async () => {
    const { cursor } = await page('');
    for (let n = 0; n < 700; n++) await world.change('w1', 'acme');
    await expect.poll(async () => (await get(`/live/history?channel=${ACME}&cursor=${cursor}`)).status).toBe(410);
    expect((await get(`/live/history?channel=${ACME}&cursor=yesterday`)).status).toBe(400);
    expect((await get(`/live/history?channel=${ACME}&limit=0`)).status).toBe(400);
  });

  test('without a token 401, an unknown channel 404', async () => {
    expect((await get(`/live/history?channel=${ACME}`, {})).status).toBe(401);
    expect((await get('/live/history?channel=journey:jrn_none')).status).toBe(404);
  });
});
