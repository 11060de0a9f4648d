import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Condition } from '@cairn/contracts/generated/journey-definition.ts';
import { touchpointOf } from '../testkit/touchpoint-of.ts';
import { compileCondition, mentions, type Scene } from './condition.ts';

const scene: Scene = {
  touchpoint: touchpointOf('ws', {
    at: 0,
    event: 'Page Viewed',
    kind: 'page',
    channel: 'email',
    properties: {
      path: '/pricing/team',
      amount: 150,
      price: '19.90',
      tags: ['a', 'b'],
      nothing: null,
      deep: { er: { x: 1 } },
    },
    context: { page: { referrer: 'https://news.example' } },
    traits: { plan: 'pro' },
  }),
  direction: 'inbound',
  person: { id: 'p', userId: 'u', name: 'Ann', email: null, anonymous: false, traits: { title: 'VP of Sales' } },
  account: { id: 'a', groupId: 'a', name: 'Acme', domain: null, traits: { employees: 50 } },
  journey: {
    stage: 'consideration',
    openAlerts: ['stall'],
    count: () => 2,
    read: (name) => ({ stage: 'consideration', touchpoints: 7, channels: ['web', 'email'] })[name as 'stage'],
  },
};

function holds(condition: unknown, on: Scene = scene): boolean {
  return compileCondition(condition as Condition, 'c', (path, message) => {
    throw new Error(`${path}: ${message}`);
  })(on);
}

describe('a condition', () => {
  const table: [unknown, boolean][] = [
    [{ event: 'Page Viewed' }, true],
    [{ event: 'Other' }, false],
    [{ event: ['Other', 'Page Viewed'] }, true],
    [{ event: { startsWith: 'Page' } }, true],
    [{ event: { startsWith: ['x', 'Pa'] } }, true],
    [{ event: { endsWith: 'Viewed' } }, true],
    [
      { type: 'page', channel: 'email', direction: 'inbound', stage: ['evaluation', 'consideration'], alert: 'stall' },
      true,
    ],
    [{ type: 'page', channel: 'web' }, false],
    [{ alert: 'role-silent' }, false],
    [{ where: { 'properties.path': { startsWith: '/pricing' } } }, true],
    [{ where: { 'properties.path': { contains: 'icing' } } }, true],
    [{ where: { 'properties.tags': { contains: 'b' } } }, true],
    [{ where: { 'properties.tags': { contains: 'c' } } }, false],
    [{ where: { 'properties.tags.1': 'b' } }, true],
    [{ where: { 'properties.amount': 150 } }, true],
    [{ where: { 'properties.amount': '150' } }, false],
    [{ where: { 'properties.amount': { gt: 149, lte: 150 } } }, true],
    [{ where: { 'properties.amount': { gt: 150 } } }, false],
    [{ where: { 'properties.amount': { gte: 150, lt: 150 } } }, false],
    [{ where: { 'properties.price': { lt: 20 } } }, true],
    [{ where: { 'properties.price': { gt: 100 } } }, false],
    [{ where: { 'properties.path': { gt: 1 } } }, false],
    [{ where: { 'properties.path': { lt: 1 } } }, false],
    [{ where: { 'properties.path': { gt: '/a' } } }, true],
    [{ where: { 'properties.missing': { gt: 1 } } }, false],
    [{ where: { 'properties.missing': { lte: 1 } } }, false],
    [{ where: { 'account.traits.employees': { between: [50, 2000] } } }, true],
    [{ where: { 'account.traits.employees': { between: [51, 2000] } } }, false],
    [{ where: { 'properties.amount': { in: [1, 150] } } }, true],
    [{ where: { 'properties.amount': { ne: 150 } } }, false],
    [{ where: { 'properties.missing': { ne: 150 } } }, true],
    [{ where: { 'properties.missing': { exists: false } } }, true],
    [{ where: { 'properties.nothing': { exists: true } } }, false],
    [{ where: { 'properties.missing': null } }, true],
    [{ where: { 'properties.deep.er.x': 1 } }, true],
    [{ where: { 'properties.deep.er.x.y.z': { exists: false } } }, true],
    [{ where: { 'context.page.referrer': { endsWith: '.example' } } }, true],
    [{ where: { 'traits.plan': 'pro' } }, true],
    [{ where: { 'person.traits.title': { matches: '(?i)chief|vp|head' } } }, true],
    [{ where: { 'person.traits.title': { matches: '^vp$' } } }, false],
    [{ where: { 'person.email': { exists: false } } }, true],
    [{ where: { 'journey.touchpoints': { gte: 7 } } }, true],
    [{ where: { 'journey.channels': { contains: 'web' } } }, true],
    [{ where: { 'touchpoint.event': 'Page Viewed', 'touchpoint.properties.amount': 150 } }, true],
    [{ all: [{ event: 'Page Viewed' }, { stage: 'consideration' }] }, true],
    [{ all: [{ event: 'Page Viewed' }, { stage: 'evaluation' }] }, false],
    [{ any: [{ event: 'x' }, { stage: 'consideration' }] }, true],
    [{ not: { event: 'x' } }, true],
    [{ not: { event: 'Page Viewed' } }, false],
    [{ event: 'Page Viewed', not: { stage: 'evaluation' } }, true],
  ];
  it.each(table)('%j is %j', (condition, expected) => expect(holds(condition)).toBe(expected));

  it.each([
    [{}],
    [{ all: [] }],
    [{ any: [] }],
    [{ not: {} }],
    [{ where: {} }],
    [{ event: [] }],
    [{ event: {} }],
    [{ event: 'Page Viewed', all: [] }],
  ])('an empty group matches nothing: %j', (condition) => expect(holds(condition)).toBe(false));

  it('never reaches into a prototype', () => {
    expect(holds({ where: { 'properties.constructor.name': { exists: true } } })).toBe(false);
    expect(holds({ where: { 'properties.tags.length': { exists: true } } })).toBe(true);
    expect(holds({ where: { 'person.traits.__proto__': { exists: true } } })).toBe(false);
  });

  it('matches without backtracking', () => {
    const long: Scene = { ...scene, touchpoint: { ...scene.touchpoint!, properties: { path: 'a'.repeat(50_000) } } };
    expect(holds({ where: { 'properties.path': { matches: '(a+)+$x' } } }, long)).toBe(false);
  });

  it('never throws, whatever the touchpoint holds', () => {
    const operators = [
      { eq: 1 },
      { ne: 'x' },
      { gt: 1 },
      { lte: 'x' },
      { between: [1, 2] },
      { in: [1, null] },
      { startsWith: 'a' },
      { endsWith: ['a'] },
      { contains: 'a' },
      { matches: 'a' },
      { exists: true },
      'x',
      [1],
      null,
    ].map((comparison) => compileCondition({ where: { 'properties.a.b': comparison } } as Condition, 'c', () => {}));
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withNullPrototype: true }), (value) => {
        const odd = { ...scene, touchpoint: { ...scene.touchpoint!, properties: { a: value, 'a.b': value } } } as Scene;
        const nested = { ...scene, touchpoint: { ...scene.touchpoint!, properties: { a: { b: value } } } } as Scene;
        for (const operator of operators) {
          expect(typeof operator(odd)).toBe('boolean');
          expect(typeof operator(nested)).toBe('boolean');
        }
      }),
    );
  });

  it('holds for nothing where there is no touchpoint', () => {
    const nobody: Scene = { touchpoint: null, direction: null, person: null, account: null, journey: null };
    expect(holds({ event: 'Page Viewed' }, nobody)).toBe(false);
    expect(holds({ alert: 'stall' }, nobody)).toBe(false);
    expect(holds({ where: { 'journey.stage': 'x' } }, nobody)).toBe(false);
  });

  it('tells whom it asks for, however deep', () => {
    const condition = {
      any: [{ event: 'x' }, { not: { all: [{ where: { 'person.traits.title': 'x' } }] } }],
    } as Condition;
    expect([mentions(condition, 'person'), mentions(condition, 'account')]).toEqual([true, false]);
  });
});
