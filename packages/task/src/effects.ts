import type { Clock } from '@cairn/clock/clock.ts';
import type { OwnedPartition } from '@cairn/log/log.ts';
import { decodeJson, encodeJson } from '@cairn/contracts/json.ts';
import { createInboxAppender } from './inbox-appender.ts';
import type { InboxRecord } from './inbox-appender.ts';
import { EFFECT_HEADER, TRACE_HEADER } from './log-time.ts';
import { PENDING_PREFIX, pendingKey } from './pending-effect.ts';
import type { PendingEffect } from './pending-effect.ts';
import type { EffectStep } from './commit-cycle.ts';
import type { TaskDefinition } from './task.ts';

/**
 * Does the effects of one owned partition after their commit, and brings their results back through the inbox. Never keeps an
 * effect that the committed state does not hold, and never starts one that is under way.
 */
export interface Effects {
  /** What a committed cycle asks for. */
  follow(steps: readonly EffectStep[]): void;
  /** Ids of the effects that the committed state holds, in order. */
  pendingIds(): string[];
  /** Effects committed and not answered yet. */
  size(): number;
  /** Starts no more, waits up to the grace for those under way, then aborts them. With `graceMs` 0: aborts at once. */
  close(graceMs: number): Promise<void>;
}

/** Slots shared by all partitions of a task, first come, first served. */
export interface EffectSlots {
  /** Resolves when a slot is free; false when the signal was aborted first. */
  take(signal: AbortSignal): Promise<boolean>;
  give(): void;
}

/** The first pause after a runner threw, doubled up to the last (ms). A runner's own retries (webhooks) are results, not throws. */
export const EFFECT_BACKOFF_MS = 100;
export const EFFECT_BACKOFF_MAX_MS = 30_000;

interface EffectsDeps {
  definition: TaskDefinition;
  owned: OwnedPartition;
  clock: Clock;
  slots: EffectSlots;
  onFault: (fault: { effectId: string; type: string; attempt: number; error: unknown }) => void;
}

export function createEffects({ definition, owned, clock, slots, onFault }: EffectsDeps): Effects {
  /** From the commit that asked for it until the commit that handled its result. */
  const underWay = new Set<string>();
  const running = new Set<Promise<boolean>>();
  /** Stops waiting for slots and backoffs. */
  const stopping = new AbortController();
  /** Stops the runners, too. */
  const aborting = new AbortController();
  const inbox = createInboxAppender(owned, clock, aborting.signal);

  async function perform(id: string): Promise<void> {
    for (let attempt = 1; await slots.take(stopping.signal); attempt++) {
      const done = attemptOnce(id, attempt);
      running.add(done);
      const settled = await done;
      running.delete(done);
      if (settled) return;
      const pause = Math.min(EFFECT_BACKOFF_MS * 2 ** (attempt - 1), EFFECT_BACKOFF_MAX_MS);
      await clock.sleep(pause * (1 + clock.random() / 5), stopping.signal).catch(() => {});
    }
  }

  /** Holds a slot when called, and gives it back as soon as the effect is done. False: it threw, try again. Never rejects. */
  async function attemptOnce(id: string, attempt: number): Promise<boolean> {
    let type = 'unknown';
    let answer: InboxRecord;
    try {
      const value = owned.state.get(pendingKey(id))?.value;
      if (!value) underWay.delete(id);
      if (!value || stopping.signal.aborted) return true;
      const { traceparent, ...effect } = decodeJson(value) as PendingEffect;
      type = effect.type;
      const runner = definition.effects?.[type];
      if (!runner) throw new RangeError(`no runner for effects of type ${type}`);
      const context = { signal: aborting.signal, traceparent: traceparent ?? null, attempt };
      const result = encodeJson((await runner(effect, context)) ?? null);
      const headers = { [EFFECT_HEADER]: id, ...(traceparent === undefined ? {} : { [TRACE_HEADER]: traceparent }) };
      answer = { key: effect.key, value: result, headers };
    } catch (error) {
      if (aborting.signal.aborted) return true;
      onFault({ effectId: id, type, attempt, error });
      return false;
    } finally {
      slots.give();
    }
    // Where the answer cannot be told the partition is lost to us; its next owner does the effect again, under the same id.
    if (!aborting.signal.aborted) await inbox.append(answer).catch(() => {});
    return true;
  }

  return {
    follow(steps) {
      for (const { type, id } of steps) {
        if (type === 'settled') underWay.delete(id);
        else if (!underWay.has(id)) {
          underWay.add(id);
          void perform(id);
        }
      }
    },
    pendingIds: () => [...owned.state.entries(PENDING_PREFIX)].map(([key]) => key.slice(PENDING_PREFIX.length)).sort(),
    size: () => underWay.size,
    async close(graceMs) {
      stopping.abort();
      if (running.size > 0 && graceMs > 0) {
        const grace = new AbortController();
        const waited = clock.sleep(graceMs, grace.signal).catch(() => {});
        await Promise.race([Promise.allSettled(running), waited]);
        grace.abort();
      }
      aborting.abort();
    },
  };
}

export function createEffectSlots(concurrency: number): EffectSlots {
  let free = concurrency;
  const waiting = new Set<(taken: boolean) => void>();
  return {
    take(signal) {
      if (signal.aborted) return Promise.resolve(false);
      if (free > 0) {
        free--;
        return Promise.resolve(true);
      }
      return new Promise((resolve) => {
        const settle = (taken: boolean): void => {
          waiting.delete(settle);
          signal.removeEventListener('abort', onAbort);
          resolve(taken);
        };
        const onAbort = (): void => settle(false);
        waiting.add(settle);
        signal.addEventListener('abort', onAbort, { once: true });
      });
    },
    give() {
      for (const settle of waiting) return settle(true);
      free++;
    },
  };
}
