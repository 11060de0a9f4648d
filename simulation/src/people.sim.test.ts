import { describe, expect, it } from 'vitest';
import { simulate } from './simulate.ts';

const SEEDS = 12;

/** Seeds that found something once. */
const FOUND: readonly [seed: number, what: string][] = [
  [53, 'a bot said group() for a person who was split later: its touchpoint stayed with whoever kept the account'],
  [57, 'a bot said group() for a person who was erased: the account was never told'],
  [59, 'an account kept calling a person by the name of one who had left it by a split and was erased'],
  [120, 'a journey that another account took over kept an alert, in its last record, that named somebody erased later'],
  [1017, 'a webhook that the receiver refused was withdrawn by an erasure before its next attempt: rightly'],
  [70, 'a bot wrote from the role mailbox of a company: the account was not told of the erasing'],
];

const faultsOf = async (seed: number, bug: 'merge-loses-an-identifier' | null = null): Promise<string[]> => [
  ...(await simulate(seed, bug, true)).violations,
];

describe('people who are merged, split and erased while everything breaks', () => {
  it(`are, over ${SEEDS} seeds and at random moments, who the oracle makes of the log alone`, async () => {
    const broken: string[] = [];
    for (let seed = 1; seed <= SEEDS; seed++)
      for (const fault of await faultsOf(seed)) broken.push(`npm run sim -- --people --seed ${seed}: ${fault}`);
    expect(broken).toEqual([]);
  });

  it.each(FOUND)('are, in seed %i: %s', async (seed) => {
    expect(await faultsOf(seed)).toEqual([]);
  });

  it('are not, where a merge loses an identifier', async () => {
    for (let seed = 1; seed <= SEEDS; seed++)
      if ((await faultsOf(seed, 'merge-loses-an-identifier')).some((fault) => fault.startsWith('oracle:'))) return;
    expect.unreachable('the oracle found nothing');
  });
});
