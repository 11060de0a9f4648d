/**
 * What the learned models say of a journey at a moment: the probability of silence, of a stall, of winning, and why. Asks them and
 * changes nothing; what is said of a moment depends on nothing that comes after it. For the read side, replay and evaluate.
 */
import type { CompiledDefinition, CompiledLearnedStall } from '../definition/compile-definition.ts';
import { silentSince } from '../stall/fixed-stall.ts';
import { winSlots } from '../score/win-crosses.ts';
import { openWinModel, OUTCOMES_ENOUGH, type WinModel } from '../score/win-model.ts';
import { foretell, logit, type Foretelling } from '../stall/learned/foretell.ts';
import { openModel, type PaceModel } from '../stall/learned/pace-model.ts';
import { traitsOf } from '../stall/learned/silence.ts';
import type { JourneyState, SubjectState } from '../state.ts';

/** What is learned of one definition in one partition. */
export interface JourneyModels {
  pace: PaceModel;
  win: WinModel;
  /** Probabilities that alert budgets chose, by owner; absent: none yet. */
  thresholds?: Readonly<Record<string, number>>;
}

/** Before anything is learned: what is shipped. */
export const SHIPPED_MODELS: JourneyModels = { pace: openModel(undefined), win: openWinModel(undefined) };

/** A journey at a moment (epoch ms). */
export interface PredictionScene {
  definition: CompiledDefinition;
  models: JourneyModels;
  subject: SubjectState;
  journey: JourneyState;
  now: number;
}

/** base + the values = logit, and 1/(1+e^−logit) is the probability. */
export interface Explanation {
  base: number;
  contributions: { name: string; value: number }[];
  logit: number;
}

const DAY_MS = 86_400_000;
/** Silence is foretold for these, by the name that the API gives them. */
export const SILENCE_HORIZONS_MS: Readonly<Record<'P3D' | 'P7D' | 'P30D' | 'P90D', number>> = {
  P3D: 3 * DAY_MS,
  P7D: 7 * DAY_MS,
  P30D: 30 * DAY_MS,
  P90D: 90 * DAY_MS,
};

/** P(no inbound touchpoint in the next `horizonMs` of calendar time). */
export function silenceProbability(scene: PredictionScene, horizonMs: number): number {
  return foretellingOf(scene).silentFor(scene.now, horizonMs);
}

export function explainSilence(scene: PredictionScene, horizonMs: number): Explanation {
  return foretellingOf(scene).explain(scene.now, horizonMs);
}

/** P(this silence reaches the stage's horizon | silent until now): 1 once it has, null where no learned stall is defined. */
export function stallProbability(scene: PredictionScene): number | null {
  const learned = learnedStallOf(scene.definition, scene.journey.stage);
  if (!learned) return null;
  return foretellingOf(scene).silent(scene.now, horizonEnd(scene.definition, scene.journey, learned));
}

/** P(this journey is won); null until 200 were won and 200 lost, and while the model is no better than the constant. */
export function winProbability(scene: Omit<PredictionScene, 'subject'>): number | null {
  return scene.models.win.foretell(slotsOf(scene));
}

export function explainWin(scene: Omit<PredictionScene, 'subject'>): Explanation | null {
  return scene.models.win.explain(slotsOf(scene));
}

const NO_SLOTS: readonly number[] = [];

function slotsOf({ definition, models, journey, now }: Omit<PredictionScene, 'subject'>): readonly number[] {
  const { won, lost } = models.win;
  if (won < OUTCOMES_ENOUGH || lost < OUTCOMES_ENOUGH) return NO_SLOTS;
  return winSlots(definition, journey, journey.win?.traits ?? NO_SLOTS, now);
}

export function foretellingOf({ definition, models, journey }: Omit<PredictionScene, 'subject' | 'now'>): Foretelling {
  const traits = traitsOf(journey);
  return foretell(models.pace, traits, definition.businessTime.wallOf(traits.at));
}

export function learnedStallOf(definition: CompiledDefinition, stage: string): CompiledLearnedStall | null {
  const index = definition.stageIndex.get(stage);
  return index === undefined ? null : definition.stages[index]!.learned;
}

/** When this silence reaches the stage's horizon. */
export function horizonEnd(
  definition: CompiledDefinition,
  journey: Pick<JourneyState, 'inboundAt' | 'stageSince'>,
  { horizon }: CompiledLearnedStall,
): number {
  return definition.businessTime.add(silentSince(journey), horizon);
}

export { logit };
