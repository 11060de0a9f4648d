import type { Clock } from '@cairn/clock/clock.ts';

/** Wakes those who wait for records of some topics. A wait that is over leaves nothing behind. */
export interface WakeUps {
  /** Resolves at the first of: a wake-up for one of the topics, `waitMs` gone (Infinity: never), one of the signals aborted. Never rejects. */
  wait(topics: readonly string[], waitMs: number, ...signals: (AbortSignal | undefined)[]): Promise<void>;
  wake(topic: string): void;
  wakeAll(): void;
  /** For a crashed process: whoever waits now waits for ever. */
  drop(): void;
}

export function createWakeUps(clock: Clock): WakeUps {
  const waiting = new Map<string, Set<() => void>>();

  function wake(topic: string): void {
    const waiters = waiting.get(topic);
    if (waiters) for (const resume of [...waiters]) resume();
  }

  return {
    wait: (topics, waitMs, ...signals) =>
      new Promise<void>((resolve) => {
        if (waitMs <= 0 || signals.some((signal) => signal?.aborted)) return resolve();
        const resume = (): void => {
          cancel();
          for (const topic of topics) waiting.get(topic)?.delete(resume);
          for (const signal of signals) signal?.removeEventListener('abort', resume);
          resolve();
        };
        const cancel = waitMs === Infinity ? () => {} : clock.after(waitMs, resume);
        for (const topic of topics) {
          let waiters = waiting.get(topic);
          if (!waiters) waiting.set(topic, (waiters = new Set()));
          waiters.add(resume);
        }
        for (const signal of signals) signal?.addEventListener('abort', resume, { once: true });
      }),
    wake,
    wakeAll: () => {
      for (const topic of waiting.keys()) wake(topic);
    },
    drop: () => waiting.clear(),
  };
}
