import { expect, test } from 'vitest';
import type { DeliveryFact } from '@cairn/contracts/generated/delivery.ts';
import { DELIVERIES_PER_ENDPOINT, createDeliveryShelves } from './delivery-shelves.ts';

const fact = (n: number, more: Partial<DeliveryFact['delivery']> = {}): DeliveryFact => ({
  type: 'delivery.created',
  workspace: 'ws_1',
  at: n,
  delivery: {
    id: `msg_${n}`,
    workspace: 'ws_1',
    endpointId: 'ep_1',
    type: 'alert.opened',
    factId: `fact_${n}`,
    journeyId: null,
    state: 'pending',
    attempts: [],
    nextAttemptAt: null,
    createdAt: '2026-01-31T08:00:00.000Z',
    ...more,
  },
});
const attempt = (at: string, responseBody: string | null) => ({
  at,
  status: 500,
  code: 'http_500',
  durationMs: 1,
  responseBody,
});
const ids = (page: { items: { id: string }[] }): string[] => page.items.map(({ id }) => id);

test('the newest thousand of an endpoint are held, whatever others have', () => {
  const shelves = createDeliveryShelves();
  shelves.take(fact(0, { endpointId: 'ep_2' }));
  for (let n = 1; n <= DELIVERIES_PER_ENDPOINT + 5; n++) shelves.take(fact(n));
  expect(shelves.endpoint('ws_1', 'ep_1').deliveries).toHaveLength(DELIVERIES_PER_ENDPOINT);
  expect(shelves.get('ws_1', 'msg_5')).toBeUndefined();
  expect(shelves.get('ws_1', 'msg_6')).toBeDefined();
  expect(ids(shelves.list('ws_1', 'ep_2', { limit: 10 }))).toEqual(['msg_0']);
});

test('a change keeps a delivery’s place', () => {
  const shelves = createDeliveryShelves();
  for (const n of [1, 2, 3]) shelves.take(fact(n));
  shelves.take(fact(2, { state: 'delivered' }));
  expect(ids(shelves.list('ws_1', 'ep_1', { limit: 10 }))).toEqual(['msg_3', 'msg_2', 'msg_1']);
  expect(ids(shelves.list('ws_1', 'ep_1', { limit: 10, states: new Set(['delivered']) }))).toEqual(['msg_2']);
});

test('a page goes on where the last one ended, also when that one changed its state or gave way meanwhile', () => {
  const shelves = createDeliveryShelves();
  for (const n of [1, 2, 3, 4]) shelves.take(fact(n));
  const pending = { limit: 2, states: new Set(['pending']) };
  const first = shelves.list('ws_1', 'ep_1', pending);
  expect(ids(first)).toEqual(['msg_4', 'msg_3']);
  shelves.take(fact(3, { state: 'delivered' }));
  expect(ids(shelves.list('ws_1', 'ep_1', { ...pending, cursor: first.next! }))).toEqual(['msg_2', 'msg_1']);
  expect(shelves.list('ws_1', 'ep_1', { ...pending, cursor: 'msg_gone' })).toEqual({ items: [], next: null });
});

test('answers that a later fact no longer has are kept', () => {
  const shelves = createDeliveryShelves();
  shelves.take(fact(1, { attempts: [attempt('t1', 'first')] }));
  shelves.take(fact(1, { attempts: [attempt('t1', null), attempt('t2', 'second')] }));
  expect(shelves.get('ws_1', 'msg_1')!.attempts.map(({ responseBody }) => responseBody)).toEqual(['first', 'second']);
});

test('another workspace finds nothing', () => {
  const shelves = createDeliveryShelves();
  shelves.take(fact(1));
  expect(shelves.get('ws_2', 'msg_1')).toBeUndefined();
  expect(shelves.get('ws', 'msg_1')).toBeUndefined();
  expect(ids(shelves.list('ws_2', 'ep_1', { limit: 10 }))).toEqual([]);
});

test('its facts make the same shelves again', () => {
  const shelves = createDeliveryShelves();
  for (let n = 0; n < 20; n++)
    shelves.take(fact(n, { endpointId: `ep_${n % 3}`, attempts: [attempt('t', `body ${n}`)] }));
  const again = createDeliveryShelves();
  for (const one of shelves.facts()) again.take(JSON.parse(JSON.stringify(one)) as DeliveryFact);
  for (const endpoint of ['ep_0', 'ep_1', 'ep_2'])
    expect(again.list('ws_1', endpoint, { limit: 100 })).toEqual(shelves.list('ws_1', endpoint, { limit: 100 }));
});
