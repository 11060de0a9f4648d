import type { ActionFact } from '@cairn/contracts/generated/action.ts';
import type { Endpoint } from '@cairn/contracts/generated/control.ts';
import { expect, test } from 'vitest';
import { advanceKeys } from './advance-keys.ts';
import { createDeliverWork } from '../deliver/deliver-work.ts';
import { withdrawAction, withdrawWebhooks, writeWebhook } from './write-webhooks.ts';

const endpoint = (id: string, types: string[], more: Partial<Endpoint> = {}): Endpoint =>
  ({ id, workspace: 'ws', types, state: 'enabled', filter: null, ...more }) as Endpoint;

/** What is written for the endpoints of a workspace. */
function written(endpoints: Endpoint[], write: (work: ReturnType<typeof createDeliverWork>) => void): unknown[] {
  const known = Object.fromEntries(endpoints.map((one) => [one.id, one]));
  const get = <T>(key: string): T | undefined => (key === advanceKeys.endpoints('ws') ? (known as T) : undefined);
  const work = createDeliverWork({ get, timers: () => ({}), keys: () => [] });
  write(work);
  return (work.outcome().outputs ?? []).map(({ value }) => value);
}
const partitions = (): number => 1;

const fact = (type: ActionFact['type'], requestedAt: string | null): ActionFact =>
  ({
    type,
    factId: 'fct_1',
    workspace: 'ws',
    at: 5,
    action: {
      id: 'act_1',
      journeyId: 'jrn_1',
      requestedAt,
      suppressedBy: type === 'action.suppressed' ? 'consent' : null,
    },
    journey: {},
  }) as unknown as ActionFact;

test.each([
  ['action.superseded', 'superseded', 'a newer action took its place'],
  ['action.suppressed', 'suppressed', 'the person may not be contacted: consent'],
  ['action.done', 'superseded', 'the action was done'],
] as const)('an action that ended as %s withdraws what asks for it', (type, state, reason) => {
  const all = written([endpoint('ep_1', ['action.*']), endpoint('ep_2', ['alert.*'])], (work) =>
    withdrawAction(work, partitions, fact(type, '2026-01-31T08:00:00.000Z')),
  );
  expect(all).toMatchObject([
    {
      type: 'deliveries.withdrawn',
      endpointId: 'ep_1',
      journeyId: 'jrn_1',
      types: ['action.requested'],
      state,
      reason,
    },
  ]);
});

test('one that was never requested, or only snoozed, withdraws nothing', () => {
  for (const one of [fact('action.superseded', null), fact('action.snoozed', '2026-01-31T08:00:00.000Z')])
    expect(written([endpoint('ep_1', ['*'])], (work) => withdrawAction(work, partitions, one))).toEqual([]);
});

test('a newer action that a filter keeps back still ends the older one', () => {
  const filter = { where: { 'data.name': { eq: 'call' } } };
  const webhook = {
    workspace: 'ws',
    factId: 'f',
    type: 'action.requested',
    at: 1,
    journeyId: 'jrn_1',
    data: { name: 'mail' },
  };
  const all = written(
    [endpoint('ep_1', ['action.requested'], { filter }), endpoint('ep_2', ['*']), endpoint('ep_3', ['alert.*'])],
    (work) => writeWebhook(work, partitions, webhook),
  );
  expect(all).toMatchObject([
    { type: 'delivery.requested', endpointId: 'ep_2' },
    { type: 'deliveries.withdrawn', endpointId: 'ep_1', state: 'superseded' },
  ]);
});

test('only endpoints that may have such a message are told of a withdrawal', () => {
  const told = (types: string[], withdrawn: string[]): number =>
    written([endpoint('ep_1', types)], (work) =>
      withdrawWebhooks(work, partitions, 'ws', { personId: 'p', types: withdrawn, state: 'suppressed', reason: '' }, 1),
    ).length;
  expect(told(['*'], ['action.*'])).toBe(1);
  expect(told(['action.requested'], ['action.*'])).toBe(1);
  expect(told(['action.*'], ['*'])).toBe(1);
  expect(told(['alert.*', 'journey.won'], ['action.*'])).toBe(0);
});
