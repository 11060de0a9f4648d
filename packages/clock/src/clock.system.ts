import type { Clock } from './clock.ts';

/** The machine's own clock, timers and randomness. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise<void>((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const onAbort = (): void => {
        clearTimeout(timer);
        reject(signal!.reason as Error);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, ms);
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
  after: (ms, callback) => {
    // setTimeout overflows at 2^31-1 ms (24.8 days) and would fire at once.
    const timer = setTimeout(callback, Math.min(Math.max(ms, 0), 2_147_483_647));
    timer.unref();
    return () => clearTimeout(timer);
  },
  // All that is done every second is done in the same moment: a process wakes up once for ten of them, not ten times (idle costs by the
  // wake-up, not by the callback). Later ones of the same length keep step, because each counts from when the last one began.
  every: (ms, callback) => {
    let timer = setTimeout(
      () => {
        timer = setInterval(callback, ms).unref();
        callback();
      },
      ms - (performance.now() % ms),
    ).unref();
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
};
