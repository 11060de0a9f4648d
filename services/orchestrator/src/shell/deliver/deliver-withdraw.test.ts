import { effectAnswered, message, specOf, timePassed } from '@cairn/testkit/given-when-then.ts';
import type { SpecInput, SpecOutcome } from '@cairn/testkit/given-when-then.ts';
import type { DeliveriesWithdrawn, DeliveryFact, DeliveryRequested } from '@cairn/contracts/generated/delivery.ts';
import { idOf } from '@cairn/contracts/ids.ts';
import { describe, expect, test } from 'vitest';
import { handleDelivery } from './deliver-task.ts';

const T0 = Date.UTC(2026, 0, 31, 8);
const KEY = 'ws_1/ep_1';
const HOUR = 3_600_000;
const given = specOf({ handle: (state, input, now) => handleDelivery({ partitions: () => 8 }, state, input, now) });

const put = (more: object = {}): SpecInput =>
  message(
    KEY,
    {
      type: 'endpoint.put',
      workspace: 'ws_1',
      at: T0,
      endpoint: {
        id: 'ep_1',
        workspace: 'ws_1',
        url: 'https://example.com/hook',
        types: ['*'],
        secrets: [],
        preset: null,
        fifo: false,
        rateLimit: null,
        schedule: [HOUR, HOUR],
        state: 'enabled',
        disabledReason: null,
        headers: {},
        createdAt: T0,
        version: 1,
        ...more,
      },
    },
    T0,
  );

const asked = (n: string, at = T0, more: Partial<DeliveryRequested> = {}): SpecInput =>
  message(
    KEY,
    {
      type: 'delivery.requested',
      workspace: 'ws_1',
      endpointId: 'ep_1',
      deliveryId: `msg_${n}`,
      factId: `fact_${n}`,
      factType: 'action.requested',
      at,
      journeyId: `jrn_${n}`,
      expiresAt: null,
      data: { id: `act_${n}`, personId: `per_${n}` },
      ...more,
    },
    at,
  );

const withdrawn = (at: number, more: Partial<DeliveriesWithdrawn>): SpecInput =>
  message(
    KEY,
    {
      type: 'deliveries.withdrawn',
      workspace: 'ws_1',
      endpointId: 'ep_1',
      personId: null,
      journeyId: null,
      alertId: null,
      types: ['*'],
      state: 'suppressed',
      reason: 'the person was erased',
      at,
      ...more,
    },
    at,
  );

const answered = (n: string, attempt: number, at: number, status = 500): SpecInput =>
  effectAnswered(
    idOf('att', `msg_${n}`, attempt),
    KEY,
    {
      type: 'delivery.attempted',
      workspace: 'ws_1',
      endpointId: 'ep_1',
      deliveryId: `msg_${n}`,
      attempt,
      at,
      durationMs: 1,
      status,
      code: status === 200 ? null : `http_${status}`,
      responseBody: '',
      retryAfter: null,
      control: null,
    },
    at,
  );

const facts = (outcome: SpecOutcome): DeliveryFact[] =>
  outcome.outputs.filter(({ topic }) => topic === 'deliveries').map(({ value }) => value as DeliveryFact);
const ended = (outcome: SpecOutcome) =>
  facts(outcome)
    .filter(({ type }) => type === 'delivery.ended')
    .map(({ delivery }) => [delivery.id, delivery.state, delivery.reason ?? null]);
const sent = (outcome: SpecOutcome): number => outcome.effects.filter(({ type }) => type === 'send-webhook').length;
const ERASED = ['suppressed', 'the person was erased'];

describe('what waits for a person who was erased', () => {
  test('ends as suppressed at once, with the reason; another person’s goes on', () => {
    given(put(), asked('a'), asked('b'), answered('a', 1, T0 + 1), answered('b', 1, T0 + 1))
      .when(withdrawn(T0 + 1_000, { personId: 'per_a' }), timePassed(T0 + 2_000))
      .then((outcome) => expect(ended(outcome)).toEqual([['msg_a', ...ERASED]]));
    given(put(), asked('a'), asked('b'), answered('a', 1, T0 + 1), answered('b', 1, T0 + 1))
      .when(withdrawn(T0 + 1_000, { personId: 'per_a' }), timePassed(T0 + 2 * HOUR))
      .then((outcome) => expect(sent(outcome)).toBe(1));
  });

  test('is not sent even where its time comes before it was looked at', () => {
    given(put(), asked('a'), answered('a', 1, T0 + 1))
      .when(withdrawn(T0 + 2 * HOUR, { personId: 'per_a' }))
      .then((outcome) => {
        // Log time: the retry was due before the withdrawal was written, and was sent.
        expect(sent(outcome)).toBe(1);
      });
    given(put({ rateLimit: 0.001 }), asked('b'), asked('a'))
      .when(withdrawn(T0 + 1, { personId: 'per_a' }), timePassed(T0 + 2 * HOUR))
      .then((outcome) => {
        expect(ended(outcome)).toEqual([['msg_a', ...ERASED]]);
        expect(sent(outcome)).toBe(0);
      });
  });

  test('is found in thin bodies and in messages for Slack, which do not name the person', () => {
    for (const more of [{ payload: 'thin' }, { preset: 'slack' }])
      given(put(more), asked('a'), answered('a', 1, T0 + 1))
        .when(withdrawn(T0 + 1_000, { personId: 'per_a' }), timePassed(T0 + 2_000))
        .then((outcome) => expect(ended(outcome)).toEqual([['msg_a', ...ERASED]]));
  });

  test('that is on its way is delivered when the answer is good, and suppressed when it is not', () => {
    for (const [status, end] of [
      [200, ['delivered', null]],
      [500, ERASED],
    ] as const)
      given(put(), asked('a'), withdrawn(T0 + 10, { personId: 'per_a' }), timePassed(T0 + 1_000))
        .when(answered('a', 1, T0 + 2_000, status))
        .then((outcome) => expect(ended(outcome)).toEqual([['msg_a', ...end]]));
  });

  test('is not made anew, nor sent again by a person', () => {
    const loaded = (mode: string, at: number): SpecInput => {
      const rest = { workspace: 'ws_1', endpointId: 'ep_1', deliveryId: 'msg_a' };
      const request = {
        type: 'delivery.requested',
        ...rest,
        factId: 'fact_a',
        factType: 'action.requested',
        at: T0,
        journeyId: 'jrn_a',
        expiresAt: null,
        data: { id: 'act_a', personId: 'per_a' },
      };
      return message(KEY, { type: 'delivery.loaded', ...rest, mode, request }, at);
    };
    for (const mode of ['resend', 'recover'])
      given(put({ schedule: [] }), asked('a'), answered('a', 1, T0 + 1), withdrawn(T0 + 10, { personId: 'per_a' }))
        .when(loaded(mode, T0 + HOUR))
        .then((outcome) => {
          expect(sent(outcome)).toBe(0);
          expect(ended(outcome)).toHaveLength(1);
        });
    given(put(), withdrawn(T0 + 10, { personId: 'per_a' }))
      .when({ ...asked('a', T0), at: T0 + 20 })
      .then((outcome) => expect(sent(outcome)).toBe(0));
  });
});

test('what is asked for after consent was given again is sent', () => {
  given(put(), withdrawn(T0 + 10, { personId: 'per_a', types: ['action.*'] }))
    .when(asked('a', T0 + 11))
    .then((outcome) => expect(sent(outcome)).toBe(1));
});

test('only the types that it names are withdrawn', () => {
  given(put(), asked('a', T0, { factType: 'alert.opened' }), answered('a', 1, T0 + 1))
    .when(withdrawn(T0 + 10, { personId: 'per_a', types: ['action.*'] }), timePassed(T0 + 1_000))
    .then((outcome) => expect(ended(outcome)).toEqual([]));
});

test('a journey’s messages are withdrawn together', () => {
  given(
    put(),
    asked('a', T0, { journeyId: 'jrn_1', factType: 'journey.qualified' }),
    asked('b', T0, { journeyId: 'jrn_2', factType: 'journey.qualified' }),
    answered('a', 1, T0 + 1),
    answered('b', 1, T0 + 1),
  )
    .when(withdrawn(T0 + 10, { journeyId: 'jrn_1', reason: 'gone' }), timePassed(T0 + 1_000))
    .then((outcome) => expect(ended(outcome)).toEqual([['msg_a', 'suppressed', 'gone']]));
});

describe('an endpoint that takes action.requested alone', () => {
  const superseded = (more: Partial<DeliveriesWithdrawn>): SpecInput =>
    withdrawn(T0 + 10, { types: ['action.requested'], state: 'superseded', reason: 'newer', ...more });
  const alert = { data: { id: 'act_a', alertId: 'alr_1' }, journeyId: 'jrn_1' };

  test('has its action superseded by the journey’s newer one, or by the alert’s resolution', () => {
    for (const alertId of [null, 'alr_1'])
      given(put(), asked('a', T0, alert), answered('a', 1, T0 + 1))
        .when(superseded({ journeyId: 'jrn_1', alertId }))
        .then((outcome) => expect(ended(outcome)).toEqual([['msg_a', 'superseded', 'newer']]));
  });

  test('keeps it when another alert or journey is concerned', () => {
    for (const more of [{ journeyId: 'jrn_1', alertId: 'alr_2' }, { journeyId: 'jrn_2' }])
      given(put(), asked('a', T0, alert), answered('a', 1, T0 + 1))
        .when(superseded(more))
        .then((outcome) => expect(ended(outcome)).toEqual([]));
  });
});

test('nothing is left of a withdrawal after a week', () => {
  given(put(), asked('a'), answered('a', 1, T0 + 1), withdrawn(T0 + 10, { personId: 'per_a' }))
    .when(timePassed(T0 + 8 * 24 * HOUR))
    .then((outcome) => expect(Object.keys(outcome.state).filter((key) => /^[dxw]\//.test(key))).toEqual([]));
});
