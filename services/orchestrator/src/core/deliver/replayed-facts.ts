/** Which webhooks a fact of the log would have made: the same, under the same ids, as when it happened. `[]` for what makes none. */
import type { ActionFact } from '@cairn/contracts/generated/action.ts';
import type { AlertFact } from '@cairn/contracts/generated/alert.ts';
import type { PersonMerged, PersonSplit } from '@cairn/contracts/generated/identity.ts';
import type { JourneyChanged } from '@cairn/contracts/generated/journey.ts';
import { actionWebhook } from '../action-fact.ts';
import { journeyWebhooks } from '../journey-webhooks.ts';
import type { WebhookFact } from './request-delivery.ts';
import { matchesType } from './type-patterns.ts';
import { alertWebhook } from './webhook-facts.ts';

/** Topics whose facts endpoints hear of, and a type of each group that comes from there. */
const TOPICS = {
  alerts: ['alert.opened', 'alert.acknowledged', 'alert.snoozed', 'alert.escalated', 'alert.resolved'],
  journeys: ['journey.stage_changed', 'journey.qualified', 'journey.won', 'journey.lost'],
  actions: ['action.requested', 'action.withdrawn'],
  identities: ['identity.merged', 'identity.split'],
} as const;

/** The topics that an endpoint with these types could hear from. */
export function topicsFor(patterns: readonly string[]): string[] {
  return Object.entries(TOPICS)
    .filter(([, types]) => types.some((type) => matchesType(patterns, type)))
    .map(([topic]) => topic);
}

export function replayedFacts(topic: string, message: { type?: unknown; at?: unknown }): WebhookFact[] {
  const type = String(message.type);
  if (topic === 'alerts') {
    const webhook = type.startsWith('alert.') ? alertWebhook(message as AlertFact) : null;
    return webhook ? [webhook] : [];
  }
  if (topic === 'journeys') return type === 'journey.changed' ? journeyWebhooks(message as JourneyChanged) : [];
  if (topic === 'actions') {
    const webhook = TOPICS.actions.some((one) => one === type) ? actionWebhook(message as ActionFact) : null;
    return webhook ? [webhook] : [];
  }
  if (topic === 'identities') return identityFacts(message as PersonMerged | PersonSplit);
  return [];
}

function identityFacts(fact: PersonMerged | PersonSplit): WebhookFact[] {
  const { workspace, factId, at } = fact;
  if (fact.type === 'person.merged')
    return [
      { workspace, factId, at, type: 'identity.merged', data: { id: fact.into, from: fact.from, into: fact.into } },
    ];
  if (fact.type !== 'person.split') return [];
  const { personId, into } = fact;
  const people = into.map((part) => ({ id: part.personId, ids: part.ids }));
  const data = { id: personId, personId, into: people.map(({ id }) => id), people };
  return [{ workspace, factId, at, type: 'identity.split', data }];
}
