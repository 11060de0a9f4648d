/** What a partition keeps of a definition beside its journeys: the policy, what followed its choices, whose turn it is. Plain JSON. */
import type { ArmTotals } from '@cairn/contracts/generated/action.ts';
import { learnReward, NO_POLICY, WAIT, type PolicyState } from './policy.ts';
import { countOutcome, countTry, NO_TOTALS, rewardOf, type Outcome } from './totals.ts';

export interface DefinitionMemory {
  policy: PolicyState;
  totals: Readonly<Record<string, ArmTotals>>;
  /** How many owners were assigned. */
  owners: number;
}

export type MemoryChange =
  | { kind: 'tried'; name: string; propensity: number; held: boolean }
  | { kind: 'requested'; name: string }
  | { kind: 'labelled'; name: string; features: readonly string[]; outcome: Outcome; held: boolean }
  | { kind: 'owner-assigned' };

export const NO_MEMORY: DefinitionMemory = { policy: NO_POLICY, totals: {}, owners: 0 };

export function changeMemory(memory: DefinitionMemory, change: MemoryChange): DefinitionMemory {
  if (change.kind === 'owner-assigned') return { ...memory, owners: memory.owners + 1 };
  const before = memory.totals[change.name] ?? NO_TOTALS;
  const withTotals = (totals: ArmTotals): DefinitionMemory => ({
    ...memory,
    totals: { ...memory.totals, [change.name]: totals },
  });
  switch (change.kind) {
    case 'tried':
      return withTotals(countTry(before, change.propensity, change.held));
    case 'requested':
      return withTotals({ ...before, requested: before.requested + 1 });
    case 'labelled': {
      const { name, features, outcome, held } = change;
      // In the holdout nothing was done, whatever was chosen: it teaches what waiting is worth.
      const arm = held ? WAIT : name;
      return {
        ...withTotals(countOutcome(before, outcome, held)),
        policy: learnReward(memory.policy, arm, features, rewardOf(outcome)),
      };
    }
    default:
      return change satisfies never;
  }
}

/** Names what chose: the algorithm, and how much it had learned. */
export function policyVersion(policy: PolicyState): string {
  return `squarecb-1.${policy.learned}`;
}
