import { describe, expect, it } from 'vitest';
import { simulate } from './simulate.ts';

const SEEDS = 12;

/** Replays are compared in `simulation.sim.test.ts`. */
const faultsOf = async (seed: number, bug: 'merge-loses-an-identifier' | null = null): Promise<string[]> =>
  (await simulate(seed, bug, true)).violations.filter((fault) => !fault.startsWith('replay:'));

describe('people who are merged, split and erased while everything breaks', () => {
  it(`are, over ${SEEDS} seeds and at random moments, who the oracle makes of the log alone`, async () => {
    const broken: string[] = [];
    for (let seed = 1; seed <= SEEDS; seed++)
      for (const fault of await faultsOf(seed)) broken.push(`npm run sim -- --people --seed ${seed}: ${fault}`);
    expect(broken).toEqual([]);
  });

  it('are not, where a merge loses an identifier', async () => {
    for (let seed = 1; seed <= SEEDS; seed++)
      if ((await faultsOf(seed, 'merge-loses-an-identifier')).some((fault) => fault.startsWith('oracle:'))) return;
    expect.unreachable('the oracle found nothing');
  });
});
