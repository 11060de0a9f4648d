import { describe, expect, it } from 'vitest';
import { chooseArm, expectedReward, learnReward, NO_POLICY, WAIT, type PolicyState } from './policy.ts';
import { fillTemplate } from './template.ts';
import { isHeldOut, uniformOf } from './uniform.ts';

const ARMS = ['call', 'mail', WAIT].map((name) => ({ name, cost: 0 }));

describe('the policy of next best actions', () => {
  it('tries every action as often before anything is known, and waits once in 300 times', () => {
    const choice = chooseArm(NO_POLICY, ARMS, ['stage=evaluation'], 'jrn_1/1')!;
    const [call, mail, wait] = choice.arms;
    expect(call!.propensity).toBe(mail!.propensity);
    expect(wait!.propensity).toBeGreaterThan(0.002);
    expect(wait!.propensity).toBeLessThan(0.005);
    expect(choice.arms.reduce((sum, arm) => sum + arm.propensity, 0)).toBeCloseTo(1, 12);
    expect(choice.propensity).toBe(choice.arms.find((arm) => arm.name === choice.name)!.propensity);
  });

  it('chooses the same for the same ids, and by the propensities over many', () => {
    const counts = new Map<string, number>();
    for (let i = 0; i < 5_000; i++) {
      const { name } = chooseArm(NO_POLICY, ARMS, [], `jrn_${i}`)!;
      expect(chooseArm(NO_POLICY, ARMS, [], `jrn_${i}`)!.name).toBe(name);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    expect(counts.get('call')! / 5_000).toBeCloseTo(0.495, 1);
    expect(counts.get(WAIT)! / 5_000).toBeLessThan(0.02);
  });

  it('learns which action works where, and goes on trying the others', () => {
    let policy: PolicyState = NO_POLICY;
    const works: Record<string, string> = { 'stage=a': 'call', 'stage=b': 'mail' };
    for (let i = 0; i < 3_000; i++) {
      const features = [i % 2 ? 'stage=a' : 'stage=b'];
      const { name } = chooseArm(policy, ARMS, features, `learn/${i}`)!;
      const rate = works[features[0]!] === name ? 0.5 : 0.1;
      policy = learnReward(policy, name, features, uniformOf(`reward/${i}`) < rate ? 1 : 0);
    }
    for (const [feature, best] of Object.entries(works)) {
      const choice = chooseArm(policy, ARMS, [feature], 'x')!;
      const shares = Object.fromEntries(choice.arms.map(({ name, propensity }) => [name, propensity]));
      expect(shares[best]).toBeGreaterThan(0.9);
      expect(Math.min(...Object.values(shares))).toBeGreaterThan(0);
      expect(expectedReward(policy, best, [feature])).toBeGreaterThan(0.35);
    }
  });

  it('takes the cost of a try off what it expects', () => {
    const choice = chooseArm(
      NO_POLICY,
      [
        { name: 'call', cost: 0.1 },
        { name: 'mail', cost: 0 },
      ],
      [],
      'x',
    )!;
    expect(choice.arms[1]!.propensity).toBeGreaterThan(0.98);
  });

  it('has nothing to choose from where there is nothing', () => {
    expect(chooseArm(NO_POLICY, [], [], 'x')).toBeNull();
  });
});

describe('the holdout', () => {
  it('is about its share, for good, and off at 0', () => {
    const ids = Array.from({ length: 4_000 }, (_, i) => `acc_${i}`);
    const held = ids.filter((id) => isHeldOut(0.1, 'b2b', id));
    expect(held.length / ids.length).toBeCloseTo(0.1, 1);
    expect(held.every((id) => isHeldOut(0.2, 'b2b', id))).toBe(true);
    expect(ids.some((id) => isHeldOut(0, 'b2b', id))).toBe(false);
    expect(ids.every((id) => isHeldOut(1, 'b2b', id))).toBe(true);
    expect(held).not.toEqual(ids.filter((id) => isHeldOut(0.1, 'b2c', id)));
  });
});

describe('a template', () => {
  const values = {
    quietPerson: { name: 'Ann', email: null },
    alert: { reason: { text: 'No reply' } },
    score: 12,
    list: [1],
  };
  it.each([
    ['Call {{ quietPerson.name }}', 'Call Ann'],
    ['{{alert.reason.text}}: {{ score }}', 'No reply: 12'],
    ['Mail {{ quietPerson.email | the buyer }}', 'Mail the buyer'],
    ['{{ nobody.name }} {{ list }} {{ constructor.name }}', ''],
    ['no places, {{ unclosed', 'no places, {{ unclosed'],
  ])('%s', (template, filled) => expect(fillTemplate(template, values)).toBe(filled));
});
