/**
 * Online Platt scaling: logit' = a + b × logit, learned from what was foretold and what came of it. Begins as no change at all, moves
 * slowly while little is known (AdaGrad), and is used only while it does better than what it corrects.
 */
import { addLoss, meanLoss, noLoss, type RecentLoss } from './recent-loss.ts';

export interface Recalibration {
  a: number;
  b: number;
  /** Sums of squared gradients of both. */
  ga: number;
  gb: number;
  /** Of the plain probability and of the recalibrated one. */
  loss: RecentLoss;
}

const RATE = 0.05;
/** Of the squared gradients with each verdict: the last three thousand or so count, so that it follows a business that changes. */
const KEPT = 0.9997;
/** What is not confirmed goes back to no change. */
const PULL = 0.0005;
/** Of squared gradients before anything was seen: the first few verdicts move little. */
const CAUTION = 20;
/** Verdicts that have to be compared before it is used. */
const COMPARED_ENOUGH = 100;
/** Of two equals chance would choose. */
const BETTER_BY = 0.995;
/** It never turns an order around, nor makes too much of a difference. */
const SLOPE_LEAST = 0.2;
const SLOPE_MOST = 2;

export function newRecalibration(): Recalibration {
  return { a: 0, b: 1, ga: CAUTION, gb: CAUTION, loss: noLoss(2) };
}

/** `happened`: what was foretold with this logit. */
export function learnRecalibration(before: Recalibration, logit: number, happened: boolean): Recalibration {
  const foretold = sigmoid(before.a + before.b * logit);
  const gradient = foretold - (happened ? 1 : 0);
  const ga = before.ga * KEPT + gradient ** 2;
  const gb = before.gb * KEPT + (gradient * logit) ** 2;
  return {
    a: before.a * (1 - PULL) - (RATE * gradient) / Math.sqrt(ga),
    b: Math.min(
      SLOPE_MOST,
      Math.max(SLOPE_LEAST, before.b - PULL * (before.b - 1) - (RATE * gradient * logit) / Math.sqrt(gb)),
    ),
    ga,
    gb,
    loss: addLoss(before.loss, [sigmoid(logit), foretold], happened),
  };
}

export function recalibrate({ a, b, loss }: Recalibration, logit: number): number {
  const isBetter = loss.seen >= COMPARED_ENOUGH && meanLoss(loss, 1) < meanLoss(loss, 0) * BETTER_BY;
  return isBetter ? a + b * logit : logit;
}

export function sigmoid(score: number): number {
  return 1 / (1 + Math.exp(-score));
}
