import { expect, test } from 'vitest';
import { hiddenPeople, withWithdrawal, withdrawalOf, WITHDRAWAL_KEPT_MS, WITHDRAWALS_MAX } from './withdrawal.ts';
import type { Withdrawal } from './withdrawal.ts';

const of = (more: Partial<Withdrawal> = {}): Withdrawal => ({
  personId: null,
  journeyId: null,
  types: ['*'],
  state: 'suppressed',
  reason: 'erased',
  at: 0,
  takenAt: 0,
  ...more,
});
const delivery = { type: 'alert.opened', journeyId: 'jrn_1', body: '{"data":{"quietPersonId":"per-1"}}' };

test('concerns what tells of the person, in the body or behind it', () => {
  expect(withdrawalOf([of({ personId: 'per-1' })], delivery)).toBeDefined();
  expect(withdrawalOf([of({ personId: 'per-2' })], delivery)).toBeUndefined();
  expect(withdrawalOf([of({ personId: 'per-2' })], { ...delivery, people: ['per-2'] })).toBeDefined();
});

test('concerns the journey and the types it names alone', () => {
  expect(withdrawalOf([of({ journeyId: 'jrn_1' })], delivery)).toBeDefined();
  expect(withdrawalOf([of({ journeyId: 'jrn_2' })], delivery)).toBeUndefined();
  expect(withdrawalOf([of({ journeyId: 'jrn_1', types: ['action.*'] })], delivery)).toBeUndefined();
});

test('people whom the body hides are found wherever the facts name them', () => {
  const data = {
    id: 'alr_1',
    reason: { quietPersonId: 'p1', lastTouchpoints: [{ personId: 'p2' }] },
    journey: { people: [{ id: 'p3' }] },
    person: { id: 'p4' },
  };
  expect(hiddenPeople(data, '{"text":"Acme"}').sort()).toEqual(['p1', 'p2', 'p3', 'p4']);
  expect(hiddenPeople(data, JSON.stringify(data))).toEqual([]);
  expect(hiddenPeople({ journey: { people: 3 }, person: null }, '')).toEqual([]);
});

test('is forgotten after a week, and the newest are kept', () => {
  const known = [of({ personId: 'old', takenAt: 0 }), of({ personId: 'new', takenAt: 5_000 })];
  const added = of({ personId: 'added', takenAt: WITHDRAWAL_KEPT_MS + 1 });
  expect(withWithdrawal(known, added).map(({ personId }) => personId)).toEqual(['new', 'added']);
  const many = Array.from({ length: WITHDRAWALS_MAX }, () => of({ takenAt: WITHDRAWAL_KEPT_MS }));
  expect(withWithdrawal(many, added)).toHaveLength(WITHDRAWALS_MAX);
});
