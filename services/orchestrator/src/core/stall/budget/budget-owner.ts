/** Whose budget a journey's stall counts against, and which threshold holds for it. */
import type { BusinessTime } from '../../business-time.ts';
import type { CompiledDefinition } from '../../definition/compile-definition.ts';
import { learnedStallOf, type JourneyModels } from '../../learn/predict.ts';
import type { JourneyState, SubjectState } from '../../state.ts';
import { ownerOf } from '../../subject.ts';

/** Of everybody, or of journeys that are nobody's yet. */
export const NOBODY = '';

type Owned = Pick<JourneyState, 'owner'>;

/** Whose slots an alert takes: the account's owner, else the one it was assigned to. */
export function deskOwner(definition: CompiledDefinition, subject: SubjectState, journey: Owned): string {
  if (definition.budget?.per === 'workspace') return NOBODY;
  return oneName(definition, ownerOf(subject) ?? journey.owner ?? NOBODY);
}

/** Whose past a threshold is chosen from. Owners who take turns share one: who gets a journey is decided when its alert is due. */
export function thresholdOwner(definition: CompiledDefinition, subject: SubjectState): string {
  return definition.budget?.per === 'workspace' ? NOBODY : oneName(definition, ownerOf(subject) ?? NOBODY);
}

/** Whom a CRM calls by e-mail here and by name there has one budget: under the e-mail, where the definition knows both. */
function oneName({ source }: CompiledDefinition, owner: string): string {
  const name = owner.toLowerCase();
  for (const known of source.alerts?.owners ?? [])
    if (typeof known !== 'string' && (known.email.toLowerCase() === name || known.name?.toLowerCase() === name))
      return known.email;
  return owner;
}

/** How many share what is counted under this owner. */
export function ownersBehind({ budget, owners }: CompiledDefinition, owner: string): number {
  return owner === NOBODY && budget?.per === 'owner' ? Math.max(1, owners.length) : 1;
}

/** By whose calendar an owner's days are counted. */
export function deskTime({ ownerHours, businessTime }: CompiledDefinition, owner: string): BusinessTime {
  return ownerHours.get(owner.toLowerCase()) ?? businessTime;
}

/** Whether the owner's alerts open on working days only. */
export function hasDaysOff({ ownerHours, withinHours, source }: CompiledDefinition, owner: string): boolean {
  return withinHours || (ownerHours.has(owner.toLowerCase()) && source.alerts?.anyHour !== true);
}

/** Whether the stage's alerts ask for a slot. */
export function isBudgeted(definition: CompiledDefinition, stage: string): boolean {
  return definition.budget !== null && learnedStallOf(definition, stage)?.isBudgeted === true;
}

/** At which probability a stall of the stage is due. */
export function thresholdNow(
  definition: CompiledDefinition,
  { thresholds }: JourneyModels,
  subject: SubjectState,
  stage: string,
): number {
  const learned = learnedStallOf(definition, stage)!;
  return (learned.isBudgeted ? thresholds?.[thresholdOwner(definition, subject)] : undefined) ?? learned.probability;
}
