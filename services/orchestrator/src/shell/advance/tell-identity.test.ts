import type { DeliveriesWithdrawn, DeliveryRequested } from '@cairn/contracts/generated/delivery.ts';
import { idOf } from '@cairn/contracts/ids.ts';
import { keyOf } from '@cairn/contracts/topics.ts';
import { expect, test } from 'vitest';
import { createAdvanceWorld, WORKSPACE, type AdvanceWorld } from '../../testkit/advance-world.ts';

const T = Date.parse('2026-03-04T10:00:00Z');
const DEFINITION = `
cairn: journey-definition/1
name: b2b
unit: account
stages:
  - name: awareness
  - name: consideration
    enter: { event: Webinar Attended }
    stall: { after: 2 seconds }
guardRails: { requireConsent: [marketing] }
`;

function world(types: string[]): AdvanceWorld {
  const w = createAdvanceWorld();
  w.define(DEFINITION);
  w.endpoint({ id: 'ep_1', types });
  return w;
}
type Written = DeliveryRequested | DeliveriesWithdrawn;
const written = (w: AdvanceWorld): Written[] => [...(w.deliveries as readonly Written[])];
const requested = (w: AdvanceWorld): DeliveryRequested[] =>
  written(w).filter((one): one is DeliveryRequested => one.type === 'delivery.requested');
const withdrawn = (w: AdvanceWorld): DeliveriesWithdrawn[] =>
  written(w).filter((one): one is DeliveriesWithdrawn => one.type === 'deliveries.withdrawn');

const acme = { unit: 'account', id: 'acme' } as const;
const person = { id: 'per_2', name: 'Jo', email: 'jo@acme.example', anonymous: false, traits: {} };
const notice = { workspace: WORKSPACE, at: T, subject: acme, cause: 'tp_1' };

test('a merge is one fact, however many subjects learn of it', () => {
  const w = world(['identity.*']);
  const merged = { ...notice, type: 'person.merged', from: 'per_1', into: 'per_2', person };
  w.send(keyOf.subject(WORKSPACE, 'acme'), merged, T);
  w.send(keyOf.subject(WORKSPACE, 'other'), { ...merged, subject: { unit: 'account', id: 'other' } }, T);
  const all = requested(w);
  expect(new Set(all.map(({ deliveryId }) => deliveryId)).size).toBe(1);
  expect(all[0]).toMatchObject({
    factId: idOf('fct', WORKSPACE, 'person.merged', 'per_1', 'per_2', 'tp_1'),
    factType: 'identity.merged',
    data: { id: 'per_2', from: 'per_1', into: 'per_2', person: { email: 'jo@acme.example' } },
  });
});

test('a split tells who resulted', () => {
  const w = world(['identity.split']);
  const parts = [
    { person, ids: ['email:jo@acme.example'], subject: acme },
    { person: { ...person, id: 'per_3', email: null }, ids: ['anonymousId:a'], subject: acme },
  ];
  w.send(keyOf.subject(WORKSPACE, 'acme'), { ...notice, type: 'person.split', personId: 'per_2', parts }, T);
  expect(requested(w)).toMatchObject([
    { factType: 'identity.split', data: { personId: 'per_2', into: ['per_2', 'per_3'] } },
  ]);
});

test('who is erased, and everyone absorbed, is withdrawn from every endpoint', () => {
  const w = world(['alert.*']);
  const erased = { ...notice, type: 'person.erased', personId: 'per_2', absorbed: ['per_1'] };
  w.send(keyOf.subject(WORKSPACE, 'acme'), erased, T);
  expect(withdrawn(w)).toMatchObject(
    ['per_2', 'per_1'].map((personId) => ({ personId, types: ['*'], state: 'suppressed', endpointId: 'ep_1' })),
  );
});

test('consent that is taken back withdraws outreach once, and again only after it was given again', () => {
  const w = world(['*']);
  const says = (marketing: boolean, at: number): void =>
    w.touch({
      at,
      account: 'acme',
      person: 'per_2',
      context: { consent: { categoryPreferences: { marketing, ads: false } } },
    });
  says(true, T);
  expect(withdrawn(w)).toEqual([]);
  says(false, T + 1_000);
  says(false, T + 2_000);
  expect(withdrawn(w)).toMatchObject([
    { personId: 'per_2', types: ['action.*'], state: 'suppressed', reason: 'consent to marketing was withdrawn' },
  ]);
  says(true, T + 3_000);
  says(false, T + 4_000);
  expect(withdrawn(w)).toHaveLength(2);
});

test('a person who must not be contacted is left alone', () => {
  const w = world(['action.requested']);
  w.touch({ at: T, account: 'acme', person: 'per_2', kind: 'identify', traits: { doNotContact: true } });
  expect(withdrawn(w)).toMatchObject([{ personId: 'per_2', reason: 'the person must not be contacted' }]);
});

test('who unsubscribes is left alone, until they subscribe again', () => {
  const w = world(['action.requested']);
  for (const event of ['Email Unsubscribed', 'Email Unsubscribed', 'Newsletter Subscribed', 'Unsubscribed'])
    w.touch({ at: T, account: 'acme', person: 'per_2', event });
  expect(withdrawn(w)).toHaveLength(2);
});

test('an endpoint that takes action.requested alone learns that its alert was resolved', () => {
  const w = world(['action.requested']);
  w.touch({ at: T, account: 'acme', person: 'per_2', event: 'Webinar Attended' });
  w.until(T + 10_000);
  w.touch({ at: T + 11_000, account: 'acme', person: 'per_2', event: 'Page Viewed' });
  const [opened] = w.alerts;
  expect(withdrawn(w)).toMatchObject([
    { journeyId: opened!.alert.journeyId, alertId: opened!.alert.id, types: ['action.requested'], state: 'superseded' },
  ]);
});

test('the facts of a journey carry a sequence that rises', () => {
  const w = world(['*']);
  w.touch({ at: T, account: 'acme', person: 'per_2', event: 'Webinar Attended' });
  w.until(T + 10_000);
  w.touch({ at: T + 11_000, account: 'acme', person: 'per_2', event: 'Webinar Attended' });
  const facts = requested(w);
  expect(facts.map(({ factType }) => factType)).toEqual(
    expect.arrayContaining(['journey.stage_changed', 'alert.opened', 'alert.resolved']),
  );
  const sequences = facts.map(({ data }) => data['sequence'] as number);
  expect(sequences).toEqual([...sequences].sort((a, b) => a - b));
  expect(new Set(sequences).size).toBe(sequences.length);
});
