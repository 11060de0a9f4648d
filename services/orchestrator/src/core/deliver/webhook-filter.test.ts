import { describe, expect, test } from 'vitest';
import { checkFilter, passesFilter } from './webhook-filter.ts';

const event = {
  type: 'alert.opened',
  data: { kind: 'stall', stage: 'evaluation', journey: { score: 61 }, owner: null },
};

describe('a filter', () => {
  test.each([
    [{ where: { 'data.kind': 'stall' } }, true],
    [{ where: { 'data.kind': 'role-silent' } }, false],
    [{ where: { 'data.journey.score': { gte: 60 } } }, true],
    [{ where: { 'data.journey.score': { gte: 60 }, type: 'alert.resolved' } }, false],
    [{ any: [{ where: { 'data.kind': 'x' } }, { where: { 'data.stage': ['evaluation', 'decision'] } }] }, true],
    [
      { all: [{ where: { type: { startsWith: 'alert.' } } }, { not: { where: { 'data.owner': { exists: true } } } }] },
      true,
    ],
    [{ where: { 'data.missing.deep': { exists: false } } }, true],
    [{ where: { 'data.constructor.name': { exists: true } } }, false],
    [{ where: { 'data.stage': { matches: '(?i)^EVAL' } } }, true],
  ])('%j lets it pass: %s', (filter, passes) => {
    expect(checkFilter(filter)).toEqual([]);
    expect(passesFilter(filter, event)).toBe(passes);
  });

  test('that is absent lets everything pass', () => {
    expect(passesFilter(null, event)).toBe(true);
    expect(passesFilter(undefined, event)).toBe(true);
  });

  test.each([
    [[], 'filter'],
    ['stall', 'filter'],
    [{}, 'filter'],
    [{ all: [] }, 'filter.all'],
    [{ any: {} }, 'filter.any'],
    [{ event: 'x' }, 'filter.event'],
    [{ where: {} }, 'filter.where'],
    [{ where: { kind: 'stall' } }, "filter.where['kind']"],
    [{ where: { 'data.': 'stall' } }, "filter.where['data.']"],
    [{ where: { 'data.kind': { is: 'stall' } } }, "filter.where['data.kind']"],
    [{ where: { 'data.kind': { matches: '(' } } }, "filter.where['data.kind'].matches"],
    [{ any: [{ where: { 'data.kind': 'a' } }, { nope: 1 }] }, 'filter.any[1].nope'],
  ])('%j is refused, at %s, and matches nothing', (filter, path) => {
    expect(checkFilter(filter).map((fault) => fault.path)).toEqual([path]);
    if (typeof filter === 'object') expect(passesFilter(filter, event)).toBe(false);
  });

  test('of any depth is refused, not followed', () => {
    let deep: object = { where: { 'data.kind': 'stall' } };
    for (let i = 0; i < 50; i++) deep = { not: deep };
    expect(checkFilter(deep)).toHaveLength(1);
  });
});
