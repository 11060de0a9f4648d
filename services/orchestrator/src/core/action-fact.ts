/** A step of an action → the fact of topic `actions`, and what endpoints are told of it. */
import { parseInstant } from '@cairn/clock/calendar.ts';
import type { ActionFact } from '@cairn/contracts/generated/action.ts';
import { idOf } from '@cairn/contracts/ids.ts';
import type { JourneyOutput } from './journey-input.ts';
import type { WebhookFact } from './deliver/request-delivery.ts';
import { renderAction } from './render-action.ts';
import type { JourneyPlace } from './render-journey.ts';
import type { JourneyState } from './state.ts';

export function actionFact(
  place: JourneyPlace,
  journey: JourneyState,
  { fact: type, action, told, commandId }: Extract<JourneyOutput, { type: 'action' }>,
  summary: Record<string, unknown>,
  now: number,
): ActionFact {
  return {
    type,
    factId: idOf('fct', action.id, type, now),
    workspace: place.workspace,
    at: now,
    action: renderAction(place, journey.id, action, told),
    journey: summary,
    imported: false,
    commandId,
  };
}

/** Only what was requested is told, and told again when it is withdrawn. The end of a snooze is nobody's news. */
export function actionWebhook({ type, factId, workspace, at, action, journey }: ActionFact): WebhookFact | null {
  const requestedAt = action.requestedAt === null ? null : parseInstant(action.requestedAt);
  const isNews =
    (type === 'action.requested' && requestedAt === at) || (type === 'action.withdrawn' && requestedAt !== null);
  if (!isNews) return null;
  return {
    workspace,
    factId,
    type,
    at,
    journeyId: action.journeyId,
    expiresAt: type === 'action.requested' && action.expiresAt !== null ? parseInstant(action.expiresAt) : null,
    data: { ...action, journey },
  };
}
