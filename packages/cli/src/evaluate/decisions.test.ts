import { describe, expect, it } from 'vitest';
import { seededRandom } from '@cairn/clock/clock.virtual.ts';
import { decisionsOf, ESS_LEAST, judgeDecisions, readPolicy, type Decisions } from './decisions.ts';

/** A world of which the truth is known: what an action earns depends on the segment. */
const EARNS: Record<string, Record<string, number>> = {
  small: { call: 0.1, email: 0.4, gift: 0.2 },
  large: { call: 0.6, email: 0.2, gift: 0.2 },
};

function logged(count: number, propensities: Record<string, number>, seed = 1): Record<string, string>[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => {
    const segment = random() < 0.5 ? 'small' : 'large';
    let left = random();
    const action = Object.keys(propensities).find((name) => (left -= propensities[name]!) < 0) ?? 'gift';
    const reward = random() < EARNS[segment]![action]! ? 1 : 0;
    return { action, propensity: String(propensities[action]), reward: String(reward), segment, age: String(random()) };
  });
}

const EVEN = { call: 1 / 3, email: 1 / 3, gift: 1 / 3 };
const SKEWED = { call: 0.15, email: 0.7, gift: 0.15 };
const read = (rows: Record<string, string>[]): Decisions => decisionsOf(rows, 'reward') as Decisions;

describe('off-policy evaluation', () => {
  it('finds what always doing one thing would have earned, whoever chose before', () => {
    for (const propensities of [EVEN, SKEWED]) {
      const figures = judgeDecisions(read(logged(6_000, propensities)), { type: 'constant', action: 'call' });
      const truth = (0.1 + 0.6) / 2;
      for (const estimate of [figures.ips!, figures.snips!, figures.dr!])
        expect(Math.abs(estimate - truth)).toBeLessThan(4 * figures.se!);
      expect(figures.se!).toBeLessThan(0.04);
    }
  });

  it('is the plain sum of weights and rewards', () => {
    const rows = logged(2_000, SKEWED);
    const figures = judgeDecisions(read(rows), { type: 'constant', action: 'email' });
    const own = rows.filter(({ action }) => action === 'email');
    const weighted = own.reduce((sum, { reward, propensity }) => sum + Number(reward) / Number(propensity), 0);
    expect(figures.matched).toBe(own.length);
    expect(figures.ess).toBeCloseTo(own.length, 6);
    expect(figures.ips).toBeCloseTo(weighted / 2_000, 9);
    expect(figures.snips).toBeCloseTo(own.filter(({ reward }) => reward === '1').length / own.length, 9);
  });

  it('gives no figure where too few decisions stand behind it', () => {
    const figures = judgeDecisions(read(logged(500, EVEN)), { type: 'constant', action: 'call' });
    expect(figures.matched).toBeGreaterThan(100);
    expect(figures.ess).toBeLessThan(ESS_LEAST);
    expect(figures).toMatchObject({ ips: null, snips: null, dr: null, se: null });
    expect(judgeDecisions(read(logged(500, EVEN)), { type: 'constant', action: 'sleep' }).matched).toBe(0);
  });

  it('shows that the product learns whom to do what with', () => {
    const decisions = read(logged(30_000, EVEN));
    const product = judgeDecisions(decisions, { type: 'product' });
    const best = (0.4 + 0.6) / 2;
    const bestConstant = (0.1 + 0.6) / 2;
    expect(product.snips!).toBeGreaterThan(bestConstant + 0.05);
    expect(product.snips!).toBeLessThan(best + 4 * product.se!);
    expect(Math.abs(product.dr! - product.ips!)).toBeLessThan(4 * product.se!);
  });

  it('never feeds a reward where the choice was another: what was not done tells the policy nothing', () => {
    const rows = logged(4_000, EVEN);
    const decisions = read(rows);
    const before = judgeDecisions(decisions, { type: 'product' });
    expect(before.matched).toBeGreaterThan(800);
    expect(before.matched).toBeLessThan(2_200);
    expect(judgeDecisions(decisions, { type: 'product' })).toEqual(before);
  });

  it('says what is wrong with a file', () => {
    expect(decisionsOf([{ action: 'a', reward: '1' }], 'reward')).toEqual({ missing: ['propensity'] });
    expect(() => decisionsOf([{ action: 'a', propensity: '0', reward: '1' }], 'reward')).toThrow('row 1: propensity');
    expect(() => decisionsOf([{ action: 'a', propensity: '1', reward: 'x' }], 'reward')).toThrow('row 1: reward');
    expect(readPolicy('best')).toBeNull();
    expect(readPolicy('constant:call')).toEqual({ type: 'constant', action: 'call' });
  });
});
