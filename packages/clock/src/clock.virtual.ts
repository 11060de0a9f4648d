import type { Clock } from './clock.ts';

/** A clock that stands still until it is told to move. Timers fire in the order of their due time, ties in the order they were set. */
export interface VirtualClock extends Clock {
  /** Moves to `now + ms`, firing what is due on the way and letting promises settle after each. */
  advance(ms: number): Promise<void>;
  /** The due time of the earliest timer, or null. */
  nextDue(): number | null;
}

interface Waiting {
  at: number;
  order: number;
  fire: () => void;
}

/** Deterministic: `seed` drives `random()` (mulberry32). `settle` is how queued promises are drained between two timers. */
export function createVirtualClock(startMs = 0, seed = 1, settle: () => Promise<void> = drainMicrotasks): VirtualClock {
  let nowMs = startMs;
  let order = 0;
  let waiting: Waiting[] = [];
  const random = seededRandom(seed);

  function set(ms: number, fire: () => void): () => void {
    const entry: Waiting = { at: nowMs + Math.max(0, ms), order: order++, fire };
    waiting.push(entry);
    return () => {
      waiting = waiting.filter((other) => other !== entry);
    };
  }

  function earliest(): Waiting | undefined {
    let first: Waiting | undefined;
    for (const entry of waiting)
      if (!first || entry.at < first.at || (entry.at === first.at && entry.order < first.order)) first = entry;
    return first;
  }

  return {
    now: () => nowMs,
    monotonic: () => nowMs,
    sleep: (ms, signal) =>
      new Promise<void>((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason as Error);
        const cancel = set(ms, () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        });
        const onAbort = (): void => {
          cancel();
          reject(signal!.reason as Error);
        };
        signal?.addEventListener('abort', onAbort, { once: true });
      }),
    after: set,
    every: (ms, callback) => {
      let cancelled = false;
      let cancel = (): void => {};
      const arm = (): void => {
        cancel = set(ms, () => {
          callback();
          if (!cancelled) arm();
        });
      };
      arm();
      return () => {
        cancelled = true;
        cancel();
      };
    },
    random,
    nextDue: () => earliest()?.at ?? null,
    async advance(ms) {
      const until = nowMs + ms;
      await settle();
      for (let next = earliest(); next && next.at <= until; next = earliest()) {
        nowMs = Math.max(nowMs, next.at);
        waiting.splice(waiting.indexOf(next), 1);
        next.fire();
        await settle();
      }
      nowMs = until;
    },
  };
}

/** mulberry32: small, fast, the same everywhere. */
export function seededRandom(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

async function drainMicrotasks(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}

/** For `createVirtualClock`: lets every promise chain run to its end between two timers, however long (one turn of the event loop). */
export function settleFully(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
