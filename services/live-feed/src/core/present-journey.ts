/** A journey or a person as of now: what was true at the last change, carried forward. Decides no status and no stage: those are facts. */
import type { Alert } from '@cairn/contracts/generated/alert.ts';
import type { Journey } from '@cairn/contracts/generated/journey.ts';
import { formatDuration, parseInstant } from '@cairn/clock/calendar.ts';
import { decay } from './board-filter.ts';

/** Silence is counted up to `now`; engagement, its reasons and the total have halved every `halfLifeMs` since `updatedAt`. */
export function presentJourney(journey: Journey, now: number): Journey {
  const factor = decay(journey.halfLifeMs, now - (parseInstant(journey.updatedAt) ?? now));
  const lastInbound = journey.pace.lastInboundAt === null ? null : parseInstant(journey.pace.lastInboundAt);
  const silentFor = lastInbound === null ? journey.pace.silentFor : formatDuration(Math.max(0, now - lastInbound));
  const reasons = journey.score.reasons.map((reason) =>
    // Fit does not fade: it comes from traits, not from a touchpoint.
    reason.touchpointId === null ? reason : { ...reason, points: reason.points * factor },
  );
  return {
    ...journey,
    score: factor === 1 ? journey.score : faded(journey.score, reasons),
    pace: { ...journey.pace, silentFor },
  };
}

/** Summed anew in the order of the reasons: they add up to the total to the last bit, also as it fades. */
function faded(score: Journey['score'], reasons: Journey['score']['reasons']): Journey['score'] {
  let engagement = 0;
  let total = 0;
  for (const { points, touchpointId } of reasons) {
    if (touchpointId !== null) engagement += points;
    total += points;
  }
  // A journey of before fit was among the reasons has its points in `fit` alone.
  if (!reasons.some(({ touchpointId }) => touchpointId === null)) total += score.fit;
  return { ...score, engagement, total, reasons };
}

/** An alert's next best action is the journey's as it is now: it may have been done, put off or withdrawn since the alert was told of last. */
export function presentAlert(alert: Alert, journey: Journey | undefined): Alert {
  const current = journey?.alerts.find(({ id }) => id === alert.id);
  return current ? { ...alert, nextBestAction: current.nextBestAction } : alert;
}

/** The resource of `GET /api/people/:id`. */
