/** The score of a journey at the moment of a draft, and whether it qualifies by it. */
import { engagementTotal } from '../score/engagement.ts';
import { fitTotal } from '../score/fit.ts';
import { qualificationAt, type Qualification } from '../score/qualification.ts';
import type { Draft } from './draft.ts';

export function totalNow(draft: Pick<Draft, 'definition' | 'journey' | 'now'>): number {
  const { definition, journey, now } = draft;
  return engagementTotal(definition, journey.points, now) + fitTotal(definition, journey);
}

export function qualificationNow(draft: Draft): Qualification {
  const { thresholds } = draft.definition;
  if (thresholds.mql === null && thresholds.sql === null) return null;
  return qualificationAt(thresholds, draft.journey.qualification, totalNow(draft));
}
