/**
 * The only place that reads the time, waits, or draws a random number. Everything else is handed a `Clock`, so that the
 * simulator can step every service on one virtual clock and a replay gives the same bytes.
 */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** A monotonic reading in milliseconds, for durations only. */
  monotonic(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `callback` once after `ms`; the returned function cancels it. Never keeps the process alive by itself. */
  after(ms: number, callback: () => void): () => void;
  /** Calls `callback` every `ms` until cancelled. Never keeps the process alive by itself. */
  every(ms: number, callback: () => void): () => void;
  /** How often someone who waits for `now()` to reach an instant should look, where `now()` runs faster than the waits do. */
  readonly idleWaitMs?: number;
  /** Uniform in [0, 1). */
  random(): number;
}
