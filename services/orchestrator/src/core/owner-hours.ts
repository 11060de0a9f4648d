/**
 * When an owner works: alerts open and escalate within the working hours of whose they are, in their zone and without their country's
 * holidays. Decides the moment alone; whether a journey stalls is counted by the definition's own calendar.
 */
import type { JourneyDefinition } from '@cairn/contracts/generated/journey-definition.ts';
import { businessTimeOf, type BusinessTime } from './business-time.ts';
import type { CompiledDefinition } from './definition/compile-definition.ts';
import type { JourneyState, SubjectState } from './state.ts';
import { ownerOf } from './subject.ts';

/** E-mail or name, in small letters → their calendar. Only owners who have one of their own. */
export type OwnerHours = ReadonlyMap<string, BusinessTime>;

type Owned = Pick<JourneyState, 'owner'>;

/** Who takes turns, by e-mail or plain name, and when those work who say so. */
export function compileOwners(source: JourneyDefinition): Pick<CompiledDefinition, 'owners' | 'ownerHours'> {
  const owners: string[] = [];
  const ownerHours = new Map<string, BusinessTime>();
  for (const owner of source.alerts?.owners ?? []) {
    if (typeof owner === 'string') {
      owners.push(owner);
      continue;
    }
    const { email, name, timezone, businessHours, inTurn } = owner;
    if (inTurn !== false) owners.push(email);
    // A zone alone says nothing of hours where the definition has none.
    if (businessHours === undefined && (timezone === undefined || source.businessHours === undefined)) continue;
    const time = businessTimeOf(timezone ?? source.timezone, { ...source.businessHours, ...businessHours });
    for (const known of [email, name]) if (known !== undefined) ownerHours.set(known.toLowerCase(), time);
  }
  return { owners, ownerHours };
}

/** The owner's calendar, where they have one of their own; else the definition's. */
export function ownersTime(definition: CompiledDefinition, subject: SubjectState, journey: Owned): BusinessTime {
  return ownHours(definition, subject, journey) ?? definition.businessTime;
}

/** `at`, or the next working moment of whose alert it is; `at` itself where alerts open at any hour. */
export function alertMoment(definition: CompiledDefinition, subject: SubjectState, journey: Owned, at: number): number {
  if (definition.source.alerts?.anyHour === true) return at;
  const own = ownHours(definition, subject, journey);
  if (own) return own.nextWorkingMoment(at);
  return definition.withinHours ? definition.businessTime.nextWorkingMoment(at) : at;
}

function ownHours({ ownerHours }: CompiledDefinition, subject: SubjectState, journey: Owned): BusinessTime | null {
  if (ownerHours.size === 0) return null;
  const owner = ownerOf(subject) ?? journey.owner;
  return owner === undefined ? null : (ownerHours.get(owner.toLowerCase()) ?? null);
}
