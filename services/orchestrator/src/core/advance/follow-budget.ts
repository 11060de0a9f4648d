/**
 * A journey's side of the alert budget: a stall that is due asks its owner's desk for a slot, withdraws when the silence is over, and tells
 * what came of each silence that could have had an alert. The desk decides (`stall/budget/budget-desk.ts`).
 */
import { horizonEnd, learnedStallOf, stallProbability } from '../learn/predict.ts';
import { WAITS_AT_MOST_MS } from '../stall/budget/budget-desk.ts';
import { alertMoment } from '../owner-hours.ts';
import { deskOwner, isBudgeted, thresholdNow, thresholdOwner } from '../stall/budget/budget-owner.ts';
import { peakOf, type Peak } from '../stall/budget/peak.ts';
import type { StallState } from '../state.ts';
import { assignOwner, setTimer, type Draft } from './draft.ts';

/** The alert is due now: asks for a slot, and waits for it as long as the desk would keep it. */
export function askForSlot(draft: Draft): void {
  const { definition, journey, now, subject, models } = draft;
  assignOwner(draft);
  const owner = deskOwner(definition, subject, journey);
  const probability = stallProbability({ definition, models: models(), subject, journey, now })!;
  const due = now + WAITS_AT_MOST_MS;
  journey.stall = { ...journey.stall, due, asked: { at: now, owner } };
  setTimer(draft, 'stall', due);
  draft.outputs.push({ type: 'budget.asked', owner, probability: Math.round(probability * 10_000) / 10_000 });
}

/** The stall is due: what becomes of its silence is known at its horizon, or when the buyer is back before. */
export function watchHorizon(draft: Draft): void {
  const { definition, journey, now } = draft;
  if (!isBudgeted(definition, journey.stage)) return;
  const learned = learnedStallOf(definition, journey.stage)!;
  setTimer(draft, 'budget', Math.max(now + 1, horizonEnd(definition, journey, learned)));
}

/** Where the stall is not as it was when it asked, nobody waits for a slot any more. */
export function withdrawAsk(draft: Draft, before: StallState): void {
  const { asked } = before;
  if (!asked || draft.journey.stall.asked === asked) return;
  draft.outputs.push({ type: 'budget.withdrawn', owner: asked.owner, askedAt: asked.at });
}

/** Before a touchpoint changes the journey: how likely a stall was. Null: it was none that counts, or nobody counts. */
export function peakBefore({ definition, journey, subject, models, isNew, imported }: Draft, at: number): Peak | null {
  if (isNew || imported || journey.endedAt !== null || !isBudgeted(definition, journey.stage)) return null;
  const { settled, asked } = journey.stall;
  const threshold = thresholdNow(definition, models(), subject, journey.stage);
  return peakOf(definition, models, journey, at, {
    threshold,
    wasDue: settled || asked !== undefined,
    opensAt: (moment) => alertMoment(definition, subject, journey, moment),
  });
}

/** A touchpoint that ends the silence: the buyer's own, or an outcome, which is none. */
export function tellPeak(draft: Draft, peak: Peak, direction: string, isOutcome: boolean): void {
  if (!isOutcome && direction !== 'inbound') return;
  setTimer(draft, 'budget', null);
  const owner = thresholdOwner(draft.definition, draft.subject);
  draft.outputs.push({ type: 'budget.silence', owner, ...peak, stalled: isOutcome });
}

/** The horizon of a silence whose alert was due: it is a stall, unless another one has begun. */
export function fireBudget(draft: Draft): void {
  const { definition, journey, subject, now } = draft;
  const learned = learnedStallOf(definition, journey.stage);
  if (!learned || journey.endedAt !== null || !isBudgeted(definition, journey.stage)) return;
  const due = horizonEnd(definition, journey, learned);
  if (due > now) return;
  const owner = thresholdOwner(definition, subject);
  draft.outputs.push({ type: 'budget.silence', owner, probability: 1, stalled: true, due });
}
