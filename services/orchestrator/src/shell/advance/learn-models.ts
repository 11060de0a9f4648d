/** The learned models of a definition as the advance task keeps them, opened once for each state that they have been in. */
import { SHIPPED_MODELS, type JourneyModels } from '../../core/learn/predict.ts';
import { openWinModel, type WinModel, type WinState } from '../../core/score/win-model.ts';
import { openModel, type PaceModel, type PaceState } from '../../core/stall/learned/pace-model.ts';
import { advanceKeys } from './advance-keys.ts';

/** A state is replaced and never changed, so what was opened from it holds while the state does. */
const paces = new WeakMap<PaceState, PaceModel>();
const wins = new WeakMap<WinState, WinModel>();

type Thresholds = Readonly<Record<string, number>>;

/** `hasBudget`: what its alert budgets chose is wanted as well. `state`: the advance task's, as a handler sees it (or a reader of it between two inputs). */
export function modelsOf(
  state: { get<T>(key: string): T | undefined },
  workspace: string,
  definition: string,
  hasBudget = false,
): JourneyModels {
  const pace = state.get<PaceState>(advanceKeys.pace(workspace, definition));
  const thresholds = hasBudget ? state.get<Thresholds>(advanceKeys.thresholds(workspace, definition)) : undefined;
  if (!pace) return thresholds ? { ...SHIPPED_MODELS, thresholds } : SHIPPED_MODELS;
  const win = state.get<WinState>(advanceKeys.win(workspace, definition));
  return {
    pace: opened(paces, pace, openModel),
    win: win ? opened(wins, win, openWinModel) : SHIPPED_MODELS.win,
    ...(thresholds ? { thresholds } : {}),
  };
}

function opened<State extends object, Model>(
  known: WeakMap<State, Model>,
  state: State,
  open: (state: State) => Model,
): Model {
  let model = known.get(state);
  if (model === undefined) known.set(state, (model = open(state)));
  return model;
}
