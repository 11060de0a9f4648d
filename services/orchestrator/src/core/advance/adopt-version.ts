/** A new version of the definition is live: a journey goes on by it from its next input. Alerts that are open stay open. */
import type { Draft } from './draft.ts';
import { settleStall } from './settle-stall.ts';

export function adoptVersion(draft: Draft): void {
  const { definition, journey, now } = draft;
  journey.version = definition.version;
  if (!definition.stageIndex.has(journey.stage)) {
    const stage = definition.stages[0]!.name;
    journey.visits = [...journey.visits, [stage, now, null, null]];
    draft.from = journey.stage;
    journey.stage = stage;
    journey.stageSince = now;
    draft.events.push('stage_changed');
    draft.changed = true;
  }
  settleStall(draft, { by: 'definition', imported: false, lag: journey.stall.lag });
}
