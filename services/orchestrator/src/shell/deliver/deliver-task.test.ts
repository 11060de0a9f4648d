import { effectAnswered, message, specOf, timePassed } from '@cairn/testkit/given-when-then.ts';
import type { SpecInput, SpecOutcome } from '@cairn/testkit/given-when-then.ts';
import type { AttemptResult, DeliveryFact, DeliveryRequested } from '@cairn/contracts/generated/delivery.ts';
import type { Endpoint } from '@cairn/contracts/generated/control.ts';
import { idOf } from '@cairn/contracts/ids.ts';
import { describe, expect, test } from 'vitest';
import { handleDelivery } from './deliver-task.ts';

const T0 = Date.UTC(2026, 0, 31, 8);
const KEY = 'ws_1/ep_1';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const topics = { partitions: () => 8 };
const given = specOf({ handle: (state, input, now) => handleDelivery(topics, state, input, now) });

const endpoint = (more: Partial<Endpoint> = {}): Endpoint => ({
  id: 'ep_1',
  workspace: 'ws_1',
  url: 'https://example.com/hook',
  types: ['*'],
  secrets: [{ key: 'v1.sealed', scheme: 'v1', until: null }],
  preset: null,
  fifo: false,
  rateLimit: null,
  schedule: [5_000, 5 * MINUTE],
  state: 'enabled',
  disabledReason: null,
  headers: {},
  createdAt: T0,
  version: 1,
  ...more,
});

const put = (more: Partial<Endpoint> = {}, at = T0): SpecInput =>
  message(KEY, { type: 'endpoint.put', workspace: 'ws_1', endpoint: endpoint(more), at }, at);

const requestOf = (n: number | string, more: Partial<DeliveryRequested> = {}): DeliveryRequested => ({
  type: 'delivery.requested',
  workspace: 'ws_1',
  endpointId: 'ep_1',
  deliveryId: `msg_${n}`,
  factId: `fact_${n}`,
  factType: 'alert.opened',
  at: T0,
  journeyId: null,
  expiresAt: null,
  data: { id: `alr_${n}` },
  ...more,
});
const asked = (n: number | string, at = T0, more: Partial<DeliveryRequested> = {}): SpecInput =>
  message(KEY, requestOf(n, more), at);

/** The answer to attempt `attempt` of delivery `n`; `code: null` is a 200. */
function answered(n: number | string, attempt: number, at: number, more: Partial<AttemptResult> = {}): SpecInput {
  const ok = more.code === undefined && more.status === undefined;
  const result: AttemptResult = {
    type: 'delivery.attempted',
    workspace: 'ws_1',
    endpointId: 'ep_1',
    deliveryId: `msg_${n}`,
    attempt,
    at: at - 10,
    durationMs: 10,
    status: ok ? 200 : 500,
    code: ok ? null : `http_${more.status ?? 500}`,
    responseBody: 'answer',
    retryAfter: null,
    control: null,
    ...more,
  };
  return effectAnswered(idOf('att', `msg_${n}`, attempt), KEY, result, at);
}
const failed = { status: 500 };

const facts = (outcome: SpecOutcome): DeliveryFact[] =>
  outcome.outputs.filter((output) => output.topic === 'deliveries').map((output) => output.value as DeliveryFact);
const sent = (outcome: SpecOutcome): string[] =>
  outcome.effects
    .filter((effect) => effect.type === 'send-webhook')
    .map(
      ({ payload }) => `${(payload as { deliveryId: string }).deliveryId}#${(payload as { attempt: number }).attempt}`,
    );
const states = (outcome: SpecOutcome): string[] =>
  facts(outcome).map((fact) => `${fact.delivery.id} ${fact.delivery.state}`);
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

describe('a delivery', () => {
  test('is sent at once, after a fact that says it is pending', () => {
    given(put())
      .when(asked(1))
      .then((outcome) => {
        expect(sent(outcome)).toEqual(['msg_1#1']);
        expect(facts(outcome)).toMatchObject([
          { type: 'delivery.created', delivery: { state: 'pending', attempts: [] } },
        ]);
        expect(outcome.effects[0]!.payload).toMatchObject({
          url: 'https://example.com/hook',
          body: JSON.stringify({
            type: 'alert.opened',
            timestamp: '2026-01-31T08:00:00.000Z',
            data: { id: 'alr_1', workspace: 'ws_1', factId: 'fact_1' },
          }),
        });
      });
  });

  test('that is answered with 200 is delivered, with the attempt as it was', () => {
    given(put(), asked(1))
      .when(answered(1, 1, T0 + 50))
      .then((outcome) => {
        expect(facts(outcome)).toEqual([
          {
            type: 'delivery.ended',
            workspace: 'ws_1',
            at: T0 + 50,
            endpoint: {
              breaker: 'closed',
              probeAt: null,
              heldUntil: null,
              window: 8,
              sending: 0,
              waiting: 0,
              failingSince: null,
            },
            delivery: {
              id: 'msg_1',
              workspace: 'ws_1',
              endpointId: 'ep_1',
              type: 'alert.opened',
              factId: 'fact_1',
              journeyId: null,
              state: 'delivered',
              attempts: [
                { at: '2026-01-31T08:00:00.040Z', status: 200, code: null, durationMs: 10, responseBody: 'answer' },
              ],
              nextAttemptAt: null,
              source: '1',
              createdAt: '2026-01-31T08:00:00.000Z',
            },
          },
        ]);
      });
  });

  test('that failed is sent again when its wait is over and not before, under the same id with the same body', () => {
    const first = given(put()).when(asked(1));
    let body: unknown;
    first.then((outcome) => (body = (outcome.effects[0]!.payload as { body: string }).body));
    const history = [put(), asked(1), answered(1, 1, T0 + 50, failed)];
    given(...history)
      .when(timePassed(T0 + 50 + 4_999))
      .then((outcome) => expect(sent(outcome)).toEqual([]));
    given(...history)
      .when(timePassed(T0 + 50 + 6_000))
      .then((outcome) => {
        expect(sent(outcome)).toEqual(['msg_1#2']);
        expect((outcome.effects[0]!.payload as { body: string }).body).toBe(body);
      });
  });

  test('whose schedule is used up is exhausted: two entries are two retries after the first attempt', () => {
    given(
      put(),
      asked(1),
      answered(1, 1, T0, failed),
      timePassed(T0 + 6_000),
      answered(1, 2, T0 + 6_000, failed),
      timePassed(T0 + HOUR),
    )
      .when(answered(1, 3, T0 + HOUR, failed), timePassed(T0 + 5 * DAY))
      .then((outcome) => {
        expect(states(outcome)).toEqual(['msg_1 exhausted']);
        expect(facts(outcome)[0]!.delivery.attempts.map((attempt) => attempt.code)).toEqual([
          'http_500',
          'http_500',
          'http_500',
        ]);
        expect(sent(outcome)).toEqual([]);
      });
  });

  test('asked for twice is made once, also after it ended', () => {
    given(put(), asked(1))
      .when(asked(1), answered(1, 1, T0 + 50), asked(1, T0 + 60))
      .then((outcome) => {
        expect(sent(outcome)).toEqual([]);
        expect(states(outcome)).toEqual(['msg_1 delivered']);
      });
  });

  test('waits as long as Retry-After says, and no longer than a day', () => {
    const at = T0 + 50;
    for (const [retryAfter, waits] of [
      ['3600', HOUR],
      ['315360000', DAY],
    ] as const)
      given(put(), asked(1))
        .when(answered(1, 1, at, { ...failed, retryAfter }))
        .then((outcome) => expect(outcome.timers['d/ws_1/ep_1/msg_1 retry']).toBe(at + waits));
    for (const retryAfter of ['-1', 'soon', '0'])
      given(put(), asked(1))
        .when(answered(1, 1, at, { ...failed, retryAfter }))
        .then((outcome) => {
          expect(outcome.timers['d/ws_1/ep_1/msg_1 retry']).toBeGreaterThanOrEqual(at + 5_000);
          expect(outcome.timers['d/ws_1/ep_1/msg_1 retry']).toBeLessThanOrEqual(at + 6_000);
        });
  });

  test('that expires before its next attempt ends as expired, and is not sent', () => {
    given(put(), asked(1, T0, { expiresAt: T0 + 4_000 }), answered(1, 1, T0 + 50, failed))
      .when(timePassed(T0 + HOUR))
      .then((outcome) => {
        expect(states(outcome)).toEqual(['msg_1 expired']);
        expect(facts(outcome)[0]!.at).toBe(T0 + 4_000);
        expect(sent(outcome)).toEqual([]);
      });
  });

  test('that had expired when it was asked for is never sent', () => {
    given(put())
      .when(asked(1, T0, { expiresAt: T0 }))
      .then((outcome) => {
        expect(sent(outcome)).toEqual([]);
        expect(states(outcome)).toEqual(['msg_1 pending', 'msg_1 expired']);
      });
  });

  test('under way when it expires is delivered when the answer is good, and expired when it is not', () => {
    const history = [put(), asked(1, T0, { expiresAt: T0 + 1_000 }), timePassed(T0 + 2_000)];
    given(...history)
      .when(answered(1, 1, T0 + 2_000))
      .then((outcome) => expect(states(outcome)).toEqual(['msg_1 delivered']));
    given(...history)
      .when(answered(1, 1, T0 + 2_000, failed))
      .then((outcome) => expect(states(outcome)).toEqual(['msg_1 expired']));
  });

  test.each(['superseded', 'suppressed'] as const)(
    'withdrawn as %s while it waits ends so, and is not sent',
    (state) => {
      const withdrawn = {
        type: 'delivery.withdrawn',
        workspace: 'ws_1',
        endpointId: 'ep_1',
        deliveryId: 'msg_1',
        state,
        at: T0,
      };
      given(put(), asked(1), answered(1, 1, T0 + 50, failed))
        .when(message(KEY, withdrawn, T0 + 60), timePassed(T0 + HOUR))
        .then((outcome) => {
          expect(states(outcome)).toEqual([`msg_1 ${state}`]);
          expect(sent(outcome)).toEqual([]);
        });
      given(put(), asked(1))
        .when(message(KEY, withdrawn, T0 + 60), answered(1, 1, T0 + 70, failed))
        .then((outcome) => expect(states(outcome)).toEqual([`msg_1 ${state}`]));
      given(put(), asked(1))
        .when(message(KEY, withdrawn, T0 + 60), answered(1, 1, T0 + 70))
        .then((outcome) => expect(states(outcome)).toEqual(['msg_1 delivered']));
    },
  );

  test('whose receiver says abort-message is aborted; the endpoint goes on', () => {
    given(put(), asked(1))
      .when(answered(1, 1, T0 + 50, { ...failed, control: 'abort-message' }), asked(2, T0 + 60))
      .then((outcome) => {
        expect(states(outcome)).toEqual(['msg_1 aborted', 'msg_2 pending']);
        expect(sent(outcome)).toEqual(['msg_2#1']);
      });
  });

  test('that ended leaves nothing behind in the end', () => {
    given(put(), asked(1), answered(1, 1, T0 + 50))
      .when(timePassed(T0 + 8 * DAY))
      .then((outcome) => expect(Object.keys(outcome.state)).toEqual(['c/ws_1/ep_1', 'e/ws_1/ep_1']));
  });

  test('for an endpoint that nobody knows is not made', () => {
    given().when(asked(1)).then({ outputs: [], effects: [], state: {} });
  });
});

describe('an endpoint', () => {
  test.each([
    ['410', { status: 410 }, 'failed'],
    ['webhook-delivery: disable', { ...failed, control: 'disable' as const }, 'failed'],
    ['webhook-delivery: disable with a 200', { status: 200, code: null, control: 'disable' as const }, 'delivered'],
  ])('that answers %s is disabled for everyone, and ends what waits', (_what, answer, state) => {
    given(put(), asked(1), asked(2), answered(2, 1, T0 + 10, failed))
      .when(answered(1, 1, T0 + 50, answer), timePassed(T0 + MINUTE), asked(3, T0 + MINUTE))
      .then((outcome) => {
        expect(states(outcome)).toEqual([`msg_1 ${state}`, 'msg_2 failed', 'msg_3 pending', 'msg_3 failed']);
        expect(outcome.outputs.filter((output) => output.topic === 'control')).toMatchObject([
          { key: 'ws_1/endpoint/ep_1', value: { type: 'endpoint.put', endpoint: { state: 'disabled', version: 2 } } },
        ]);
        expect(sent(outcome)).toEqual([]);
      });
  });

  test('that was disabled and is enabled again begins anew, with a closed breaker', () => {
    const history = [put(), ...range(5).flatMap((n) => [asked(n), answered(n, 1, T0 + n, failed)])];
    given(...history, put({ state: 'disabled', version: 2 }, T0 + 100), put({ version: 3 }, T0 + 200))
      .when(asked(9, T0 + 300))
      .then((outcome) => expect(sent(outcome)).toEqual(['msg_9#1']));
  });

  test('ignores settings that were overtaken', () => {
    given(put({ version: 3, url: 'https://new.example.com/' }), put({ version: 2, url: 'https://old.example.com/' }))
      .when(asked(1))
      .then((outcome) => expect(outcome.effects[0]!.payload).toMatchObject({ url: 'https://new.example.com/' }));
  });

  test('that is removed forgets everything, and says of each delivery that it was aborted', () => {
    given(put(), asked(1), asked(2), answered(1, 1, T0 + 10, failed), asked(3), answered(3, 1, T0 + 10))
      .when(
        message(KEY, { type: 'endpoint.removed', workspace: 'ws_1', id: 'ep_1', at: T0 }, T0 + 20),
        timePassed(T0 + MINUTE),
      )
      .then((outcome) => {
        expect(states(outcome).sort()).toEqual(['msg_1 aborted', 'msg_2 aborted']);
        expect(outcome.state).toEqual({});
        expect(outcome.timers).toEqual({});
      });
  });

  test('has at most 8 attempts under way, or as many as it says', () => {
    for (const [concurrency, most] of [
      [null, 8],
      [3, 3],
      [64, 64],
    ] as const)
      given(put({ concurrency }))
        .when(...range(100).map((n) => asked(n)))
        .then((outcome) => expect(sent(outcome)).toHaveLength(most));
  });

  test('sends the next one when an answer makes room, in the order in which they were asked for', () => {
    given(put({ concurrency: 2 }), ...range(6).map((n) => asked(n)))
      .when(answered(1, 1, T0 + 10), answered(0, 1, T0 + 20))
      .then((outcome) => expect(sent(outcome)).toEqual(['msg_2#1', 'msg_3#1']));
  });

  test('is sent no more than its rate, and all of it in the end', () => {
    const inputs = range(30).map((n) => asked(n));
    given(put({ rateLimit: 10, concurrency: 64 }))
      .when(...inputs)
      .then((outcome) => expect(sent(outcome)).toHaveLength(10));
    given(put({ rateLimit: 10, concurrency: 64 }), ...inputs)
      .when(timePassed(T0 + 1_000))
      .then((outcome) => expect(sent(outcome)).toHaveLength(10));
    given(put({ rateLimit: 10, concurrency: 64 }), ...inputs)
      .when(timePassed(T0 + 2_000))
      .then((outcome) => expect(sent(outcome)).toHaveLength(20));
  });

  test('with a rate that changes is sent at the new one', () => {
    given(put({ rateLimit: 1, concurrency: 64 }), ...range(50).map((n) => asked(n)))
      .when(put({ rateLimit: 20, concurrency: 64, version: 2 }, T0 + 1))
      .then((outcome) => expect(sent(outcome)).toHaveLength(20));
  });

  test('that fails five times in a row is left alone for 30 s, without costing what waits an attempt', () => {
    const history = [put(), ...range(5).flatMap((n) => [asked(n), answered(n, 1, T0 + n, failed)])];
    given(...history)
      .when(asked(9, T0 + 100), timePassed(T0 + 30_003))
      .then((outcome) => expect(sent(outcome)).toEqual([]));
    given(...history, asked(9, T0 + 100))
      .when(timePassed(T0 + 30_004))
      .then((outcome) => {
        // One probe, of what is fresh; nothing else until it is back.
        expect(sent(outcome)).toEqual(['msg_9#1']);
        expect(outcome.state['d/ws_1/ep_1/msg_9']).toMatchObject({ probe: true, attempt: 1, failures: 0 });
      });
    given(...history, asked(9, T0 + 100), timePassed(T0 + 30_004))
      .when(answered(9, 1, T0 + 30_100))
      .then((outcome) => expect(sent(outcome).length).toBe(5));
  });

  test('is given twice the pause after a probe that fails', () => {
    const history = [
      put(),
      ...range(5).flatMap((n) => [asked(n), answered(n, 1, T0 + n, failed)]),
      asked(9, T0 + 100),
      timePassed(T0 + 30_004),
    ];
    given(...history, answered(9, 1, T0 + 30_100, failed))
      .when(timePassed(T0 + 90_099))
      .then((outcome) => expect(sent(outcome)).toEqual([]));
    given(...history, answered(9, 1, T0 + 30_100, failed))
      .when(timePassed(T0 + 90_100))
      .then((outcome) => expect(sent(outcome)).toHaveLength(1));
  });

  test.each([429, 503])('that answers %i with Retry-After is held back as a whole until then', (status) => {
    const history = [put(), asked(1), answered(1, 1, T0 + 50, { status, retryAfter: '600' })];
    given(...history)
      .when(asked(2, T0 + 60), timePassed(T0 + 600_049))
      .then((outcome) => expect(sent(outcome)).toEqual([]));
    given(...history, asked(2, T0 + 60))
      .when(timePassed(T0 + 600_050))
      .then((outcome) => {
        expect(sent(outcome).sort()).toEqual(['msg_1#2', 'msg_2#1']);
        expect(outcome.state['d/ws_1/ep_1/msg_2']).toMatchObject({ attempt: 1, failures: 0 });
      });
  });

  test('that asked for a pause gets it, also when others that were under way succeed', () => {
    given(
      put(),
      asked(1),
      asked(2),
      answered(1, 1, T0 + 50, { status: 429, retryAfter: '600' }),
      answered(2, 1, T0 + 60),
    )
      .when(asked(3, T0 + 70), timePassed(T0 + 600_049))
      .then((outcome) => expect(sent(outcome)).toEqual([]));
  });

  test('with 1,200 that wait is ended in steps when it is disabled, all of them', () => {
    const history = [put({ concurrency: 1 }), ...range(1_200).map((n) => asked(n))];
    given(...history)
      .when(put({ concurrency: 1, state: 'disabled', version: 2 }, T0 + 10), timePassed(T0 + MINUTE))
      .then((outcome) => {
        expect(states(outcome).filter((state) => state.endsWith('failed'))).toHaveLength(1_199);
        // The one under way ends by its own answer.
        const left = Object.entries(outcome.state).filter(
          ([key, value]) => key.startsWith('d/') && (value as { phase: string }).phase !== 'over',
        );
        expect(left.map(([key]) => key)).toEqual(['d/ws_1/ep_1/msg_0']);
      });
  });

  test('a Retry-After of another failure holds back that delivery alone', () => {
    given(put(), asked(1), answered(1, 1, T0 + 50, { status: 500, retryAfter: '600' }))
      .when(asked(2, T0 + 60))
      .then((outcome) => expect(sent(outcome)).toEqual(['msg_2#1']));
  });

  test.each([429, 502, 504])(
    'that answers %i is sent half as many at once, and more again as it succeeds',
    (status) => {
      given(
        put(),
        ...range(20).map((n) => asked(n)),
        answered(0, 1, T0 + 10, { status }),
        answered(1, 1, T0 + 20, { status }),
      )
        .when()
        .then((outcome) => expect(outcome.state['e/ws_1/ep_1']).toMatchObject({ window: 2 }));
      given(put(), ...range(20).map((n) => asked(n)), answered(0, 1, T0 + 10, { status }))
        .when(...range(5).map((n) => answered(n + 1, 1, T0 + 20 + n)))
        .then((outcome) => expect(outcome.state['e/ws_1/ep_1']).toMatchObject({ window: 8 }));
    },
  );

  test('a failure of our own proxy is not charged to it', () => {
    const history = range(20).flatMap((n) => [asked(n), answered(n, 1, T0 + n, { status: null, code: 'proxy_error' })]);
    given(put(), ...history)
      .when(asked(99, T0 + 100))
      .then((outcome) => {
        expect(sent(outcome)).toEqual(['msg_99#1']);
        expect(outcome.state['e/ws_1/ep_1']).toMatchObject({
          breaker: { state: 'closed' },
          health: { failingSince: null },
        });
      });
  });

  test('tells the workspace’s other endpoints that it was disabled, and them alone', () => {
    const other = (id: string, more: Partial<Endpoint>): SpecInput =>
      message(
        `ws_1/${id}`,
        { type: 'endpoint.put', workspace: 'ws_1', endpoint: endpoint({ id, ...more }), at: T0 },
        T0,
      );
    given(put(), other('ep_ops', { types: ['endpoint.*'] }), other('ep_other', { types: ['alert.*'] }), asked(1))
      .when(answered(1, 1, T0 + 50, { status: 410 }))
      .then((outcome) => {
        const told = outcome.outputs.filter((output) => output.topic === 'delivery-inbox');
        expect(told).toMatchObject([
          { key: 'ws_1/ep_ops', value: { factType: 'endpoint.disabled', data: { endpointId: 'ep_1' } } },
        ]);
      });
  });
});

describe('fairness', () => {
  test('retries that are due never take more than half of the places, so a fresh message finds one', () => {
    // 40 deliveries that failed twice (by no fault of the endpoint) are due at once and hang.
    const noBreaker = { ...failed, code: 'proxy_error', status: null };
    given(
      put({ schedule: [1_000, 1_000, 1_000], concurrency: 64 }),
      ...range(40).map((n) => asked(n)),
      ...range(40).map((n) => answered(n, 1, T0 + 10, noBreaker)),
      timePassed(T0 + 1_500),
      ...range(40).map((n) => answered(n, 2, T0 + 1_500, noBreaker)),
      put({ schedule: [1_000, 1_000, 1_000], concurrency: 8, version: 2 }, T0 + 1_600),
      timePassed(T0 + 5_000),
    )
      .when(...range(8).map((n) => asked(100 + n, T0 + 5_000)))
      .then((outcome) => {
        expect(outcome.state['e/ws_1/ep_1']).toMatchObject({ sending: 8, sendingLater: 4 });
        expect(sent(outcome)).toEqual(['msg_100#1', 'msg_101#1', 'msg_102#1', 'msg_103#1']);
      });
  });

  test('second tries that are due stand behind a fresh message, however many they are', () => {
    const proxy = { ...failed, code: 'proxy_error', status: null };
    given(
      put({ schedule: [1_000, 1_000], concurrency: 64 }),
      ...range(60).map((n) => asked(n)),
      put({ schedule: [1_000, 1_000], concurrency: 4, version: 2 }, T0 + 5),
      ...range(60).map((n) => answered(n, 1, T0 + 10, proxy)),
      timePassed(T0 + 2_000),
    )
      .when(asked('fresh', T0 + 2_001), asked('fresher', T0 + 2_001), answered('fresh', 1, T0 + 2_010))
      .then((outcome) => {
        // One place is kept for a first try; when it is free again it goes to the next one.
        expect(sent(outcome)).toEqual(['msg_fresh#1', 'msg_fresher#1']);
      });
  });

  test('a flood of fresh messages leaves retries a place', () => {
    const proxy = { ...failed, code: 'proxy_error', status: null };
    given(
      put({ schedule: [1_000, 1_000, 1_000], concurrency: 4 }),
      asked('r'),
      answered('r', 1, T0 + 10, proxy),
      timePassed(T0 + 1_500),
      answered('r', 2, T0 + 1_500, proxy),
      ...range(50).map((n) => asked(n, T0 + 1_600)),
      timePassed(T0 + 4_000),
    )
      .when(...range(8).map((n) => answered(n, 1, T0 + 4_000 + n)))
      .then((outcome) => expect(sent(outcome)).toContain('msg_r#3'));
  });

  test('a thousand for an endpoint that hangs delay no other endpoint', () => {
    const other = message(
      'ws_1/ep_2',
      { type: 'endpoint.put', workspace: 'ws_1', endpoint: endpoint({ id: 'ep_2' }), at: T0 },
      T0,
    );
    given(put(), other, ...range(1_000).map((n) => asked(n)))
      .when(message('ws_1/ep_2', requestOf('x', { endpointId: 'ep_2' }), T0))
      .then((outcome) => expect(sent(outcome)).toEqual(['msg_x#1']));
  });
});

describe('order (FIFO)', () => {
  const of = (journeyId: string) => ({ journeyId });

  test('one of a journey is under way at a time; another journey is not held up', () => {
    given(put({ fifo: true }))
      .when(asked(1, T0, of('jrn_a')), asked(2, T0, of('jrn_a')), asked(3, T0, of('jrn_b')))
      .then((outcome) => expect(sent(outcome)).toEqual(['msg_1#1', 'msg_3#1']));
  });

  test('what follows waits through the retries of the one before it, and then goes', () => {
    given(put({ fifo: true }), asked(1, T0, of('jrn_a')), asked(2, T0, of('jrn_a')), answered(1, 1, T0 + 10, failed))
      .when(timePassed(T0 + 7_000))
      .then((outcome) => expect(sent(outcome)).toEqual(['msg_1#2']));
    given(put({ fifo: true }), asked(1, T0, of('jrn_a')), asked(2, T0, of('jrn_a')))
      .when(answered(1, 1, T0 + 10))
      .then((outcome) => expect(sent(outcome)).toEqual(['msg_2#1']));
  });

  test('a message that exhausts is left behind, and the journey goes on', () => {
    given(
      put({ fifo: true, schedule: [] }),
      asked(1, T0, of('jrn_a')),
      asked(2, T0, of('jrn_a')),
      asked(3, T0, of('jrn_a')),
    )
      .when(answered(1, 1, T0 + 10, failed), answered(2, 1, T0 + 20))
      .then((outcome) => {
        expect(states(outcome)).toEqual(['msg_1 exhausted', 'msg_2 delivered']);
        expect(sent(outcome)).toEqual(['msg_2#1', 'msg_3#1']);
      });
  });

  test('one that expired while it stood behind is skipped', () => {
    given(
      put({ fifo: true }),
      asked(1, T0, of('jrn_a')),
      asked(2, T0, { ...of('jrn_a'), expiresAt: T0 + 5 }),
      asked(3, T0, of('jrn_a')),
      timePassed(T0 + 9),
    )
      .when(answered(1, 1, T0 + 10))
      .then((outcome) => expect(sent(outcome)).toEqual(['msg_3#1']));
  });
});

describe('outreach that is out of date', () => {
  const action = (n: number, at: number, more: Record<string, unknown> = {}): SpecInput =>
    asked(n, at, {
      factType: 'action.requested',
      journeyId: 'jrn_a',
      data: { id: `act_${n}`, alertId: 'alr_1', ...more },
    });

  test('a newer action of the journey supersedes the one that is not accepted yet', () => {
    given(put(), action(1, T0), answered(1, 1, T0 + 10, failed))
      .when(action(2, T0 + 20), timePassed(T0 + HOUR))
      .then((outcome) => {
        expect(states(outcome)).toEqual(['msg_1 superseded', 'msg_2 pending']);
        expect(sent(outcome)).toEqual(['msg_2#1']);
      });
  });

  test('an accepted one stays accepted, and another journey’s is left alone', () => {
    given(
      put(),
      action(1, T0),
      answered(1, 1, T0 + 10),
      asked(3, T0, { factType: 'action.requested', journeyId: 'jrn_b' }),
    )
      .when(action(2, T0 + 20))
      .then((outcome) => expect(states(outcome)).toEqual(['msg_2 pending']));
  });

  test('its withdrawal supersedes it, before any further attempt', () => {
    given(put(), action(1, T0), answered(1, 1, T0 + 10, failed))
      .when(asked(9, T0 + 20, { factType: 'action.withdrawn', journeyId: 'jrn_a' }), timePassed(T0 + HOUR))
      .then((outcome) => {
        expect(states(outcome)).toEqual(['msg_1 superseded', 'msg_9 pending']);
        expect(sent(outcome)).toEqual(['msg_9#1']);
      });
  });

  test('the resolution of its alert supersedes it; that of another alert does not', () => {
    const resolved = (alert: string): SpecInput =>
      asked(9, T0 + 20, { factType: 'alert.resolved', journeyId: 'jrn_a', data: { id: alert } });
    const history = [put(), action(1, T0), answered(1, 1, T0 + 10, failed)];
    given(...history)
      .when(resolved('alr_1'))
      .then((outcome) => expect(states(outcome)).toEqual(['msg_1 superseded', 'msg_9 pending']));
    given(...history)
      .when(resolved('alr_2'))
      .then((outcome) => expect(states(outcome)).toEqual(['msg_9 pending']));
  });

  test('leaves nothing behind', () => {
    given(put(), action(1, T0), action(2, T0), answered(1, 1, T0 + 1), answered(2, 1, T0 + 1))
      .when(timePassed(T0 + 8 * DAY))
      .then((outcome) => expect(Object.keys(outcome.state)).toEqual(['c/ws_1/ep_1', 'e/ws_1/ep_1']));
  });
});

test('what is exhausted becomes a dead letter with its body, once, and the operator’s endpoints are told', () => {
  const ops = message(
    'ws_1/ep_ops',
    {
      type: 'endpoint.put',
      workspace: 'ws_1',
      endpoint: endpoint({ id: 'ep_ops', types: ['delivery.exhausted'] }),
      at: T0,
    },
    T0,
  );
  given(put({ schedule: [] }), ops, asked(1))
    .when(answered(1, 1, T0 + 10, failed))
    .then((outcome) => {
      const letters = outcome.outputs.filter((output) => output.topic === 'dead-letters').map((output) => output.value);
      expect(letters).toMatchObject([{ reason: 'delivery-exhausted', messageId: 'msg_1', error: 'http_500' }]);
      expect(JSON.parse((letters[0] as { raw: string }).raw)).toMatchObject({ type: 'alert.opened' });
      const told = outcome.outputs.filter((output) => output.topic === 'delivery-inbox');
      expect(told).toMatchObject([{ key: 'ws_1/ep_ops', value: { factType: 'delivery.exhausted' } }]);
    });
});

describe('what people ask', () => {
  const command = (name: string, more: Record<string, unknown>, at: number): SpecInput =>
    message(
      KEY,
      {
        type: 'delivery.command',
        workspace: 'ws_1',
        commandId: 'cmd_1',
        endpointId: 'ep_1',
        command: name,
        deliveryId: null,
        since: null,
        by: 'Ann',
        at,
        ...more,
      },
      at,
    );
  const loaded = (n: number, mode: string, id: string, at: number): SpecInput =>
    effectAnswered(
      id,
      KEY,
      {
        type: 'delivery.loaded',
        workspace: 'ws_1',
        endpointId: 'ep_1',
        deliveryId: `msg_${n}`,
        mode,
        request: requestOf(n),
      },
      at,
    );

  test('test sends an endpoint.test once', () => {
    given(put())
      .when(command('test', {}, T0), command('test', {}, T0))
      .then((outcome) => {
        expect(outcome.effects).toHaveLength(1);
        expect(JSON.parse((outcome.effects[0]!.payload as { body: string }).body)).toMatchObject({
          type: 'endpoint.test',
          data: { workspace: 'ws_1' },
        });
      });
  });

  test('resend of one that waits makes an attempt now, and a failure leaves the chain as it was', () => {
    const history = [put(), asked(1), answered(1, 1, T0 + 50, failed)];
    let due: number | undefined;
    given(...history)
      .when()
      .then((outcome) => (due = outcome.timers['d/ws_1/ep_1/msg_1 retry']));
    given(...history, command('resend', { deliveryId: 'msg_1' }, T0 + 100))
      .when(answered(1, 2, T0 + 200, failed))
      .then((outcome) => {
        expect(outcome.timers['d/ws_1/ep_1/msg_1 retry']).toBe(due);
        expect(outcome.state['d/ws_1/ep_1/msg_1']).toMatchObject({ failures: 1, attempt: 2, phase: 'waiting' });
      });
    given(...history)
      .when(command('resend', { deliveryId: 'msg_1' }, T0 + 100), answered(1, 2, T0 + 200))
      .then((outcome) => {
        expect(sent(outcome)).toEqual(['msg_1#2']);
        expect(states(outcome)).toEqual(['msg_1 delivered']);
      });
  });

  test('resend of one that ended looks its body up and makes one attempt, under the same id, whatever comes of it', () => {
    const history = [put({ schedule: [] }), asked(1), answered(1, 1, T0 + 50, failed)];
    given(...history)
      .when(command('resend', { deliveryId: 'msg_1' }, T0 + 100))
      .then((outcome) =>
        expect(outcome.effects).toMatchObject([
          { type: 'load-request', payload: { deliveryId: 'msg_1', offset: '1' } },
        ]),
      );
    const again = [...history, command('resend', { deliveryId: 'msg_1' }, T0 + 100)];
    given(...again)
      .when(loaded(1, 'resend', 'load-cmd_1', T0 + 110), answered(1, 2, T0 + 200, failed), timePassed(T0 + DAY))
      .then((outcome) => {
        expect(sent(outcome)).toEqual(['msg_1#2']);
        expect(states(outcome)).toEqual(['msg_1 pending', 'msg_1 exhausted']);
        expect(outcome.outputs.filter((output) => output.topic === 'dead-letters')).toEqual([]);
        expect(facts(outcome).at(-1)!.delivery.attempts).toHaveLength(2);
      });
    given(...again)
      .when(loaded(1, 'resend', 'load-cmd_1', T0 + 110), answered(1, 2, T0 + 200))
      .then((outcome) => expect(states(outcome).at(-1)).toBe('msg_1 delivered'));
  });

  test('recover sends again what ended exhausted or failed since then, with a new chain, and nothing else', () => {
    const history = [
      put({ schedule: [1_000] }),
      asked(1), // exhausted before `since`
      answered(1, 1, T0 + 10, failed),
      timePassed(T0 + 1_500),
      answered(1, 2, T0 + 1_500, failed),
      asked(2, T0 + 2_000), // exhausted after
      answered(2, 1, T0 + 2_010, failed),
      timePassed(T0 + 3_500),
      answered(2, 2, T0 + 3_500, failed),
      asked(3, T0 + 4_000), // delivered
      answered(3, 1, T0 + 4_000),
    ];
    const recover = command('recover', { since: T0 + 2_000 }, T0 + 5_000);
    given(...history)
      .when(recover, timePassed(T0 + 6_000))
      .then((outcome) => expect(outcome.effects.map((effect) => effect.id)).toEqual(['load-recover-cmd_1-msg_2']));
    given(...history, recover, timePassed(T0 + 6_000))
      .when(
        loaded(2, 'recover', 'load-recover-cmd_1-msg_2', T0 + 6_010),
        answered(2, 3, T0 + 6_020, failed),
        timePassed(T0 + 9_000),
      )
      .then((outcome) => expect(sent(outcome)).toEqual(['msg_2#3', 'msg_2#4']));
  });

  test('a breaker that is open does not stop a person’s attempt', () => {
    const history = [put(), ...range(5).flatMap((n) => [asked(n), answered(n, 1, T0 + n, failed)])];
    given(...history)
      .when(command('resend', { deliveryId: 'msg_0' }, T0 + 100))
      .then((outcome) => expect(sent(outcome)).toEqual(['msg_0#2']));
  });
});

test('a message of no known type is parked, and the next is handled', () => {
  given(put())
    .when(message(KEY, { type: 'delivery.unknown' }, T0), asked(1))
    .then((outcome) => {
      expect(outcome.failures).toHaveLength(1);
      expect(sent(outcome)).toEqual(['msg_1#1']);
    });
});

test('answers are kept whole up to 64 KiB a delivery; the oldest give way', () => {
  const big = { status: 500, responseBody: 'x'.repeat(16_384) };
  const schedule = range(9).map(() => 1_000);
  const history: SpecInput[] = [put({ schedule }), asked(1)];
  // The breaker would open at the fifth failure in a row: time enough is given.
  for (let n = 1; n <= 6; n++)
    history.push(answered(1, n, T0 + n * HOUR, big), timePassed(T0 + n * HOUR + 40 * MINUTE));
  given(...history)
    .when(answered(1, 7, T0 + 8 * HOUR, big))
    .then((outcome) => {
      const kept = facts(outcome)[0]!.delivery.attempts.map((attempt) => attempt.responseBody?.length ?? null);
      expect(kept).toEqual([null, null, null, 16_384, 16_384, 16_384, 16_384]);
    });
});
