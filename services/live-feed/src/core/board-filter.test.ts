import { headOf } from '@cairn/contracts/journey-head.ts';
import { describe, expect, test } from 'vitest';
import { NOON, journey } from '../testkit/facts.ts';
import { cardOf, filterKey, parseFilter, passes, totalAt } from './board-filter.ts';

const card = cardOf(
  headOf(
    journey('w1', 'acme', { name: 'Acme Łódź', owner: 'rep@us.example', stage: 'evaluation', halfLifeMs: 1_000 }),
    null,
  ),
);
const show = (filter: object, now = NOON): boolean => passes(parseFilter(filter)!, card, now);

describe('a card passes', () => {
  test.each([
    [{}, true],
    [{ stage: 'evaluation' }, true],
    [{ stage: ['awareness', 'evaluation'] }, true],
    [{ stage: 'awareness,evaluation' }, true],
    [{ stage: 'awareness' }, false],
    [{ status: 'stalled' }, false],
    [{ status: ['active'] }, true],
    [{ stalled: true }, false],
    [{ stalled: 'false' }, true],
    [{ owner: 'rep@us.example' }, true],
    [{ owner: 'other' }, false],
    [{ definition: 'b2b-sales' }, true],
    [{ definition: 'b2c' }, false],
    [{ text: 'łódź ACME' }, true],
    [{ text: 'ann@acme' }, true],
    [{ text: 'globex' }, false],
    [{ minScore: 15 }, true],
    [{ minScore: '15.1' }, false],
    [{ stage: 'evaluation', owner: 'other' }, false],
  ])('%j: %j', (filter, expected) => {
    expect(show(filter)).toBe(expected);
  });
});

test('a score fades: what passes now may not pass a half-life later', () => {
  expect(show({ minScore: 15 }, NOON)).toBe(true);
  expect(show({ minScore: 15 }, NOON + 1_000)).toBe(false);
  expect(totalAt(card, NOON + 1_000)).toBeCloseTo(10, 9);
});

test('absorbed journeys are shown only to who asks for them', () => {
  const absorbed = cardOf(headOf(journey('w1', 'acme', { status: 'absorbed' }), null));
  expect(passes(parseFilter({})!, absorbed, NOON)).toBe(false);
  expect(passes(parseFilter({ status: 'absorbed' })!, absorbed, NOON)).toBe(true);
});

test.each([
  ['a list', []],
  ['text', 'stage'],
  ['an unknown name', { colour: 'red' }],
  ['a number as stage', { stage: 7 }],
  ['a list of numbers', { stage: [7] }],
  ['an unknown status', { status: 'asleep' }],
  ['a score that is no number', { minScore: 'high' }],
  ['too many values', { stage: Array.from({ length: 60 }, String) }],
  ['text that is too long', { text: 'x'.repeat(300) }],
  ['stalled that is no truth value', { stalled: 'maybe' }],
])('%s is no filter', (_name, raw) => {
  expect(parseFilter(raw)).toBeNull();
});

test('filters that mean the same have one key', () => {
  expect(filterKey(parseFilter({ stage: 'a', text: 'X' })!)).toBe(filterKey(parseFilter({ text: 'x', stage: ['a'] })!));
  expect(filterKey(parseFilter({ stage: 'a' })!)).not.toBe(filterKey(parseFilter({ stage: 'b' })!));
});
