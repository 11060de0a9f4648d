import { expect, test } from 'vitest';
import type { DeliveryFact } from '@cairn/contracts/generated/delivery.ts';
import { DELIVERIES_PER_ENDPOINT, createDeliveryShelves } from './delivery-shelves.ts';
import type { Held, ShelfEntry } from './delivery-shelves.ts';

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
const ids = (page: { items: Held[] }): string[] =>
  page.items.map((held) => ('delivery' in held ? held.delivery.id : held.id));

test('the newest thousand of an endpoint are held, whatever others have; of older ones it is known where they lie', () => {
  const shelves = createDeliveryShelves();
  shelves.take(fact(0, { endpointId: 'ep_2' }), '0:0');
  for (let n = 1; n <= DELIVERIES_PER_ENDPOINT + 5; n++) shelves.take(fact(n), `0:${n}`);
  expect(shelves.endpoint('ws_1', 'ep_1').deliveries).toHaveLength(DELIVERIES_PER_ENDPOINT);
  expect(shelves.get('ws_1', 'msg_5')).toEqual({ id: 'msg_5', place: '0:5' });
  expect(shelves.get('ws_1', 'msg_6')).toMatchObject({ delivery: { id: 'msg_6' } });
  const whole = shelves.list('ws_1', 'ep_1', { limit: 2_000 });
  expect(ids(whole)).toEqual(Array.from({ length: 1_005 }, (_, n) => `msg_${1_005 - n}`));
  // Sent again, it keeps its place in the list.
  shelves.take(fact(3, { state: 'delivered' }), '0:2000');
  expect(shelves.get('ws_1', 'msg_3')).toEqual({ id: 'msg_3', place: '0:2000' });
  expect(ids(shelves.list('ws_1', 'ep_1', { limit: 9, states: new Set(['delivered']) }))).toEqual(['msg_3']);
  expect(ids(shelves.list('ws_1', 'ep_2', { limit: 10 }))).toEqual(['msg_0']);
});

test('no more places are kept than there is room for: the oldest of the endpoint that grows go', () => {
  const shelves = createDeliveryShelves(3);
  for (let n = 1; n <= DELIVERIES_PER_ENDPOINT + 5; n++) shelves.take(fact(n), `0:${n}`);
  expect(shelves.get('ws_1', 'msg_2')).toBeUndefined();
  expect(shelves.get('ws_1', 'msg_3')).toBeDefined();
  expect(shelves.list('ws_1', 'ep_1', { limit: 2_000 }).items).toHaveLength(1_003);
});

test('a change keeps a delivery’s place', () => {
  const shelves = createDeliveryShelves();
  for (const n of [1, 2, 3]) shelves.take(fact(n), '0:1');
  shelves.take(fact(2, { state: 'delivered' }), '0:1');
  expect(ids(shelves.list('ws_1', 'ep_1', { limit: 10 }))).toEqual(['msg_3', 'msg_2', 'msg_1']);
  expect(ids(shelves.list('ws_1', 'ep_1', { limit: 10, states: new Set(['delivered']) }))).toEqual(['msg_2']);
});

test('a page goes on where the last one ended, also when that one changed its state or gave way meanwhile', () => {
  const shelves = createDeliveryShelves();
  for (const n of [1, 2, 3, 4]) shelves.take(fact(n), '0:1');
  const pending = { limit: 2, states: new Set(['pending']) };
  const first = shelves.list('ws_1', 'ep_1', pending);
  expect(ids(first)).toEqual(['msg_4', 'msg_3']);
  shelves.take(fact(3, { state: 'delivered' }), '0:1');
  expect(ids(shelves.list('ws_1', 'ep_1', { ...pending, cursor: first.next! }))).toEqual(['msg_2', 'msg_1']);
  expect(shelves.list('ws_1', 'ep_1', { ...pending, cursor: 'msg_gone' })).toEqual({ items: [], next: null });
});

test('answers that a later fact no longer has are kept', () => {
  const shelves = createDeliveryShelves();
  shelves.take(fact(1, { attempts: [attempt('t1', 'first')] }), '0:1');
  shelves.take(fact(1, { attempts: [attempt('t1', null), attempt('t2', 'second')] }), '0:1');
  expect(shelves.get('ws_1', 'msg_1')).toMatchObject({
    delivery: { attempts: [{ responseBody: 'first' }, { responseBody: 'second' }] },
  });
});

test('another workspace finds nothing', () => {
  const shelves = createDeliveryShelves();
  shelves.take(fact(1), '0:1');
  expect(shelves.get('ws_2', 'msg_1')).toBeUndefined();
  expect(shelves.get('ws', 'msg_1')).toBeUndefined();
  expect(ids(shelves.list('ws_2', 'ep_1', { limit: 10 }))).toEqual([]);
});

test('its entries make the same shelves again', () => {
  const shelves = createDeliveryShelves();
  for (let n = 0; n < 3 * (DELIVERIES_PER_ENDPOINT + 2); n++)
    shelves.take(fact(n, { endpointId: `ep_${n % 3}`, attempts: [attempt('t', `body ${n}`)] }), '0:1');
  const again = createDeliveryShelves();
  for (const one of shelves.entries()) again.put(JSON.parse(JSON.stringify(one)) as ShelfEntry);
  for (const endpoint of ['ep_0', 'ep_1', 'ep_2'])
    expect(again.list('ws_1', endpoint, { limit: 2_000 })).toEqual(shelves.list('ws_1', endpoint, { limit: 2_000 }));
});
