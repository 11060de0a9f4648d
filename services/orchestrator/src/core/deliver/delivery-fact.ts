import { formatInstant, formatInstantOrNull } from '@cairn/clock/calendar.ts';
import type { DeliveryFact } from '@cairn/contracts/generated/delivery.ts';
import type { PendingDelivery } from './model.ts';

/** A fact for `deliveries`: the whole delivery as the API answers it. */
export function deliveryFact(type: DeliveryFact['type'], delivery: PendingDelivery, now: number): DeliveryFact {
  const { id, workspace, endpointId, factId, journeyId, state } = delivery;
  return {
    type,
    workspace,
    at: now,
    delivery: {
      id,
      workspace,
      endpointId,
      type: delivery.type,
      factId,
      journeyId,
      state,
      attempts: delivery.attempts.map((attempt) => ({ ...attempt, at: formatInstant(attempt.at) })),
      nextAttemptAt: state === 'pending' ? formatInstantOrNull(delivery.dueAt) : null,
      createdAt: formatInstant(delivery.createdAt),
    },
  };
}
