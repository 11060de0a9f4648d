import { effectAnswered, message, specOf } from '@cairn/testkit/given-when-then.ts';
import type { SpecInput, SpecOutcome } from '@cairn/testkit/given-when-then.ts';
import type { DeliveryRequested } from '@cairn/contracts/generated/delivery.ts';
import { idOf } from '@cairn/contracts/ids.ts';
import { expect, test } from 'vitest';
import { handleDelivery } from './deliver-task.ts';

const T0 = Date.UTC(2026, 0, 31, 8);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const given = specOf({ handle: (state, input, now) => handleDelivery({ partitions: () => 8 }, state, input, now) });

const put = (id: string, types: string[]): SpecInput =>
  message(
    `ws_1/${id}`,
    {
      type: 'endpoint.put',
      workspace: 'ws_1',
      at: T0,
      endpoint: {
        id,
        workspace: 'ws_1',
        url: `https://example.com/${id}`,
        types,
        secrets: [],
        preset: null,
        fifo: false,
        rateLimit: null,
        schedule: [],
        state: 'enabled',
        disabledReason: null,
        headers: {},
        createdAt: T0,
        version: 1,
      },
    },
    T0,
  );

/** A message that is asked for then, and whose only attempt fails. */
function fails(n: number, at: number): SpecInput[] {
  const request: DeliveryRequested = {
    type: 'delivery.requested',
    workspace: 'ws_1',
    endpointId: 'ep_1',
    deliveryId: `msg_${n}`,
    factId: `fact_${n}`,
    factType: 'alert.opened',
    at,
    journeyId: null,
    expiresAt: null,
    data: {},
  };
  const result = {
    type: 'delivery.attempted',
    workspace: 'ws_1',
    endpointId: 'ep_1',
    deliveryId: `msg_${n}`,
    attempt: 1,
    at,
    durationMs: 1,
    status: 500,
    code: 'http_500',
    responseBody: '',
    retryAfter: null,
    control: null,
  };
  return [message('ws_1/ep_1', request, at), effectAnswered(idOf('att', `msg_${n}`, 1), 'ws_1/ep_1', result, at + 1)];
}

/** What the operator's endpoint is to be told of the endpoints, in order. */
const told = (outcome: SpecOutcome): unknown[] =>
  outcome.outputs
    .filter(({ topic }) => topic === 'delivery-inbox')
    .map(({ value }) => value as DeliveryRequested)
    .filter(({ factType }) => factType.startsWith('endpoint.'))
    .map(({ endpointId, factType, data }) => [endpointId, factType, data['share'] ?? data['reason']]);

test('an endpoint that only fails is warned of at 50, 70 and 90 % of five days, once each, and then disabled', () => {
  const at = [0, 13 * HOUR, 2.5 * DAY + HOUR, 3 * DAY, 3.5 * DAY + HOUR, 4.5 * DAY + HOUR, 4.6 * DAY, 5 * DAY + HOUR];
  given(put('ep_1', ['alert.*']), put('ep_op', ['endpoint.*']), put('ep_other', ['alert.*']))
    .when(...at.flatMap((after, n) => fails(n, T0 + after)))
    .then((outcome) =>
      expect(told(outcome)).toEqual([
        ['ep_op', 'endpoint.failing', 0.5],
        ['ep_op', 'endpoint.failing', 0.7],
        ['ep_op', 'endpoint.failing', 0.9],
        ['ep_op', 'endpoint.disabled', 'every attempt failed for 5 days'],
      ]),
    );
});

test('one bad hour and a quiet week disable nothing: its failures lie within 12 h', () => {
  given(put('ep_1', ['alert.*']), put('ep_op', ['*']))
    .when(...[0, 11 * HOUR, 6 * DAY].flatMap((after, n) => fails(n, T0 + after)))
    .then((outcome) => expect(told(outcome)).toEqual([]));
});

test('the endpoint that is in trouble is not told of it itself', () => {
  given(put('ep_1', ['*']))
    .when(...[0, 13 * HOUR, 5 * DAY + HOUR].flatMap((after, n) => fails(n, T0 + after)))
    .then((outcome) => expect(told(outcome)).toEqual([]));
});
