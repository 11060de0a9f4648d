import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeJson } from '@cairn/contracts/json.ts';
import { keyOf, partitionOf } from '@cairn/contracts/topics.ts';
import { alert, alertFact, deadLetter, journeyIdOf, person } from '../testkit/facts.ts';
import { connect } from '../testkit/feed-client.ts';
import { type FeedNode, type FeedWorld, PARTITIONS, createFeedWorld } from '../testkit/feed-world.ts';

/** API.md section 4, what all routes have in common: tags of resources, faults as problem details, limits, counts of the board, replaying. */

let world: FeedWorld;
let node: FeedNode;
const ACME = journeyIdOf('w1', 'acme');

beforeEach(async () => {
  world = await createFeedWorld();
  await world.token('w1', 'reader');
  await world.token('w1', 'boss', { scopes: ['admin'] });
  await world.token('w2', 'stranger', { scopes: ['admin'] });
  node = await world.start();
});
afterEach(() => world.end());

const ask = (path: string, { as = 'reader', ...init }: RequestInit & { as?: string } = {}): Promise<Response> =>
  fetch(`${node.url}${path}`, {
    redirect: 'manual',
    ...init,
    headers: { authorization: `Bearer ${as}`, ...(init.headers as object) },
  });
const there = async (path: string): Promise<void> =>
  expect.poll(async () => (await ask(path)).status, { timeout: 10_000 }).toBe(200);

describe('a single resource', () => {
  beforeEach(async () => {
    await world.change('w1', 'acme');
    await world.alert(alertFact(alert('w1', 'acme', 'one'), 'alert.opened'));
    const ann = person('w1', 'ann');
    const key = keyOf.subject('w1', 'ann');
    await world.append([
      { topic: 'identities', partition: partitionOf('w1', PARTITIONS), key, value: encodeJson(ann) },
    ]);
    await there(`/api/journeys/${ACME}`);
  });

  it('of a journey and an alert has a tag, and is a 304 for who has it', async () => {
    const { items } = await (await ask('/api/alerts')).json();
    for (const path of [`/api/journeys/${ACME}`, `/api/alerts/${items[0].id}`]) {
      const first = await ask(path);
      const tag = first.headers.get('etag')!;
      expect(tag).toMatch(/^W\/"[\w-]+"$/);
      for (const given of [tag, tag.slice(2), `"other", ${tag}`, '*']) {
        const again = await ask(path, { headers: { 'if-none-match': given } });
        expect([given, again.status, await again.text(), again.headers.get('etag')]).toEqual([given, 304, '', tag]);
      }
      expect((await ask(path, { headers: { 'if-none-match': 'W/"other"' } })).status).toBe(200);
    }
  });

  it('has another tag once it has changed', async () => {
    const tag = (await ask(`/api/journeys/${ACME}`)).headers.get('etag')!;
    await world.change('w1', 'acme', { stage: 'evaluation' });
    const headers = { 'if-none-match': tag };
    await expect.poll(async () => (await ask(`/api/journeys/${ACME}`, { headers })).status).toBe(200);
  });

  it('of another workspace is a 404, whatever tag is given', async () => {
    const answer = await ask(`/api/journeys/${ACME}`, { as: 'stranger', headers: { 'if-none-match': '*' } });
    expect(answer.status).toBe(404);
  });
});

describe('faults', () => {
  it.each([
    ['GET', '/api/nothing', 404, 'not-found', null],
    ['GET', '/api/journeys/jrn_1/nothing', 404, 'not-found', null],
    ['POST', '/nowhere', 404, 'not-found', null],
    ['DELETE', '/api/journeys/jrn_1', 405, 'method-not-allowed', 'GET, HEAD'],
    ['PUT', '/api/journeys', 405, 'method-not-allowed', 'GET, HEAD'],
    ['GET', '/api/alerts/alr_1/acknowledge', 405, 'method-not-allowed', 'POST'],
    ['PATCH', '/api/dead-letters', 405, 'method-not-allowed', 'GET, HEAD'],
    ['POST', '/', 405, 'method-not-allowed', 'GET, HEAD'],
    ['POST', '/healthz', 405, 'method-not-allowed', 'GET, HEAD'],
    ['POST', '/live/history?channel=board', 405, 'method-not-allowed', 'GET'],
    ['GET', '/live', 426, 'upgrade-required', null],
    ['GET', '/api/journeys?limit=501', 400, 'bad-request', null],
    ['GET', '/api/journeys?limit=0', 400, 'bad-request', null],
    ['GET', '/api/journeys?cursor=garbage', 400, 'bad-request', null],
    ['GET', '/api/journeys?status=unheard-of', 400, 'bad-request', null],
    ['GET', '/api/journeys?minScore=much', 400, 'bad-request', null],
    ['GET', '/api/board?unknown=1', 400, 'bad-request', null],
    ['GET', '/api/people', 400, 'bad-request', null],
    ['GET', '/api/journeys/%E0%A4%A', 400, 'bad-request', null],
  ])('%s %s is a %i as problem details', async (method, path, status, code, allow) => {
    const answer = await ask(path, { method });
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    const problem = await answer.json();
    expect({
      status: answer.status,
      code: problem.code,
      said: problem.status,
      allow: answer.headers.get('allow'),
    }).toEqual({ status, code, said: status, allow });
    expect(problem.type).toBe(`https://cairn.dev/problems/${code}`);
  });

  it('a body that is no JSON is a 400, one too large a 413', async () => {
    const post = (body: string): Promise<Response> =>
      ask('/api/alerts/alr_1/snooze', { method: 'POST', body, headers: { 'content-type': 'application/json' } });
    expect(await (await post('{')).json()).toMatchObject({ status: 400, code: 'malformed-json' });
    expect(await (await post(`"${'x'.repeat(1_100_000)}"`)).json()).toMatchObject({ status: 413, code: 'too-large' });
  });
});

describe('the rate limit', () => {
  it('lets 500 requests of a token through at once, and a flood of more is told when to come back', async () => {
    const flood = async (requests: number): Promise<Response[]> =>
      Promise.all(Array.from({ length: requests }, () => ask('/api/journeys/jrn_none')));
    for (const { status } of await flood(500)) expect(status).toBe(404);
    let refused: Response | undefined;
    for (let tries = 0; tries < 40 && !refused; tries++)
      refused = (await flood(500)).find(({ status }) => status === 429);
    // A machine too slow to send faster than the limit cannot be refused.
    if (!refused) return;
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await refused.json()).toMatchObject({ status: 429, code: 'too-many-requests' });
    expect((await ask('/api/journeys', { as: 'boss' })).status).toBe(200);
  });
});

describe('GET /api/board', () => {
  it('counts by definition, stage and status, under the filters of the list', async () => {
    await world.change('w1', 'one', { stage: 'awareness' });
    await world.change('w1', 'two', { stage: 'awareness', status: 'stalled' });
    await world.change('w1', 'three', { stage: 'evaluation', owner: 'rep' });
    await world.change('w1', 'gone', { status: 'absorbed', absorbedInto: ACME });
    await world.change('w2', 'other');
    await there(`/api/journeys/${journeyIdOf('w1', 'gone')}`);
    const count = async (query = '', as = 'reader'): Promise<unknown> =>
      (await ask(`/api/board${query}`, { as })).json();
    const row = (stage: string, status: string) => ({ definition: 'b2b-sales', stage, status, journeys: 1 });
    expect(await count()).toEqual({
      items: [row('awareness', 'active'), row('awareness', 'stalled'), row('evaluation', 'active')],
      complete: true,
    });
    expect(await count('?stalled=true')).toMatchObject({ items: [row('awareness', 'stalled')] });
    expect(await count('?owner=rep')).toMatchObject({ items: [row('evaluation', 'active')] });
  });
});

describe('dead letters', () => {
  it('of a task go back into its inbox as they were; what was refused at the door does not', async () => {
    const key = keyOf.subject('w1', 'acme');
    const partition = partitionOf(key, PARTITIONS);
    const value = encodeJson({ type: 'stitched', workspace: 'w1' });
    await world.append([{ topic: 'journey-inbox', partition, key, value, headers: { kept: '1' } }]);
    const letter = (id: string, more: object) => ({
      topic: 'dead-letters',
      partition: partitionOf('w1', PARTITIONS),
      key: 'w1',
      value: encodeJson({ ...deadLetter('w1', id), ...more }),
    });
    await world.append([
      letter('dl_task', {
        reason: 'handler-failed',
        position: { topic: 'journey-inbox', partition, offset: '0', stateVersion: null },
      }),
      letter('dl_gone', {
        reason: 'handler-failed',
        position: { topic: 'journey-inbox', partition, offset: '99', stateVersion: null },
      }),
      letter('dl_door', { reason: 'missing-event', position: null }),
    ]);
    await there('/api/dead-letters/dl_door');
    const replay = (body: unknown, as = 'boss'): Promise<Response> =>
      ask('/api/dead-letters/replay', {
        method: 'POST',
        as,
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      });
    expect((await replay({}, 'reader')).status).toBe(403);
    expect((await replay({ ids: 'dl_task' })).status).toBe(400);
    expect(await (await replay({ ids: ['dl_task'] }, 'stranger')).json()).toEqual({
      replayed: 0,
      skipped: [{ id: 'dl_task', why: 'unknown' }],
    });
    expect(await (await replay({ ids: ['dl_task', 'dl_gone', 'dl_door', 'dl_none'] })).json()).toEqual({
      replayed: 1,
      skipped: [
        { id: 'dl_gone', why: 'no-longer-in-the-log' },
        { id: 'dl_door', why: 'refused-at-the-door' },
        { id: 'dl_none', why: 'unknown' },
      ],
    });
    const back = await world.log.read('journey-inbox', partition, 1n, 10);
    expect(
      back.map((record) => ({ key: record.key, headers: record.headers, value: Buffer.from(record.value!) })),
    ).toEqual([{ key, headers: { kept: '1' }, value: Buffer.from(value) }]);
  });
});

describe('the ops channel', () => {
  it('tells a workspace of itself alone', async () => {
    const mine = await connect(node.url, { token: 'reader' });
    const other = await connect(node.url, { token: 'stranger' });
    expect((await mine.ask('subscribe', { channel: 'ops' })).result.snapshot).toEqual([
      {
        admittedPerSecond: 0,
        stitchedPerSecond: 0,
        advancedPerSecond: 0,
        lag: { 'live-feed': 0 },
        connections: 1,
        deliveries: { attemptsPerSecond: 0 },
      },
    ]);
    await other.ask('subscribe', { channel: 'ops' });
    // From the first sample on, what comes is counted.
    await other.until(({ pushes }) => pushes.length > 0);
    await mine.until(({ pushes }) => pushes.length > 0);
    for (let n = 0; n < 30; n++) await world.change('w2', 'busy');
    await world.append([
      { topic: 'touchpoints', partition: partitionOf('w2', PARTITIONS), key: 'w2', value: encodeJson({}) },
    ]);
    await other.until(({ pushes }) =>
      pushes.some(({ data }) => data.advancedPerSecond > 0 && data.admittedPerSecond > 0),
    );
    const before = mine.pushes.length;
    await mine.until(({ pushes }) => pushes.length > before);
    for (const { data } of mine.pushes)
      expect(data).toMatchObject({
        admittedPerSecond: 0,
        advancedPerSecond: 0,
        lag: { 'live-feed': 0 },
        connections: 1,
      });
    mine.end();
    other.end();
  });
});
