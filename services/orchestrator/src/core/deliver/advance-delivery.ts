import type { DeliveryFact, DeliveryRequested } from '@cairn/contracts/generated/delivery.ts';
import { deliveryFact } from './delivery-fact.ts';
import { admit, recordAnswer, waitingIn } from './endpoint-load.ts';
import type { AttemptRecord, AttemptResult, EndState, Endpoint, EndpointLoad, Lane, PendingDelivery } from './model.ts';
import { waitAfterFailure } from './schedule.ts';

/**
 * The heart of the deliverer: one delivery, one input → send now, wait, or end. Decides over plain data alone, so that a replay
 * of the inbox sends at the same places under the same ids. Never sends, and never looks at another delivery.
 */
export type DeliveryInput =
  /** Its time has come: it is fresh, or its wait is over. */
  | { type: 'due' }
  /** It was first in its queue and the endpoint may have a place. */
  | { type: 'turn' }
  /** A person wants one attempt now, outside of the chain. */
  | { type: 'resend' }
  | { type: 'attempted'; result: AttemptResult }
  /** It must not be sent any more (superseded, suppressed, its endpoint is gone). */
  | { type: 'withdrawn'; state: EndState; reason?: string }
  | { type: 'expired' };

export interface DeliveryStep {
  load: EndpointLoad;
  delivery: PendingDelivery;
  outputs: readonly DeliveryFact[];
  /** The number of the attempt to make now. */
  send: number | null;
  timers: readonly { purpose: 'retry' | 'expire'; dueAt: number | null }[];
  /** Where to queue, and when to ask again at the latest (null: when an attempt under way ends). */
  queue: { lane: Lane; at: number | null } | null;
  /** The endpoint itself must be disabled, for this reason. */
  disable: string | null;
  /** A share of the way to being disabled, to warn of. */
  warn: number | null;
}

const WITHDRAWN: ReadonlySet<EndState> = new Set<EndState>(['superseded', 'suppressed', 'aborted', 'failed']);
/** Of all answers of one delivery together, UTF-16 units: four whole ones of 16 KiB. Older ones go first. */
export const KEPT_BODIES_MAX = 65_536;

export function advanceDelivery(
  endpoint: Endpoint,
  load: EndpointLoad,
  delivery: PendingDelivery,
  input: DeliveryInput,
  now: number,
): DeliveryStep {
  switch (input.type) {
    case 'due':
    case 'turn':
      // A person's attempt is under way: when it comes back, the chain goes on.
      if (delivery.phase === 'sending' || delivery.phase === 'ended') return nothing(load, delivery);
      return attempt(endpoint, load, delivery, input.type === 'turn', now);
    case 'resend':
      if (delivery.phase !== 'waiting') return nothing(load, delivery);
      return attempt(endpoint, load, { ...delivery, extra: { back: delivery.state } }, false, now);
    case 'attempted':
      if (delivery.phase !== 'sending' || input.result.attempt !== delivery.attempt) return nothing(load, delivery);
      return answered(endpoint, load, delivery, input.result, now);
    case 'withdrawn':
      return withdraw(load, delivery, input, now);
    case 'expired':
      return delivery.phase === 'sending' ? nothing(load, delivery) : end(load, delivery, 'expired', now);
  }
}

/** A delivery as it begins: due at once. */
export function newDelivery(request: DeliveryRequested, body: string, source: string, now: number): PendingDelivery {
  const { deliveryId: id, workspace, endpointId, factType: type, factId, journeyId, expiresAt } = request;
  return {
    id,
    workspace,
    endpointId,
    type,
    factId,
    journeyId,
    createdAt: now,
    expiresAt,
    state: 'pending',
    phase: 'waiting',
    attempt: 0,
    failures: 0,
    dueAt: now,
    probe: false,
    extra: null,
    endAs: null,
    attempts: [],
    body,
    source,
  };
}

export function laneOf(delivery: PendingDelivery): Lane {
  if (delivery.extra || delivery.failures === 0) return 'fresh';
  return delivery.failures === 1 ? 'second' : 'later';
}

function attempt(
  endpoint: Endpoint,
  load: EndpointLoad,
  delivery: PendingDelivery,
  isTurn: boolean,
  now: number,
): DeliveryStep {
  if (endpoint.state === 'disabled') return end(load, delivery, fallBackOf(delivery) ?? 'failed', now);
  if (delivery.endAs) return end(load, delivery, delivery.endAs, now);
  if (delivery.expiresAt !== null && delivery.expiresAt <= now) return end(load, delivery, 'expired', now);
  const lane = laneOf(delivery);
  const asked = delivery.extra !== null;
  // Those who wait already go first.
  const admission =
    isTurn || asked || waitingIn(load, lane) === 0
      ? admit(endpoint, load, lane, asked, now)
      : ({ admitted: false, at: null } as const);
  if (!admission.admitted)
    return { ...nothing(load, { ...delivery, phase: 'queued' }), queue: { lane, at: admission.at } };
  const sending: PendingDelivery = {
    ...delivery,
    phase: 'sending',
    attempt: delivery.attempt + 1,
    probe: admission.probe,
  };
  return { ...nothing(admission.load, sending), send: sending.attempt };
}

function answered(
  endpoint: Endpoint,
  load: EndpointLoad,
  before: PendingDelivery,
  result: AttemptResult,
  now: number,
): DeliveryStep {
  const answer = recordAnswer(endpoint, load, laneOf(before), before.probe, result, now);
  const attempts = keepBodies([...before.attempts, recordOf(result)]);
  const delivery: PendingDelivery = { ...before, attempts, probe: false, extra: null };
  const disable = endpoint.state === 'disabled' ? null : disableReason(result, answer.disable);
  const common = { disable, warn: answer.warn };
  const ended = (state: EndState): DeliveryStep => ({
    ...end(answer.load, { ...delivery, extra: before.extra }, state, now),
    ...common,
  });

  if (result.control === 'abort-message') return ended('aborted');
  if (result.code === null) return ended('delivered');
  const fallBack = fallBackOf(before);
  if (fallBack) return ended(fallBack);
  if (before.endAs) return ended(before.endAs);
  if (disable !== null || endpoint.state === 'disabled') return ended('failed');
  if (delivery.expiresAt !== null && delivery.expiresAt <= now) return ended('expired');

  // A person's attempt does not move the chain; where its time came meanwhile, it goes on at once.
  const failures = before.extra ? before.failures : before.failures + 1;
  const wait = before.extra
    ? Math.max(1, before.dueAt - now)
    : waitAfterFailure(endpoint.schedule, failures, answer.retryAfterMs, before.id);
  if (wait === null) return ended('exhausted');
  const waiting: PendingDelivery = { ...delivery, phase: 'waiting', failures, dueAt: now + wait };
  return {
    ...nothing(answer.load, waiting),
    ...common,
    outputs: [deliveryFact('delivery.attempted', waiting, now)],
    timers: [{ purpose: 'retry', dueAt: waiting.dueAt }],
  };
}

function end(load: EndpointLoad, delivery: PendingDelivery, state: EndState, now: number): DeliveryStep {
  const ended: PendingDelivery = { ...delivery, state, phase: 'ended', probe: false };
  // It was withdrawn while it was on its way, and arrived all the same.
  if (!WITHDRAWN.has(state)) delete ended.reason;
  return { ...nothing(load, ended), outputs: [deliveryFact('delivery.ended', ended, now)] };
}

function nothing(load: EndpointLoad, delivery: PendingDelivery): DeliveryStep {
  return { load, delivery, outputs: [], send: null, timers: [], queue: null, disable: null, warn: null };
}

/** One that is on its way ends by its own answer, or as withdrawn when that is a failure. */
function withdraw(
  load: EndpointLoad,
  before: PendingDelivery,
  { state, reason }: Extract<DeliveryInput, { type: 'withdrawn' }>,
  now: number,
): DeliveryStep {
  if (before.endAs !== null) return nothing(load, before);
  const delivery: PendingDelivery = reason === undefined ? before : { ...before, reason };
  if (delivery.phase === 'sending') return nothing(load, { ...delivery, endAs: state });
  return end(load, delivery, fallBackOf(delivery) ?? state, now);
}

/** What a delivery that had ended before a person asked for one more attempt ends as again. */
function fallBackOf({ extra }: PendingDelivery): EndState | null {
  return extra && extra.back !== 'pending' ? extra.back : null;
}

function disableReason(result: AttemptResult, failedForTooLong: boolean): string | null {
  if (result.control === 'disable') return 'the receiver asked for it (webhook-delivery: disable)';
  if (result.status === 410) return 'the receiver answered 410 Gone';
  return failedForTooLong ? 'every attempt failed for 5 days' : null;
}

function recordOf({ at, status, code, durationMs, responseBody }: AttemptResult): AttemptRecord {
  return { at, status, code, durationMs, responseBody };
}

function keepBodies(attempts: readonly AttemptRecord[]): AttemptRecord[] {
  let kept = 0;
  return [...attempts]
    .reverse()
    .map((attempt) => {
      kept += attempt.responseBody?.length ?? 0;
      return kept > KEPT_BODIES_MAX ? { ...attempt, responseBody: null } : attempt;
    })
    .reverse();
}
