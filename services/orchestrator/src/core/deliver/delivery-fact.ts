import { formatInstant, formatInstantOrNull } from '@cairn/clock/calendar.ts';
import type { DeliveryFact, EndpointNow } from '@cairn/contracts/generated/delivery.ts';
import { waitingAtAll } from './endpoint-load.ts';
import type { EndpointLoad, PendingDelivery } from './model.ts';

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
      ...(delivery.reason === undefined ? {} : { reason: delivery.reason }),
      source: delivery.source,
    },
  };
}

/** How the endpoint is doing, for whoever watches: with each fact, because it changes with nothing else. */
export function endpointNow(load: EndpointLoad, now: number): EndpointNow {
  const { breaker, heldUntil, window, sending, health } = load;
  return {
    breaker: breaker.state,
    probeAt: breaker.state === 'open' ? breaker.probeAt : null,
    heldUntil: heldUntil > now ? heldUntil : null,
    window,
    sending,
    waiting: waitingAtAll(load),
    failingSince: health.failingSince,
  };
}
