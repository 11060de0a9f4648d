/* Generated from schemas/delivery by `npm run generate`. Do not edit. */

export type DeliveryFile =
  | DeliveryRequested
  | AttemptResult
  | DeliveryCommand
  | DeliveryFact
  | DeliveryWithdrawn
  | DeliveryLoaded
  | DeliveriesWithdrawn;

/**
 * In `delivery-inbox`: one per (fact, endpoint).
 */
export interface DeliveryRequested {
  type: 'delivery.requested';
  workspace: string;
  endpointId: string;
  deliveryId: string;
  factId: string;
  factType: string;
  /**
   * epoch ms
   */
  at: number;
  journeyId: string | null;
  /**
   * epoch ms
   */
  expiresAt: number | null;
  /**
   * the body's data
   */
  data: {
    [k: string]: unknown;
  };
}
export interface AttemptResult {
  type: 'delivery.attempted';
  workspace: string;
  endpointId: string;
  deliveryId: string;
  /**
   * 1, 2, …
   */
  attempt: number;
  /**
   * epoch ms
   */
  at: number;
  durationMs: number;
  status: number | null;
  code: string | null;
  responseBody: string | null;
  retryAfter: string | null;
  control: null | 'disable' | 'abort-message';
}
export interface DeliveryCommand {
  type: 'delivery.command';
  workspace: string;
  commandId: string;
  endpointId: string;
  command: 'resend' | 'test' | 'recover' | 'replay-missing';
  deliveryId: string | null;
  /**
   * epoch ms
   */
  since: number | null;
  by: string;
  /**
   * epoch ms
   */
  at: number;
}
/**
 * In `deliveries`: the whole delivery after each change.
 */
export interface DeliveryFact {
  type: 'delivery.created' | 'delivery.attempted' | 'delivery.ended';
  workspace: string;
  /**
   * epoch ms
   */
  at: number;
  delivery: Delivery;
  endpoint?: EndpointNow;
}
export interface Delivery {
  /**
   * msg_…: the webhook-id
   */
  id: string;
  workspace: string;
  endpointId: string;
  /**
   * alert.opened …
   */
  type: string;
  factId: string;
  journeyId: string | null;
  state: 'pending' | 'delivered' | 'exhausted' | 'expired' | 'suppressed' | 'superseded' | 'aborted' | 'failed';
  attempts: DeliveryAttempt[];
  /**
   * ISO-8601 UTC with milliseconds
   */
  nextAttemptAt: string | null;
  /**
   * ISO-8601 UTC with milliseconds
   */
  createdAt: string;
  /**
   * why it was withdrawn, in plain words; null or absent: it was not
   */
  reason?: string | null;
  /**
   * offset in delivery-inbox of the record that asked for it
   */
  source?: string;
}
export interface DeliveryAttempt {
  /**
   * ISO-8601 UTC with milliseconds
   */
  at: string;
  /**
   * HTTP status
   */
  status: number | null;
  /**
   * failure code of API.md section 4; null: success
   */
  code: string | null;
  durationMs: number;
  /**
   * at most 16 KiB
   */
  responseBody: string | null;
}
/**
 * How the endpoint was doing right after.
 */
export interface EndpointNow {
  breaker: 'closed' | 'open' | 'probing';
  /**
   * epoch ms: while open, when one attempt may go
   */
  probeAt: number | null;
  /**
   * epoch ms: the endpoint asked for a pause (Retry-After)
   */
  heldUntil: number | null;
  /**
   * attempts allowed at once
   */
  window: number;
  sending: number;
  /**
   * for a place; retries that are not due yet are not among them
   */
  waiting: number;
  /**
   * epoch ms: the first failure since the last success
   */
  failingSince: number | null;
}
/**
 * In `delivery-inbox`: what was asked for must not be sent any more. No effect on a delivery that ended.
 */
export interface DeliveryWithdrawn {
  type: 'delivery.withdrawn';
  workspace: string;
  endpointId: string;
  deliveryId: string;
  /**
   * what the delivery ends as
   */
  state: 'superseded' | 'suppressed' | 'aborted';
  /**
   * epoch ms
   */
  at: number;
}
/**
 * In `delivery-inbox`: the result of looking up an ended delivery, to send it again.
 */
export interface DeliveryLoaded {
  type: 'delivery.loaded';
  workspace: string;
  endpointId: string;
  deliveryId: string;
  mode: 'resend' | 'recover';
  /**
   * the record that asked for it, null when it is kept no more
   */
  request: {
    [k: string]: unknown;
  } | null;
}
/**
 * In `delivery-inbox`: what waits for the endpoint and matches must not be sent any more, and is not sent again later.
 */
export interface DeliveriesWithdrawn {
  type: 'deliveries.withdrawn';
  workspace: string;
  endpointId: string;
  /**
   * those that tell of this person
   */
  personId: string | null;
  /**
   * those of this journey
   */
  journeyId: string | null;
  /**
   * of the journey only the outreach that this alert led to; null: all
   */
  alertId: string | null;
  /**
   * patterns: only these
   */
  types: string[];
  /**
   * what they end as
   */
  state: 'superseded' | 'suppressed' | 'aborted';
  /**
   * plain words
   */
  reason: string;
  /**
   * epoch ms
   */
  at: number;
}
