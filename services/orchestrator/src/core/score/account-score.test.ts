import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { definitionOf } from '../../testkit/definition-of.ts';
import { accountScoreOf } from './account-score.ts';

const definition = definitionOf(`
stages: [{ name: first }, { name: evaluation }]
roles: { champion: { where: { person.traits.title: { contains: Lead } } }, decision-maker: { where: { person.traits.title: CFO } } }
requiredRoles: { evaluation: [champion, decision-maker] }
`);

const ann = { id: 'ann', touchpoints: 6, inboundAt: 1, roles: ['champion'] };
const bob = { id: 'bob', touchpoints: 2, inboundAt: 2 };
/** Was written to, and never did anything. */
const cfo = { id: 'cfo', touchpoints: 9, inboundAt: null, roles: ['decision-maker'] };

describe('what buyers make of an account together', () => {
  it('is which roles are engaged, what the stage still lacks, and how far it hangs on one buyer', () => {
    expect(accountScoreOf(definition, { stage: 'evaluation', people: [ann, bob, cfo] }, 'account')).toEqual({
      engagedPeople: 2,
      engagedRoles: [{ role: 'champion', people: 1 }],
      coverage: 0.5,
      missingRoles: ['decision-maker'],
      topShare: 0.75,
      concentration: 0.625,
    });
  });

  it('covers nothing where nothing is required, and says nothing of shares while nobody is engaged', () => {
    expect(accountScoreOf(definition, { stage: 'first', people: [cfo] }, 'account')).toEqual({
      engagedPeople: 0,
      engagedRoles: [],
      coverage: null,
      missingRoles: [],
      topShare: null,
      concentration: null,
    });
    expect(accountScoreOf(definition, { stage: 'first', people: [ann] }, 'person')).toBeNull();
  });

  it('is between 1/n and 1, and never below the square of the busiest share', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 50 }), (counts) => {
        const people = counts.map((touchpoints, i) => ({ id: `p${i}`, touchpoints, inboundAt: i }));
        const { concentration, topShare } = accountScoreOf(definition, { stage: 'first', people }, 'account')!;
        expect(concentration).toBeGreaterThanOrEqual(1 / counts.length - 1e-12);
        expect(concentration).toBeLessThanOrEqual(1);
        expect(concentration!).toBeGreaterThanOrEqual(topShare! * topShare! - 1e-12);
      }),
    );
  });
});
