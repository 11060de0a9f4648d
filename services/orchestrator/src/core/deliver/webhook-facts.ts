import type { AlertFact } from '@cairn/contracts/generated/alert.ts';
import { idOf } from '@cairn/contracts/ids.ts';
import type { PersonMergedNotice, PersonSplitNotice } from '@cairn/contracts/generated/stitched.ts';
import type { WebhookFact } from './request-delivery.ts';

/** What endpoints are told of an alert's fact; null for what was imported: history is no news. Used when it happens and when it is replayed, so that both make one id. */
export function alertWebhook(fact: AlertFact): WebhookFact | null {
  if (fact.imported) return null;
  const { workspace, factId, type, at, alert, journey } = fact;
  return { workspace, factId, type, at, journeyId: alert.journeyId, data: { ...alert, journey } };
}

/**
 * What endpoints are told of identities. Each subject concerned gets a notice of its own; all of them make the one fact that the stitcher told,
 * so that an endpoint hears of it once.
 */
export function identityWebhook(notice: PersonMergedNotice | PersonSplitNotice): WebhookFact {
  const { type, workspace, at, cause } = notice;
  if (type === 'person.merged') {
    const { from, into, person } = notice;
    const factId = idOf('fct', workspace, type, from, into, cause);
    return { workspace, factId, type: 'identity.merged', at, data: { id: into, from, into, person } };
  }
  const { personId, parts } = notice;
  const people = parts.map(({ person, ids }) => ({ id: person.id, name: person.name, email: person.email, ids }));
  const into = people.map(({ id }) => id);
  return {
    workspace,
    factId: idOf('fct', workspace, type, personId, cause),
    type: 'identity.split',
    at,
    data: { id: personId, personId, into, people },
  };
}
