/** What endpoints are told of a journey's change: one fact for each thing that happened, each with an id of its own. Imported history is no news. */
import type { JourneyChanged } from '@cairn/contracts/generated/journey.ts';
import type { WebhookFact } from './deliver/request-delivery.ts';

const TYPES = {
  stage_changed: 'journey.stage_changed',
  qualified: 'journey.qualified',
  won: 'journey.won',
  lost: 'journey.lost',
} as const;

export function journeyWebhooks(fact: JourneyChanged): WebhookFact[] {
  if (fact.imported) return [];
  const { workspace, at, journey, from } = fact;
  return fact.events.flatMap((event) => {
    if (!(event in TYPES)) return [];
    const type = TYPES[event as keyof typeof TYPES];
    return [
      {
        workspace,
        factId: `${fact.factId}.${event}`,
        type,
        at,
        journeyId: journey.id,
        data: { ...journey, ...(event === 'stage_changed' ? { from } : {}) },
      },
    ];
  });
}
