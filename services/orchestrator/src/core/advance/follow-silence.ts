/** Keeps the silence of a journey that pauses are foretold and learned from: what a touchpoint or the timer makes of it, and the lessons that follow. */
import type { Touchpoint } from '@cairn/contracts/generated/touchpoint.ts';
import { foretellingOf, logit } from '../learn/predict.ts';
import { hashText } from '../learn/hashing.ts';
import {
  fireSilence,
  isSampled,
  silenceDue,
  touchSilence,
  withSample,
  type QuietJourney,
  type SilenceStep,
} from '../stall/learned/silence.ts';
import { RECALIBRATED_MS } from '../stall/learned/bins.ts';
import { setTimer, type Draft } from './draft.ts';
import { hasEnded } from './settle-stall.ts';

/** What was known of a journey's silence before a touchpoint changes it. */
export function silenceBefore({ journey }: Draft): QuietJourney {
  const { silence, pauses, startedAt, stage, people, outboundAt } = journey;
  return { silence, pauses, startedAt, stage, people, outboundAt };
}

export function followSilence(
  draft: Draft,
  before: QuietJourney,
  touchpoint: Touchpoint,
  direction: 'inbound' | 'outbound' | 'none',
  at: number,
  isOutcome: boolean,
): void {
  const { journey, now, journeyId } = draft;
  // An outcome may be told by what is neither ours nor the buyer's.
  if (direction === 'none' && !isOutcome) return;
  const step = touchSilence(before, {
    journeyId,
    at,
    now,
    direction,
    isOutcome,
    hasEnded: hasEnded(journey),
    event: hashText(touchpoint.event ?? touchpoint.kind) & 0xffff,
    imported: touchpoint.imported,
    shift: draft.models().pace.shift,
  });
  if (step) takeStep(draft, step);
}

/** The timer of the silence is due: a bin of it is over. */
export function fireLearn(draft: Draft): void {
  const step = fireSilence(draft.journey, draft.now);
  if (!step) return;
  takeStep(draft, step, true);
  const { journey, definition, models, journeyId, now } = draft;
  if (!isSampled(journeyId, step.silence)) return;
  const { pace } = models();
  const foretelling = foretellingOf({ definition, models: models(), journey });
  const logits = RECALIBRATED_MS.map((ms) => logit(foretelling.silent(now, now + ms)));
  journey.silence = withSample(step.silence, now, logits, pace.lessons);
}

function takeStep(draft: Draft, { silence, lessons }: SilenceStep, fired = false): void {
  const before = silenceDue(draft.journey.silence);
  draft.journey.silence = silence;
  for (const lesson of lessons) draft.outputs.push({ type: 'lesson', lesson });
  const due = silenceDue(silence);
  if (due !== before || fired) setTimer(draft, 'learn', due);
}
