import type { TaskDefinition, TaskInput, TaskOutcome } from '@cairn/task/task.ts';

/** A message that says what its handler is to do; for tests of the task itself. All of it concerns the record's key. */
export interface Script {
  /** Added to the state's `sum`; the sum so far goes out on `out`. */
  add?: number;
  /** Arms a timer. When it fires, `{ fired, dueAt, now }` goes out. */
  arm?: { purpose?: string; dueAt: number };
  disarm?: string;
  /** Kept in the state: a firing timer whose key has a later deadline re-arms itself for it, without output. */
  deadline?: number;
  /** Asks for an effect of type `do`. */
  effect?: { id: string; payload?: unknown };
  remove?: true;
  fail?: string;
  /** Leaves state that is no JSON, under a key of its own. */
  unserialisable?: true;
}

interface Counted {
  sum: number;
  deadline?: number;
}

export const scriptedTask: TaskDefinition = {
  name: 'scripted',
  inbox: 'inbox',
  handle(state, input, now): TaskOutcome {
    if (input.type === 'timer') return fire(state.get<Counted>(input.key), input, now);
    const { key, headers } = input.record;
    const out = (value: unknown): TaskOutcome['outputs'] => [{ topic: 'out', partition: 0, key, value }];
    if (input.effectId !== null) return { outputs: out({ answered: input.effectId, with: input.message }) };
    const script = input.message as Script;
    const before = state.get<Counted>(key) ?? { sum: 0 };
    if (script.remove) return { state: [{ key, value: null }] };
    const after: Counted = { ...before, sum: before.sum + (script.add ?? 0) };
    if (script.deadline !== undefined) after.deadline = script.deadline;
    const outcome: TaskOutcome = {
      state: [{ key, value: after }, ...(script.unserialisable ? [{ key: `${key} bad`, value: { sum: 1n } }] : [])],
      outputs:
        script.add === undefined
          ? []
          : out({ sum: after.sum, at: now, ...(headers.mark ? { mark: headers.mark } : {}) }),
      timers: [
        ...(script.arm ? [{ key, purpose: script.arm.purpose ?? 'alarm', dueAt: script.arm.dueAt }] : []),
        ...(script.disarm === undefined ? [] : [{ key, purpose: script.disarm, dueAt: null }]),
      ],
      effects: script.effect ? [{ type: 'do', id: script.effect.id, key, payload: script.effect.payload ?? null }] : [],
    };
    if (script.fail !== undefined) throw new Error(script.fail);
    return outcome;
  },
  effects: { do: async () => ({ done: true }) },
};

function fire(state: Counted | undefined, input: TaskInput & { type: 'timer' }, now: number): TaskOutcome {
  const { key, purpose, dueAt } = input;
  if (purpose === 'poison') throw new Error('poison timer');
  if (state?.deadline !== undefined && state.deadline > dueAt)
    return { timers: [{ key, purpose, dueAt: state.deadline }] };
  // A chain: `chain3` arms `chain2` for the same moment, and so on.
  const link = /^chain(\d)$/.exec(purpose)?.[1];
  const timers = link && link !== '0' ? [{ key, purpose: `chain${Number(link) - 1}`, dueAt: dueAt + 1 }] : [];
  return { timers, outputs: [{ topic: 'out', partition: 0, key, value: { fired: purpose, key, dueAt, now } }] };
}
