/**
 * Decides what time it is for a partition. Log time is the newest `at` that its inbox has shown; it never falls, and nothing but
 * a record moves it. Where nothing is left to read and a timer is due by the wall clock, the task appends a tick to its own
 * inbox, so that the inbox alone decides the order. Never reads a clock itself.
 */

/** Marks a tick in the inbox: no message, it only brings its log time. */
export const TICK_HEADER = 'cairn-tick';
/** Marks the result of an effect in the inbox; its value is the effect's id. */
export const EFFECT_HEADER = 'cairn-effect';
/** W3C trace context, handed on from each record to what it causes. */
export const TRACE_HEADER = 'traceparent';

/** The log's clock may lag ours: a tick that came back too early is not repeated sooner than this (ms), or the two would spin. */
export const TICK_PAUSE_MS = 5;

/** A record's log time. Kafka's clock may step back with a change of leader; log time may not. */
export function advanceLogTime(logTime: number, at: number): number {
  return at > logTime ? at : logTime;
}

export interface IdleState {
  /** When the earliest timer is due (a lower bound), null for none. */
  nextDue: number | null;
  now: number;
  /** A tick has been appended and was not read back yet. */
  tickUnderWay: boolean;
  /** No tick before this instant. */
  tickNotBefore: number;
  idleWaitMs: number;
}

/** What to do with an inbox that is drained: append a tick, or how long to wait for records before looking again. */
export function whenDrained(idle: IdleState): { tick: boolean; waitMs: number } {
  if (idle.nextDue === null || idle.tickUnderWay) return { tick: false, waitMs: idle.idleWaitMs };
  const tickAt = Math.max(idle.nextDue, idle.tickNotBefore);
  if (tickAt <= idle.now) return { tick: true, waitMs: idle.idleWaitMs };
  return { tick: false, waitMs: Math.min(tickAt - idle.now, idle.idleWaitMs) };
}

/** After a tick was handled: when the next may be appended. `nextDue` is what is due still, `tickAt` the tick's log time. */
export function nextTickNotBefore(nextDue: number | null, tickAt: number, now: number): number {
  if (nextDue === null || nextDue > now) return now;
  return now + Math.max(nextDue - tickAt, TICK_PAUSE_MS);
}

/** Seconds that a partition is behind; see `PartitionStatus.lagSeconds`. */
export function lagSeconds(backlog: number, now: number, logTime: number, levelAt: number): number {
  return backlog === 0 ? 0 : Math.max(0, now - Math.max(logTime, levelAt)) / 1000;
}
