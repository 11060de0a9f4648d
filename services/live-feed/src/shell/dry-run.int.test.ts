import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '@cairn/clock/clock.system.ts';
import { formatInstant } from '@cairn/clock/calendar.ts';
import { encodeJson } from '@cairn/contracts/json.ts';
import { loadDefinition } from '@cairn/orchestrator/core/definition/load-definition.ts';
import { controlKey } from '@cairn/service-kit/control-mirror.ts';
import type { DefinitionPut } from '@cairn/contracts/generated/control.ts';
import type { ExportedTouchpoint } from '@cairn/history/queries/touchpoint-export.ts';
import { type FeedNode, type FeedWorld, createFeedWorld } from '../testkit/feed-world.ts';
import { DRY_RUN_TOUCHPOINTS_MAX } from './dry-run-routes.ts';

/** `POST /api/definitions/dry-run` over a history that is a list; the real history is in the end-to-end tests. */

const DAY = 86_400_000;
let world: FeedWorld;
let node: FeedNode;
let items: ExportedTouchpoint[];
let total: number;
/** Awaited before each page. */
let beforePage: () => Promise<void>;

const definition = (after: string, event = 'Demo Requested'): string => `
cairn: journey-definition/1
name: sales
unit: person
stages:
  - name: looking
    stall: { after: ${after} }
  - name: trying
    enter: { event: ${event} }
`;

beforeEach(async () => {
  world = await createFeedWorld();
  await world.token('w1', 'actor', { scopes: ['act'] });
  await world.token('w1', 'looker', { scopes: ['read'] });
  await world.token('w2', 'stranger', { scopes: ['admin'] });
  const now = systemClock.now();
  const track = (userId: string, daysAgo: number, event: string): ExportedTouchpoint => ({
    type: 'track',
    event,
    userId,
    messageId: `${userId}-${daysAgo}`,
    timestamp: formatInstant(now - daysAgo * DAY),
    traits: {},
    properties: {},
    context: {},
  });
  items = [
    track('ann', 20, 'Page Viewed'),
    track('bob', 19, 'Page Viewed'),
    track('bob', 15, 'Demo Requested'),
    track('ann', 1, 'Page Viewed'),
  ];
  total = items.length;
  beforePage = async () => {};
  await live(definition('10 days'));
  node = await world.start(undefined, {
    touchpointExport: async (workspace, { from, after, limit }) => {
      await beforePage();
      if (workspace !== 'w1') return { items: [], next: null };
      const rest = items.slice(after ? after[0] : 0).filter(({ timestamp }) => Date.parse(timestamp) >= from);
      const page = rest.slice(0, Math.min(limit, 2));
      const done = (after ? after[0] : 0) + page.length;
      return { items: page, next: done < items.length ? [done, 'x'] : null };
    },
    newestTouchpoints: async (_workspace, from) => ({ total, from }),
  });
});
afterEach(() => world.end());

async function live(text: string): Promise<void> {
  const loaded = loadDefinition(text);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
  const change: DefinitionPut = {
    type: 'definition.put',
    workspace: 'w1',
    name: loaded.definition.name,
    version: 3,
    definition: { ...loaded.definition },
    by: 'test',
    at: 1,
  };
  await world.append([{ topic: 'control', partition: 0, key: controlKey(change), value: encodeJson(change) }]);
}

const ask = (text: string, query = '', as = 'actor', signal?: AbortSignal): Promise<Response> =>
  fetch(`${node.url}/api/definitions/dry-run${query}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${as}`, 'content-type': 'application/yaml' },
    body: text,
    ...(signal ? { signal } : {}),
  });

test('says which alerts and transitions a change would add, lose, make earlier or later', async () => {
  const response = await ask(definition('3 days', '[Demo Requested, Nothing]'));
  expect(response.status).toBe(200);
  const told = await response.json();
  expect(told).toMatchObject({
    definition: 'sales',
    liveVersion: 3,
    since: 'P90D',
    touchpoints: 4,
    available: 4,
    capped: false,
    over: 'all 4 touchpoints',
    // Ann's 19 days of silence were an alert after 10, and would have been after 3; bob's four days none, and would have been.
    alerts: { before: 1, after: 2, added: 1, lost: 0, earlier: 1, later: 0, same: 0 },
    transitions: { before: 1, after: 1, same: 1 },
    actions: { before: 0, after: 0 },
  });
  expect(told['alerts'].examples.added).toMatchObject([
    { subject: 'bob', what: 'stall', stage: 'looking', before: null, journeyId: null },
  ]);
});

test('is honest about what it did not look at', async () => {
  total = DRY_RUN_TOUCHPOINTS_MAX + 17;
  const told = await (await ask(definition('3 days'))).json();
  expect(told).toMatchObject({
    capped: true,
    available: 200_017,
    over: 'the newest 200000 of 200017 touchpoints',
  });
});

test('a definition with no live one of its name adds everything; JSON is taken as well', async () => {
  const body = {
    cairn: 'journey-definition/1',
    name: 'other',
    unit: 'person',
    stages: [{ name: 'a', stall: { after: '3 days' } }],
  };
  const told = await (await ask(JSON.stringify(body), '?since=30d&examples=1')).json();
  expect(told).toMatchObject({ liveVersion: null, since: 'P30D', alerts: { before: 0, after: 3, added: 3 } });
  expect(told['alerts'].examples.added.length).toBe(1);
});

test.each([
  ['since', '?since=soon'],
  ['a since that is too long', '?since=500d'],
  ['examples', '?examples=many'],
])('a bad %s is a 400', async (_what, query) => {
  expect((await ask(definition('3 days'), query)).status).toBe(400);
});

test('a bad definition is a 422 with each fault and its path', async () => {
  const response = await ask(definition('3 bananas'));
  expect(response.status).toBe(422);
  expect(await response.json()).toMatchObject({ errors: [{ path: 'stages[0].stall.after' }] });
  // And the next one finds the way free.
  expect((await ask(definition('3 days'))).status).toBe(200);
});

test('needs scope act', async () => {
  expect((await ask(definition('3 days'), '', 'looker')).status).toBe(403);
  expect((await ask(definition('3 days'), '', 'nobody')).status).toBe(401);
});

test('looks at the own workspace alone', async () => {
  const told = await (await ask(definition('3 days'), '', 'stranger')).json();
  expect(told).toMatchObject({ liveVersion: null, touchpoints: 0, from: null, alerts: { before: 0, after: 0 } });
});

test('one at a time for each workspace; it ends with whoever asked, and the next one may come', async () => {
  let begun = (): void => {};
  const hasBegun = new Promise<void>((resolve) => (begun = resolve));
  let release = (): void => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  beforePage = async () => {
    begun();
    await released;
  };
  const client = new AbortController();
  const first = ask(definition('3 days'), '', 'actor', client.signal).catch((error: Error) => error.name);
  await hasBegun;
  const second = await ask(definition('3 days'));
  expect(second.status).toBe(429);
  expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(0);
  // Another request is answered meanwhile.
  expect((await fetch(`${node.url}/api/alerts`, { headers: { authorization: 'Bearer looker' } })).status).toBe(200);
  client.abort();
  expect(await first).toBe('AbortError');
  beforePage = async () => {};
  // The history's page was never answered: the run ended all the same.
  await expect.poll(async () => (await ask(definition('3 days'))).status, { timeout: 20_000 }).toBe(200);
  release();
});
