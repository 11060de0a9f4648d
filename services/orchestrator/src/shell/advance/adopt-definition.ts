/**
 * A new version of a definition and the journeys that are open: each meets it in a step of its own group, a few milliseconds apart, so that
 * touchpoints go on in between. What a journey makes of it is the core's.
 */
import { isMoved, type MovedSubject, type SubjectState } from '../../core/state.ts';
import type { AdoptionGroup } from './adoption-groups.ts';
import { advanceSubject, type AdvanceScope } from './advance-subject.ts';

export function takeAdoptionStep(scope: AdvanceScope, key: string, group: AdoptionGroup): void {
  const { work, definitions } = scope;
  work.set(key, null);
  const concerned = definitions.filter(({ name }) => name === group.definition);
  for (const place of group.keys) {
    const subject = work.get<SubjectState | MovedSubject>(place);
    if (!subject || isMoved(subject)) continue;
    advanceSubject(scope, subject, concerned, (definition, journey) =>
      journey && journey.version !== definition.version
        ? { type: 'definition', cause: `definition ${definition.name} ${definition.version}` }
        : null,
    );
  }
}
