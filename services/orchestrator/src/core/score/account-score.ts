/**
 * What an account's buyers make of its score together: which roles are engaged, how much of what the stage requires they cover, and
 * how far it all hangs on one of them. O(people), of which a journey keeps 50 at most. Shows, decides nothing.
 */
import type { AccountScore } from '@cairn/contracts/generated/journey.ts';
import type { CompiledDefinition } from '../definition/compile-definition.ts';
import type { JourneyState, PersonTrace } from '../state.ts';

/** Null: the journey is one person's. */
export function accountScoreOf(
  definition: CompiledDefinition,
  journey: Pick<JourneyState, 'people' | 'stage'>,
  unit: 'account' | 'person',
): AccountScore | null {
  if (unit === 'person') return null;
  const engaged = engagedPeople(journey.people);
  const required = definition.source.requiredRoles?.[journey.stage] ?? [];
  const missingRoles = required.filter((role) => !engaged.some(({ roles }) => roles?.includes(role)));
  const engagedRoles = definition.roles
    .map(({ name }) => ({ role: name, people: engaged.filter(({ roles }) => roles?.includes(name)).length }))
    .filter(({ people }) => people > 0);
  let sum = 0;
  let squares = 0;
  let most = 0;
  for (const { touchpoints } of engaged) {
    sum += touchpoints;
    squares += touchpoints * touchpoints;
    most = Math.max(most, touchpoints);
  }
  return {
    engagedPeople: engaged.length,
    engagedRoles,
    coverage: required.length === 0 ? null : (required.length - missingRoles.length) / required.length,
    missingRoles,
    topShare: sum === 0 ? null : most / sum,
    concentration: sum === 0 ? null : squares / (sum * sum),
  };
}

/** Buyers who have done something themselves: being written to engages nobody. */
export function engagedPeople(people: readonly PersonTrace[]): readonly PersonTrace[] {
  return people.filter(({ inboundAt }) => inboundAt !== null);
}
