import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { definitionOf } from '../../testkit/definition-of.ts';
import { touchpointOf } from '../../testkit/touchpoint-of.ts';
import type { Scene } from '../condition.ts';
import type { Points } from '../state.ts';
import { NO_POINTS, addPoints, engagementAt, engagementTotal, mergePoints } from './engagement.ts';
import { totalOf } from './total.ts';
import { fitOf, fitRulesThatHold } from './fit.ts';
import { qualificationAt, type Qualification } from './qualification.ts';

const DAY = 86_400_000;
const definition = definitionOf(`
stages: [ { name: a } ]
score:
  engagement:
    halfLife: 7 days
    points:
      - { name: pricing, when: { event: Pricing }, add: 10, atMost: 25 }
      - { name: touch, when: { direction: inbound }, add: 1 }
      - { name: away, when: { event: Unsubscribed }, add: -8 }
  fit:
    points:
      - { name: size, when: { where: { account.traits.employees: { gte: 50 } } }, add: 20 }
      - { name: senior, when: { where: { person.traits.title: VP } }, add: 15, atMost: 10 }
`);
const uncapped = definitionOf(`
stages: [ { name: a } ]
score: { engagement: { halfLife: 1 day, points: [ { name: x, when: { event: X }, add: 3 } ] } }
`);
const scene = (event: string, title = '', employees = 0): Scene => ({
  touchpoint: touchpointOf('ws', { at: 0, event }),
  direction: 'inbound',
  person: { id: 'p', userId: null, name: null, email: null, anonymous: false, traits: { title } },
  account: { id: 'a', groupId: null, name: null, domain: null, traits: { employees } },
  journey: null,
});
const add = (points: Points, event: string, at: number): Points =>
  addPoints(definition, points, scene(event), at, `tp${at}`);

describe('engagement', () => {
  it('halves with every half-life, and a match adds to what is left', () => {
    const points = add(add(NO_POINTS, 'Pricing', 0), 'Pricing', 7 * DAY);
    expect(engagementAt(definition, points, 7 * DAY)).toEqual({
      engagement: 15 + 1.5,
      reasons: [
        { name: 'pricing', points: 15, touchpointId: `tp${7 * DAY}` },
        { name: 'touch', points: 1.5, touchpointId: `tp${7 * DAY}` },
      ],
    });
    expect(engagementAt(definition, points, 14 * DAY).engagement).toBeCloseTo(8.25, 12);
  });

  it('cuts a rule’s sum to its most after each match', () => {
    let points: Points = NO_POINTS;
    for (let i = 0; i < 10; i++) points = add(points, 'Pricing', i);
    expect(engagementAt(definition, points, 9).reasons[0]!.points).toBe(25);
  });

  it('may be taken away from', () => {
    expect(engagementAt(definition, add(NO_POINTS, 'Unsubscribed', 0), 0)).toMatchObject({ engagement: -7 });
  });

  it('names no rule that is worth nothing any more', () => {
    expect(engagementAt(definition, add(NO_POINTS, 'Pricing', 0), 1_000 * DAY)).toEqual({ engagement: 0, reasons: [] });
  });

  it('is exact for touchpoints that come late, whatever their order', () => {
    const times = fc.array(fc.integer({ min: 0, max: 10 * DAY }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(times, (list) => {
        const total = (order: number[]): number =>
          engagementAt(
            uncapped,
            order.reduce<Points>((points, at) => addPoints(uncapped, points, scene('X'), at, `tp${at}`), NO_POINTS),
            10 * DAY,
          ).engagement;
        const expected = list.reduce((sum, at) => sum + 3 * 2 ** (-(10 * DAY - at) / DAY), 0);
        expect(total(list)).toBeCloseTo(expected, 8);
        expect(total([...list].reverse())).toBeCloseTo(expected, 8);
      }),
    );
  });

  it('is the sum of its reasons, exactly, and without the first one less by what it says', () => {
    const touches = fc.array(
      fc.record({
        event: fc.constantFrom('Pricing', 'Other', 'Unsubscribed'),
        at: fc.integer({ min: 0, max: 60 * DAY }),
      }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(touches, fc.integer({ min: 60 * DAY, max: 90 * DAY }), (list, now) => {
        const points = list.reduce<Points>((sums, { event, at }) => add(sums, event, at), NO_POINTS);
        const { engagement, reasons } = engagementAt(definition, points, now);
        expect(reasons.reduce((sum, reason) => sum + reason.points, 0)).toBe(engagement);
        if (reasons.length === 0) return;
        expect(engagementTotal(definition, points, now)).toBe(engagement);
        const keep = (_: unknown, i: number): boolean => points.rules[i] !== reasons[0]!.name;
        const others = {
          ...points,
          rules: points.rules.filter(keep),
          sums: points.sums.filter(keep),
          by: points.by.filter(keep),
        };
        expect(engagementAt(definition, others, now).engagement).toBeCloseTo(engagement - reasons[0]!.points, 9);
      }),
      { numRuns: 1_000 },
    );
  });

  it('of two journeys is the same whichever comes first', () => {
    const sums = fc
      .array(fc.record({ event: fc.constantFrom('Pricing', 'Other'), at: fc.integer({ min: 0, max: 30 * DAY }) }), {
        maxLength: 10,
      })
      .map((list) => list.reduce<Points>((points, { event, at }) => add(points, event, at), NO_POINTS));
    fc.assert(
      fc.property(sums, sums, (a, b) => {
        expect(mergePoints(definition, a, b)).toEqual(mergePoints(definition, b, a));
      }),
    );
  });
});

describe('fit', () => {
  it('counts what holds of the account, and of any of its people', () => {
    const people = [
      { id: 'ann', touchpoints: 1, inboundAt: null, fit: ['senior'] },
      { id: 'bob', touchpoints: 1, inboundAt: null },
    ];
    const held = fitRulesThatHold(definition, scene('x', 'VP', 80), false);
    expect(held).toEqual(['size']);
    expect(fitRulesThatHold(definition, scene('x', 'VP', 80), true)).toEqual(['senior']);
    expect(fitOf(definition, { fit: held, people })).toEqual({
      fit: 30,
      reasons: [
        { name: 'size', points: 20, touchpointId: null },
        { name: 'senior', points: 10, touchpointId: null },
      ],
    });
    expect(fitOf(definition, { fit: [], people: [] })).toEqual({ fit: 0, reasons: [] });
  });
});

describe('a total', () => {
  it('is the sum of its reasons, engagement and fit together, to the last bit', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -50, max: 50, noNaN: true }), { maxLength: 12 }), (list) => {
        const reasons = list.map((points, i) => ({
          name: `rule ${i}`,
          points,
          touchpointId: i % 2 ? null : `tp_${i}`,
        }));
        expect(totalOf(reasons)).toBe(reasons.reduce((sum, { points }) => sum + points, 0));
        const [first, ...others] = reasons;
        if (first) expect(totalOf(others)).toBeCloseTo(totalOf(reasons) - first.points, 9);
      }),
      { numRuns: 1_000 },
    );
  });

  it('of a journey shows fit among its reasons', () => {
    const points = add(add(NO_POINTS, 'Pricing', 0), 'Other', 1);
    const { engagement, reasons } = engagementAt(definition, points, DAY);
    const { fit, reasons: fitReasons } = fitOf(definition, { fit: ['size'], people: [] });
    expect(fit).toBeGreaterThan(0);
    expect(totalOf([...reasons, ...fitReasons])).toBeCloseTo(engagement + fit, 9);
  });
});

describe('a qualification', () => {
  const table: [before: Qualification, total: number, after: Qualification][] = [
    [null, 24.9, null],
    [null, 25, 'mql'],
    [null, 60, 'sql'],
    ['mql', 59.9, 'mql'],
    ['sql', 50, 'sql'],
    ['sql', 47, 'mql'],
    ['sql', 19, null],
    ['mql', 21, 'mql'],
    ['mql', 19, null],
  ];
  it.each(table)('of %s at a total of %d is %s', (before, total, after) =>
    expect(qualificationAt({ mql: 25, sql: 60 }, before, total)).toBe(after),
  );
  it('is none without thresholds', () => expect(qualificationAt({ mql: null, sql: null }, null, 1_000)).toBeNull());
});
