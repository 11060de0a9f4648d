import type { AttemptResult, Delivery, DeliveryAttempt } from '@cairn/contracts/generated/delivery.ts';
import type { Endpoint } from '@cairn/contracts/generated/control.ts';
import type { Breaker } from './breaker.ts';
import type { EndpointHealth } from './endpoint-health.ts';
import type { TokenBucket } from './token-bucket.ts';

/** The plain data that the deliverer decides over. Times are epoch ms, durations ms. */

/** What a delivery ends as. */
export type EndState = Exclude<Delivery['state'], 'pending'>;

/**
 * Which queue of its endpoint: `fresh` holds first tries, `second` second ones, `later` everything after. The first two share all places but
 * those reserved for `later`; among them a first try goes first.
 */
export type Lane = 'fresh' | 'second' | 'later';

/** One attempt as it is kept: as in the API, with the time as a number. */
export interface AttemptRecord {
  at: number;
  status: number | null;
  code: string | null;
  durationMs: number;
  responseBody: string | null;
}

/** A delivery that has not ended. */
export interface PendingDelivery {
  id: string;
  workspace: string;
  endpointId: string;
  type: string;
  factId: string;
  journeyId: string | null;
  createdAt: number;
  expiresAt: number | null;
  state: Delivery['state'];
  /** `waiting` for its time, `blocked` by an earlier one of its journey (FIFO), `queued` for a place at the endpoint, `sending`, or `ended`. */
  phase: 'waiting' | 'blocked' | 'queued' | 'sending' | 'ended';
  /** Number of the attempt under way or made last; it only rises, so that every attempt has an effect id of its own. */
  attempt: number;
  /** Failures of the chain so far: the place in the schedule. */
  failures: number;
  /** When the next attempt of the chain is due. */
  dueAt: number;
  /** The attempt under way is the breaker's probe. */
  probe: boolean;
  /** One attempt asked for by a person, outside of the chain; `back`: the state to fall back to when it fails. */
  extra: { back: Delivery['state'] } | null;
  /** What it ends as if the attempt under way fails: it was withdrawn meanwhile. */
  endAs: EndState | null;
  attempts: readonly AttemptRecord[];
  /** Made once, so that every attempt sends the same. */
  body: string;
  /** People whom the facts name and the body does not (withdrawal.ts); absent: none. */
  people?: readonly string[];
  /** Why it was withdrawn; absent: it was not. */
  reason?: string;
  /** Offset in the inbox of the record that asked for it: whoever resends it later reads the body there. */
  source: string;
}

/** What is remembered of a delivery that ended, so that a second request does nothing and a person can resend it. */
export interface EndedDelivery {
  phase: 'over';
  state: EndState;
  endedAt: number;
  delivery: Omit<PendingDelivery, 'attempts' | 'body' | 'people' | 'phase' | 'probe' | 'extra' | 'endAs'>;
  /** Without the answers' bodies. */
  attempts: readonly AttemptRecord[];
}

/** Numbers of the first and of the next free place. */
export interface Places {
  first: number;
  next: number;
}

/** How an endpoint is doing: everything that decides whether it may be sent something now. */
export interface EndpointLoad {
  sending: number;
  sendingLater: number;
  /** Attempts allowed at once: the endpoint's concurrency, less while it asks for less. */
  window: number;
  bucket: TokenBucket | null;
  breaker: Breaker;
  /** Nothing is sent before: a `Retry-After` of the endpoint. */
  heldUntil: number;
  health: EndpointHealth;
  /** Where each queue begins and ends; absent: nobody ever stood there. */
  lanes: Readonly<Partial<Record<Lane, Places>>>;
  /** Fresh ones sent in a row while retries waited. */
  freshInRow: number;
  /** How many withdrawals each message is compared with; absent: none, which costs no look. */
  withdrawals?: number;
}

/** What an attempt needs to know. Secrets stay encrypted until the sender uses them. */
export interface SendWebhook {
  workspace: string;
  endpointId: string;
  deliveryId: string;
  attempt: number;
  url: string;
  headers: Readonly<Record<string, unknown>>;
  secrets: Endpoint['secrets'];
  auth?: Endpoint['auth'];
  template?: string | null;
  /** The bytes to sign and send, as text (what the template is given, where there is one). */
  body: string;
}

export type { AttemptResult, Delivery, DeliveryAttempt, Endpoint };
