/** A learned stall: when a silence becomes one if nothing happens, what pause was usual, and the sentence that tells of it. */
import { formatDuration } from '@cairn/clock/calendar.ts';
import type { CompiledDefinition } from '../../definition/compile-definition.ts';
import { foretellingOf, horizonEnd, learnedStallOf, type JourneyModels } from '../../learn/predict.ts';
import type { JourneyState } from '../../state.ts';
import { describeSilence, silentSince } from '../fixed-stall.ts';
import { businessAmountOf, durationInWords } from '../in-words.ts';

/** The first moment at which `threshold` (the stage's, or what its budget chose) is reached, never before its `atLeast`; null: its stalls are not learned. */
export function learnedStallAt(
  definition: CompiledDefinition,
  models: JourneyModels,
  journey: JourneyState,
  threshold: number,
): number | null {
  const learned = learnedStallOf(definition, journey.stage);
  if (!learned) return null;
  const since = silentSince(journey);
  const earliest = learned.atLeast ? definition.businessTime.add(since, learned.atLeast) : since;
  const until = horizonEnd(definition, journey, learned);
  return foretellingOf({ definition, models, journey }).crossing(earliest, until, threshold);
}

/** What is shown of the pace under a learned stall. */
export function learnedPace(
  definition: CompiledDefinition,
  models: JourneyModels,
  journey: JourneyState,
  now: number,
): { probability: number; normalPauseMs: number } | null {
  const learned = learnedStallOf(definition, journey.stage);
  if (!learned) return null;
  const foretelling = foretellingOf({ definition, models, journey });
  const until = horizonEnd(definition, journey, learned);
  return {
    probability: foretelling.silent(now, until),
    normalPauseMs: foretelling.usualPause(until - silentSince(journey)),
  };
}

/** "No reply for 6 business days; 2.1 is normal here, and 82 % of such silences last 10 business days". */
export function tellLearnedStall(
  definition: CompiledDefinition,
  models: JourneyModels,
  journey: JourneyState,
  now: number,
): { text: string; silentFor: string; normalPause: string; probability: number } | null {
  const pace = learnedPace(definition, models, journey, now);
  if (!pace) return null;
  const learned = learnedStallOf(definition, journey.stage)!;
  const inBusinessDays = 'businessDays' in learned.horizon;
  const since = silentSince(journey);
  const { normalPauseMs, probability } = pace;
  const normal = inBusinessDays
    ? businessAmountOf(definition.businessTime.daysBetween(since, since + normalPauseMs), normalPauseMs)
    : null;
  const silence = describeSilence(definition, journey, now, inBusinessDays, normal ?? normalPauseMs);
  const horizon = durationInWords(
    definition.source.stages.find(({ name }) => name === journey.stage)?.stall?.learned?.horizon ?? '',
  );
  const share = Math.min(99, Math.floor(probability * 100));
  const likely = probability >= 1 ? `it has lasted ${horizon}` : `${share} % of such silences last ${horizon}`;
  return {
    text: `${silence}, and ${likely}`,
    silentFor: formatDuration(now - since),
    normalPause: formatDuration(normalPauseMs),
    probability,
  };
}
