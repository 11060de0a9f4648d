import type { AlertFact } from '@cairn/contracts/generated/alert.ts';
import type { WebhookFact } from './request-delivery.ts';

/** What endpoints are told of an alert's fact; null for what was imported: history is no news. Used when it happens and when it is replayed, so that both make one id. */
export function alertWebhook(fact: AlertFact): WebhookFact | null {
  if (fact.imported) return null;
  const { workspace, factId, type, at, alert, journey } = fact;
  return { workspace, factId, type, at, journeyId: alert.journeyId, data: { ...alert, journey } };
}
