import { expect, test } from 'vitest';
import { isTypePattern, matchesType } from './type-patterns.ts';

test.each([
  ['alert.*', 'alert.opened', true],
  ['alert.*', 'alert', false],
  ['alert.*', 'alerts.opened', false],
  ['alert.opened', 'alert.opened', true],
  ['alert.opened', 'alert.opened.twice', false],
  ['*', 'journey.won', true],
])('%s wants %s: %s', (pattern, type, wanted) => {
  expect(matchesType([pattern], type)).toBe(wanted);
});

test('no pattern wants nothing', () => {
  expect(matchesType([], 'alert.opened')).toBe(false);
});

test.each([
  ['alert.*', true],
  ['*', true],
  ['journey.stage_changed', true],
  ['', false],
  ['*.opened', false],
  ['alert.**', false],
  ['alert*', false],
  ['Alert.opened', false],
  ['.alert', false],
  ['a'.repeat(101), false],
])('%j is a pattern: %s', (text, is) => {
  expect(isTypePattern(text)).toBe(is);
});
