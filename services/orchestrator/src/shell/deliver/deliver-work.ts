import type { Effect, TaskOutcome, TaskOutput, TaskState } from '@cairn/task/task.ts';

/** One handler call's view of the state: reads see what the same call has written; nothing is changed until the outcome is taken. */
export interface DeliverWork {
  get<T>(key: string): T | undefined;
  /** Under `prefix`, as committed before this call, in key order. O(matching). */
  keys(prefix: string): Iterable<string>;
  /** null removes the key and its timers. */
  set(key: string, value: unknown): void;
  timer(key: string, purpose: string, dueAt: number | null): void;
  output(output: TaskOutput): void;
  effect(effect: Effect): void;
  outcome(): TaskOutcome;
}

export function createDeliverWork(state: TaskState): DeliverWork {
  const written = new Map<string, unknown>();
  const timers = new Map<string, { key: string; purpose: string; dueAt: number | null }>();
  const outputs: TaskOutput[] = [];
  const effects: Effect[] = [];
  return {
    get: <T>(key: string) =>
      written.has(key) ? ((written.get(key) ?? undefined) as T | undefined) : state.get<T>(key),
    keys: (prefix) => state.keys(prefix),
    set: (key, value) => void written.set(key, value),
    timer(key, purpose, dueAt) {
      // What is armed so already costs nothing.
      if ((state.timers(key)[purpose] ?? null) === dueAt) {
        if (timers.size > 0) timers.delete(`${key} ${purpose}`);
      } else timers.set(`${key} ${purpose}`, { key, purpose, dueAt });
    },
    output: (output) => void outputs.push(output),
    effect: (effect) => void effects.push(effect),
    outcome: () => ({
      // A key that came and went within the call was never there.
      state: [...written]
        .filter(([key, value]) => value !== null || state.get(key) !== undefined)
        .map(([key, value]) => ({ key, value })),
      timers: [...timers.values()].filter(
        ({ key, dueAt }) => written.get(key) !== null || (dueAt === null && !written.has(key)),
      ),
      outputs,
      effects,
    }),
  };
}
