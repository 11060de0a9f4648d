import { RESERVED_PREFIX, serialise } from './state-map.ts';
import type { Effect } from './task.ts';

/**
 * How an effect that was committed and not answered yet is kept: as a state entry of its own, so that it is durable with the
 * cycle that asked for it and found again by whoever takes the partition.
 */
export interface PendingEffect extends Effect {
  traceparent?: string;
}

export const PENDING_PREFIX = `${RESERVED_PREFIX}effect/`;

export const pendingKey = (id: string): string => PENDING_PREFIX + id;

/** Throws where the payload is no JSON or too large. */
export function sealEffect(effect: Effect, traceparent: string | undefined): PendingEffect {
  const { type, id, key, payload } = effect;
  const pending: PendingEffect = { type, id, key, payload, ...(traceparent === undefined ? {} : { traceparent }) };
  serialise(`effect ${id}`, pending);
  return pending;
}
