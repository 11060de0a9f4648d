import { askBreaker, closedBreaker, probeAgain, recordOutcome, startProbe } from './breaker.ts';
import { HEALTHY, recordHealth } from './endpoint-health.ts';
import { readRetryAfter } from './retry-after.ts';
import { WAIT_MS_MAX } from './schedule.ts';
import { fullBucket, takeToken } from './token-bucket.ts';
import type { AttemptResult, Endpoint, EndpointLoad, Lane, Places } from './model.ts';

/**
 * Decides whether an endpoint may be sent something now, and takes in how it answered: concurrency, rate, breaker, `Retry-After`,
 * the two lanes. Never uses up an attempt of what waits.
 */

export const CONCURRENCY_DEFAULT = 8;
export const CONCURRENCY_MAX = 64;
/** While retries wait too, every fifth place goes to one: fresh ones go first, but retries never starve. */
const FRESH_IN_ROW_MAX = 4;
/** Answers that say "too much": the endpoint is sent fewer at once. */
const THROTTLING_STATUSES: ReadonlySet<number> = new Set([429, 502, 503, 504]);
/** Answers whose `Retry-After` holds back the whole endpoint and not only the delivery that got it. */
const HOLDING_STATUSES: ReadonlySet<number> = new Set([429, 503]);

/** Failures that are not the endpoint's: our proxy is away, our key does not open its secret. */
const OWN_FAULTS: ReadonlySet<string> = new Set(['proxy_error', 'secret_unreadable']);

export type Settings = Pick<Endpoint, 'rateLimit'> & { concurrency?: number | null };

export type Admission =
  | { admitted: true; load: EndpointLoad; probe: boolean }
  /** `at`: when to ask again; null: when an attempt under way ends. */
  | { admitted: false; at: number | null };

export function idleLoad(settings: Settings): EndpointLoad {
  return {
    sending: 0,
    sendingLater: 0,
    window: concurrencyOf(settings),
    bucket: null,
    breaker: closedBreaker(),
    heldUntil: 0,
    health: HEALTHY,
    lanes: {},
    freshInRow: 0,
  };
}

export function concurrencyOf(settings: Settings): number {
  return Math.min(CONCURRENCY_MAX, Math.max(1, settings.concurrency ?? CONCURRENCY_DEFAULT));
}

const LANES: readonly Lane[] = ['fresh', 'second', 'later'];
const NO_PLACES: Places = { first: 0, next: 0 };

export const placesOf = (load: EndpointLoad, lane: Lane): Places => load.lanes[lane] ?? NO_PLACES;

export function waitingIn(load: EndpointLoad, lane: Lane): number {
  const { first, next } = placesOf(load, lane);
  return next - first;
}

const retriesWait = (load: EndpointLoad): boolean => waitingIn(load, 'second') > 0 || waitingIn(load, 'later') > 0;

/** In all lanes. */
export const waitingAtAll = (load: EndpointLoad): number => LANES.reduce((sum, lane) => sum + waitingIn(load, lane), 0);

/** Takes a place for one attempt of the lane, if there is one. `asked`: a person wants it now, so breaker and hold do not count. */
export function admit(settings: Settings, load: EndpointLoad, lane: Lane, asked: boolean, now: number): Admission {
  if (!asked && now < load.heldUntil) return { admitted: false, at: load.heldUntil };
  const breaker = askBreaker(load.breaker, now);
  if (!asked && !breaker.pass) return { admitted: false, at: breaker.at };
  if (!hasPlace(settings, load, lane)) return { admitted: false, at: null };
  const probe = breaker.pass && breaker.probe;

  let bucket = null;
  if (settings.rateLimit !== null) {
    const taken = takeToken(load.bucket ?? fullBucket(settings.rateLimit, now), settings.rateLimit, now);
    if (taken.readyAt !== null) return { admitted: false, at: taken.readyAt };
    bucket = taken.bucket;
  }
  const next: EndpointLoad = {
    ...load,
    bucket,
    sending: load.sending + 1,
    sendingLater: load.sendingLater + (lane === 'later' ? 1 : 0),
    breaker: probe ? startProbe(load.breaker) : load.breaker,
    freshInRow: lane === 'fresh' && retriesWait(load) ? Math.min(load.freshInRow + 1, FRESH_IN_ROW_MAX) : 0,
  };
  return { admitted: true, load: next, probe };
}

/** Whose turn it is among what waits; null when nobody's is. Of retries the later ones go first while none of them is under way. */
export function nextLane(settings: Settings, load: EndpointLoad): Lane | null {
  const retries: readonly Lane[] = load.sendingLater === 0 ? ['later', 'second'] : ['second', 'later'];
  const order: readonly Lane[] = load.freshInRow >= FRESH_IN_ROW_MAX ? [...retries, 'fresh'] : ['fresh', ...retries];
  const waiting = order.filter((lane) => waitingIn(load, lane) > 0);
  return waiting.find((lane) => hasPlace(settings, load, lane)) ?? waiting[0] ?? null;
}

export interface Answered {
  load: EndpointLoad;
  /** Set when the endpoint has failed for too long. */
  disable: boolean;
  warn: number | null;
  retryAfterMs: number | null;
}

/** Gives the place back and takes in the answer. */
export function recordAnswer(
  settings: Settings,
  load: EndpointLoad,
  lane: Lane,
  probe: boolean,
  result: Pick<AttemptResult, 'deliveryId' | 'status' | 'code' | 'retryAfter' | 'control'>,
  now: number,
): Answered {
  const retryAfterMs = result.code === null ? null : readRetryAfter(result.retryAfter, now);
  const freed: EndpointLoad = {
    ...load,
    sending: Math.max(0, load.sending - 1),
    sendingLater: Math.max(0, load.sendingLater - (lane === 'later' ? 1 : 0)),
  };
  // Our own trouble, or a receiver that refuses this one message, says nothing about the endpoint.
  if (OWN_FAULTS.has(result.code ?? '') || result.control === 'abort-message') {
    const breaker = probe ? probeAgain(load.breaker, now) : load.breaker;
    return { load: { ...freed, breaker }, disable: false, warn: null, retryAfterMs };
  }
  const ok = result.code === null;
  const status = result.status ?? 0;
  const concurrency = concurrencyOf(settings);
  const window = THROTTLING_STATUSES.has(status)
    ? Math.max(1, Math.floor(load.window / 2))
    : Math.min(concurrency, ok ? load.window + 1 : load.window);
  const held = HOLDING_STATUSES.has(status) && retryAfterMs !== null ? now + Math.min(retryAfterMs, WAIT_MS_MAX) : 0;
  const { health, disable, warn } = recordHealth(load.health, ok, now);
  return {
    load: {
      ...freed,
      window,
      // Also after a success: it may have been under way when the endpoint asked for the pause.
      heldUntil: Math.max(load.heldUntil, held),
      breaker: recordOutcome(load.breaker, ok, probe, now, result.deliveryId),
      health,
    },
    disable,
    warn,
    retryAfterMs,
  };
}

/** New settings: the queues and what is under way stay, the past is forgotten where the endpoint starts anew. */
export function resettle(before: Settings, after: Settings, load: EndpointLoad, startAnew: boolean): EndpointLoad {
  const changed = concurrencyOf(before) !== concurrencyOf(after);
  const window = changed || startAnew ? concurrencyOf(after) : load.window;
  const bucket = before.rateLimit === after.rateLimit ? load.bucket : null;
  if (!startAnew) return { ...load, window, bucket };
  return { ...load, window, bucket, breaker: closedBreaker(), heldUntil: 0, health: HEALTHY };
}

/**
 * Half of the places at most are for later tries, so that slow ones leave room for the others; one is kept for them while any wait. Second
 * tries leave one place to a fresh message.
 */
function hasPlace(settings: Settings, load: EndpointLoad, lane: Lane): boolean {
  const window = Math.min(load.window, concurrencyOf(settings));
  if (load.sending >= window) return false;
  if (window === 1) return true;
  if (lane === 'later') return load.sendingLater < Math.floor(window / 2);
  const reserved = waitingIn(load, 'later') > 0 && load.sendingLater === 0 ? 1 : 0;
  const forFresh = lane === 'second' && window > 2 ? 1 : 0;
  return load.sending - load.sendingLater < window - reserved - forFresh;
}
