/** The learned models of a definition as the advance task keeps them, opened once for each state that they have been in. */
import { SHIPPED_MODELS, type JourneyModels } from '../core/learn/predict.ts';
import { openModel, type PaceModel, type PaceState } from '../core/stall/learned/pace-model.ts';
import { advanceKeys } from './advance-keys.ts';

/** A state is replaced and never changed, so what was opened from it holds while the state does. */
const opened = new WeakMap<PaceState, PaceModel>();

/** `state`: the advance task's, as a handler sees it (or a reader of it between two inputs). */
export function modelsOf(
  state: { get<T>(key: string): T | undefined },
  workspace: string,
  definition: string,
): JourneyModels {
  const stored = state.get<PaceState>(advanceKeys.pace(workspace, definition));
  if (!stored) return SHIPPED_MODELS;
  let pace = opened.get(stored);
  if (!pace) opened.set(stored, (pace = openModel(stored)));
  return { pace };
}
