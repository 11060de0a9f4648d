/** Fit: points for who they are. A rule over the account holds as it was last seen; one over people, while it holds for any of them. */
import type { ScoreReason } from '@cairn/contracts/generated/journey.ts';
import type { Scene } from '../condition.ts';
import type { CompiledDefinition, CompiledFitRule } from '../definition/compile-definition.ts';
import type { JourneyState } from '../state.ts';

/** The names of the rules that hold in a scene: those that ask for the person, or the others. */
export function fitRulesThatHold(definition: CompiledDefinition, scene: Scene, ofPerson: boolean): readonly string[] {
  let held: string[] | null = null;
  for (const rule of definition.fit) if (rule.ofPerson === ofPerson && rule.when(scene)) (held ??= []).push(rule.name);
  return held ?? NONE;
}

const NONE: readonly string[] = Object.freeze([]);

/** The points alone. */
export function fitTotal(definition: CompiledDefinition, journey: Pick<JourneyState, 'fit' | 'people'>): number {
  let fit = 0;
  for (const rule of definition.fit)
    if (holdsFor(rule, journey)) fit += rule.atMost === null ? rule.add : Math.min(rule.add, rule.atMost);
  return fit;
}

export function fitOf(
  definition: CompiledDefinition,
  journey: Pick<JourneyState, 'fit' | 'people'>,
): { fit: number; reasons: ScoreReason[] } {
  const reasons: ScoreReason[] = [];
  let fit = 0;
  for (const rule of definition.fit) {
    if (!holdsFor(rule, journey)) continue;
    const { name, add, atMost } = rule;
    const points = atMost === null ? add : Math.min(add, atMost);
    reasons.push({ name, points, touchpointId: null });
    fit += points;
  }
  return { fit, reasons };
}

function holdsFor({ name, ofPerson }: CompiledFitRule, journey: Pick<JourneyState, 'fit' | 'people'>): boolean {
  if (!ofPerson) return journey.fit.includes(name);
  for (const { fit } of journey.people) if (fit?.includes(name)) return true;
  return false;
}
