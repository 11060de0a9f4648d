/** What the learned models say of a journey at a moment, for scores.jsonl. Asks them, changes nothing. */
import type { CompiledDefinition } from '@cairn/orchestrator/core/definition/compile-definition.ts';
import type { JourneyState, SubjectState } from '@cairn/orchestrator/core/state.ts';
import type { TaskState } from '@cairn/task/task.ts';

export interface Predictions {
  stallProbability: number | null;
  silenceProbability: Record<string, number | null>;
  winProbability: number | null;
  explain?: Record<string, Explained | null>;
}

/** base + the values = logit, and 1/(1+e^−logit) is the probability. */
export interface Explained {
  base: number;
  contributions: { name: string; value: number }[];
  logit: number;
}

export const HORIZON_DAYS = [3, 7, 30, 90] as const;

export interface PredictionAsked {
  state: TaskState;
  workspace: string;
  definition: CompiledDefinition;
  subject: SubjectState;
  journey: JourneyState;
  at: number;
  explain: boolean;
}

export function predictionsOf(asked: PredictionAsked): Predictions {
  const silenceProbability = Object.fromEntries(HORIZON_DAYS.map((days) => [`P${days}D`, null]));
  return {
    stallProbability: null,
    silenceProbability,
    winProbability: null,
    ...(asked.explain ? { explain: {} } : {}),
  };
}
