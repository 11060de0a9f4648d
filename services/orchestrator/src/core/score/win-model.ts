/**
 * The probability of winning, learned from a workspace's own won and lost journeys: FTRL over hashed crosses of engagement, fit, stage,
 * touches and the traits that the definition allows. Each journey teaches once, by what it looked like at one of its touchpoints,
 * and both outcomes wait until the same window has closed: a quick loss is learned no sooner than a win. Says nothing until enough is
 * known, nor while it does worse than the share of wins.
 */
import { learnFtrl, newFtrl, weightOf, weightsOf, type FtrlSettings } from '../learn/ftrl.ts';
import { pack, unpack } from '../learn/pack.ts';
import {
  learnRecalibration,
  newRecalibration,
  recalibrate,
  sigmoid,
  type Recalibration,
} from '../learn/recalibration.ts';
import { addLoss, meanLoss, noLoss, type RecentLoss } from '../learn/recent-loss.ts';
import { nameOfSlot, WIN_SLOTS } from './win-crosses.ts';

export interface WinState {
  won: number;
  lost: number;
  z: string;
  n: string;
  recalibration: Recalibration;
  /** Of the constant, of the model. */
  loss: RecentLoss;
}

export interface WinLesson {
  won: boolean;
  slots: readonly number[];
}

export interface WinModel {
  won: number;
  lost: number;
  /** Null while too little is known. */
  foretell(slots: readonly number[]): number | null;
  explain(slots: readonly number[]): {
    base: number;
    contributions: { name: string; value: number }[];
    logit: number;
  } | null;
}

/** From so many of both on there is a probability. */
export const OUTCOMES_ENOUGH = 200;
const FTRL: FtrlSettings = { alpha: 0.05, beta: 1, l1: 0.3, l2: 2 };
/** Before the first outcome: even odds, as strong as one of each. */
const PRIOR = 1;

export function openWinModel(state: WinState | undefined): WinModel {
  if (!state) return { won: 0, lost: 0, foretell: () => null, explain: () => null };
  const { won, lost, recalibration, loss } = state;
  const table = { z: unpack(state.z), n: unpack(state.n) };
  const isKnown = won >= OUTCOMES_ENOUGH && lost >= OUTCOMES_ENOUGH && meanLoss(loss, 1) < meanLoss(loss, 0);
  const base = baseOf(won, lost);
  const scoreOf = (slots: readonly number[]): number =>
    slots.reduce((sum, slot) => sum + weightOf(table, slot, FTRL), base);
  return {
    won,
    lost,
    foretell: (slots) => (isKnown ? sigmoid(recalibrate(recalibration, scoreOf(slots))) : null),
    explain(slots) {
      if (!isKnown) return null;
      const contributions = slots.flatMap((slot, i) => {
        const value = weightOf(table, slot, FTRL);
        return value === 0 ? [] : [{ name: nameOfSlot(i), value }];
      });
      const score = contributions.reduce((sum, { value }) => sum + value, base);
      const logit = recalibrate(recalibration, score);
      if (logit !== score) contributions.push({ name: 'recalibration', value: logit - score });
      return { base, contributions, logit };
    },
  };
}

/** In the order given. */
export function learnWins(state: WinState | undefined, lessons: readonly WinLesson[]): WinState {
  const table = state ? { z: unpack(state.z), n: unpack(state.n) } : newFtrl(WIN_SLOTS);
  let { won, lost } = state ?? { won: 0, lost: 0 };
  let recalibration = state?.recalibration ?? newRecalibration();
  let loss = state?.loss ?? noLoss(2);
  for (const { won: isWon, slots } of lessons) {
    const base = baseOf(won, lost);
    const weights = new Float64Array(slots.length);
    const score = base + weightsOf(table, slots, slots.length, FTRL, weights);
    const foretold = sigmoid(score);
    loss = addLoss(loss, [sigmoid(base), sigmoid(recalibrate(recalibration, score))], isWon);
    recalibration = learnRecalibration(recalibration, score, isWon);
    learnFtrl(table, slots, slots.length, foretold - (isWon ? 1 : 0), FTRL, weights);
    if (isWon) won++;
    else lost++;
  }
  return { won, lost, z: pack(table.z), n: pack(table.n), recalibration, loss };
}

/** The constant: the share of wins so far, as a logit. */
function baseOf(won: number, lost: number): number {
  return Math.log((won + PRIOR) / (lost + PRIOR));
}
