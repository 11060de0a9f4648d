/** What the learned models say of a journey at a moment, for scores.jsonl. Asks them, changes nothing. */
import type { CompiledDefinition } from '@cairn/orchestrator/core/definition/compile-definition.ts';
import {
  explainWin,
  foretellingOf,
  SILENCE_HORIZONS_MS,
  stallProbability,
  winProbability,
  type Explanation,
  type PredictionScene,
} from '@cairn/orchestrator/core/learn/predict.ts';
import type { JourneyState, SubjectState } from '@cairn/orchestrator/core/state.ts';
import { modelsOf } from '@cairn/orchestrator/shell/advance/learn-models.ts';
import type { TaskState } from '@cairn/task/task.ts';

export interface Predictions {
  stallProbability: number | null;
  silenceProbability: Record<string, number>;
  winProbability: number | null;
  explain?: Record<string, Explanation | null>;
}

export interface PredictionAsked {
  /** Of the advance task. */
  state: TaskState;
  workspace: string;
  definition: CompiledDefinition;
  subject: SubjectState;
  journey: JourneyState;
  at: number;
  explain: boolean;
}

const HORIZONS = Object.entries(SILENCE_HORIZONS_MS);

export function predictionsOf({
  state,
  workspace,
  definition,
  subject,
  journey,
  at,
  explain,
}: PredictionAsked): Predictions {
  const models = modelsOf(state, workspace, definition.name);
  const scene: PredictionScene = { definition, models, subject, journey, now: at };
  const foretelling = foretellingOf(scene);
  return {
    stallProbability: stallProbability(scene),
    silenceProbability: Object.fromEntries(HORIZONS.map(([name, ms]) => [name, foretelling.silentFor(at, ms)])),
    winProbability: winProbability(scene),
    ...(explain
      ? {
          explain: {
            ...Object.fromEntries(HORIZONS.map(([name, ms]) => [name, foretelling.explain(at, ms)])),
            win: explainWin(scene),
          },
        }
      : {}),
  };
}
