/** How long the deliverer remembers a delivery that ended: within that it can be sent again. */
import { parseInstant } from '@cairn/clock/calendar.ts';
import type { Delivery } from '@cairn/contracts/generated/delivery.ts';

const DAY_MS = 86_400_000;
/** A second request of something delivered comes within seconds, if at all. */
const DELIVERED_KEPT_MS = DAY_MS;
/** As long as the inbox keeps the body that a resend needs. */
const UNDELIVERED_KEPT_MS = 7 * DAY_MS;

export function keptMs(state: Delivery['state']): number {
  return state === 'delivered' ? DELIVERED_KEPT_MS : UNDELIVERED_KEPT_MS;
}

/** `now` in epoch ms. A delivery ends with its last attempt; one that was withdrawn before any, at some time after it was made: then it may be kept still. */
export function isKept({ state, attempts }: Pick<Delivery, 'state' | 'attempts'>, now: number): boolean {
  const last = attempts.at(-1);
  if (state === 'pending' || !last) return true;
  return now < (parseInstant(last.at) ?? now) + last.durationMs + keptMs(state);
}
