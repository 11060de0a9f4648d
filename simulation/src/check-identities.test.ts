import { expect, it } from 'vitest';
import type { IdentityFile, Person } from '@cairn/contracts/generated/identity.ts';
import { checkIdentities } from './check-identities.ts';

const told = (person: Partial<Person> & { id: string }, workspace = 'w'): IdentityFile => ({
  type: 'person.changed',
  workspace,
  at: 0,
  cause: 'tp_1',
  person: {
    workspace,
    ids: [],
    traits: {},
    name: null,
    createdAt: 0,
    accounts: [],
    mergedFrom: [],
    mergedInto: null,
    version: 1,
    ...person,
  },
});
const id = (namespace: string, value: string, shared = false) => ({
  namespace,
  value,
  raw: value,
  firstSeen: 0,
  shared,
});
const check = (...facts: IdentityFile[]): string[] =>
  checkIdentities(facts, [], { calls: [], workspaces: ['w', 'other'] });

it('people who break a rule are found, each by its rule', () => {
  expect(check(told({ id: 'a', ids: [id('userId', '1')] }), told({ id: 'b', ids: [id('userId', '2')] }))).toEqual([]);
  expect(check(told({ id: 'a', ids: [id('email', 'x')] }), told({ id: 'b', ids: [id('email', 'x')] }))).toHaveLength(1);
  expect(check(told({ id: 'a', ids: [id('x', '1', true)] }), told({ id: 'b', ids: [id('x', '1')] }))).toEqual([]);
  expect(check(told({ id: 'a', ids: [id('userId', '1'), id('userId', '2')] }))).toHaveLength(1);
  expect(check(told({ id: 'a' }), told({ id: 'a' }))).toHaveLength(1);
  expect(check(told({ id: 'a', mergedInto: 'b' }), told({ id: 'b', mergedInto: 'c' }), told({ id: 'c' }))).toHaveLength(
    1,
  );
  expect(check(told({ id: 'a' }), told({ id: 'a', version: 2 }, 'other'))).toHaveLength(1);
});
