/** Answers of the history, kept for a while: many look at one map, and each look costs a pass over everything. One question is asked once at a time. */
import type { Clock } from '@cairn/clock/clock.ts';
import { ProblemError } from '@cairn/service-kit/problem.ts';

/** An answer is kept for so many times what it cost: the history works on one question at most a twentieth of the time. */
const KEPT_TIMES_COST = 20;
const KEPT_MS_MIN = 1_000;
const KEPT_MS_MAX = 60_000;
/** A map is some 100 kB. */
const ANSWERS_MAX = 200;
/** Questions at once; the history answers one after the other, and whoever waits longer than a minute has gone. */
const ASKED_MAX = 32;

export interface HistoryAnswers {
  /** What was answered to `question` lately, or what `ask` answers. Throws a 503 problem when too many wait. */
  get<T>(question: readonly unknown[], ask: () => Promise<T>): Promise<{ answer: T; at: number }>;
}

export function createHistoryAnswers(clock: Pick<Clock, 'now' | 'monotonic'>): HistoryAnswers {
  /** Oldest first. */
  const kept = new Map<string, { answer: unknown; at: number; until: number }>();
  const asked = new Map<string, Promise<{ answer: unknown; at: number }>>();

  async function take(key: string, ask: () => Promise<unknown>): Promise<{ answer: unknown; at: number }> {
    const began = clock.monotonic();
    const at = clock.now();
    const answer = await ask();
    const now = clock.monotonic();
    const keptMs = Math.min(Math.max((now - began) * KEPT_TIMES_COST, KEPT_MS_MIN), KEPT_MS_MAX);
    kept.delete(key);
    kept.set(key, { answer, at, until: now + keptMs });
    for (const old of kept.keys()) {
      if (kept.size <= ANSWERS_MAX) break;
      kept.delete(old);
    }
    return { answer, at };
  }

  return {
    async get<T>(question: readonly unknown[], ask: () => Promise<T>) {
      const key = JSON.stringify(question);
      const known = kept.get(key);
      if (known && known.until > clock.monotonic()) return { answer: known.answer as T, at: known.at };
      let asking = asked.get(key);
      if (!asking) {
        if (asked.size >= ASKED_MAX)
          throw new ProblemError({
            status: 503,
            code: 'history-busy',
            title: 'Too many ask the history at once',
            retryAfterSeconds: 5,
          });
        asking = take(key, ask).finally(() => asked.delete(key));
        asked.set(key, asking);
      }
      return (await asking) as { answer: T; at: number };
    },
  };
}
