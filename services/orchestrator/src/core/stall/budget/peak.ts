/**
 * The highest stallProbability that a silence had when it ends, for the choice of a threshold. Only silences that could have had an alert
 * count: as long as the stage asks for, and not held back by a meeting or a verdict.
 */
import type { CompiledDefinition } from '../../definition/compile-definition.ts';
import { foretellingOf, horizonEnd, learnedStallOf, type JourneyModels } from '../../learn/predict.ts';
import { suspendedUntil } from '../../meeting.ts';
import type { JourneyState } from '../../state.ts';
import { judgedFloor } from '../../verdict.ts';
import { silentSince } from '../fixed-stall.ts';
import { LOWEST } from './choose-threshold.ts';

export interface Peak {
  probability: number;
  /** When the silence would have reached its horizon (epoch ms). */
  due: number;
}

/**
 * Of a journey as it was before `at`; null: it could have had no alert, or its horizon was over and is counted already. `reached`: what it
 * is known to have reached, whatever the model says by now.
 */
export function peakOf(
  definition: CompiledDefinition,
  models: () => JourneyModels,
  journey: JourneyState,
  at: number,
  reached: number,
): Peak | null {
  const learned = learnedStallOf(definition, journey.stage);
  if (!learned) return null;
  const since = silentSince(journey);
  const earliest = learned.atLeast ? definition.businessTime.add(since, learned.atLeast) : since;
  const due = horizonEnd(definition, journey, learned);
  if (at < earliest || at >= due || at <= since) return null;
  if (at < (judgedFloor(definition, journey) ?? at)) return null;
  const { meetingAt } = journey;
  if (meetingAt !== undefined && at < suspendedUntil(definition.meetings, definition.businessTime, meetingAt))
    return null;
  const foretelling = foretellingOf({ definition, models: models(), journey });
  // It hardly ever falls while a silence lasts; outcomes that become unlikely may make it.
  const probability = Math.max(reached, foretelling.silent(earliest, due), foretelling.silent(at, due));
  return probability < LOWEST ? null : { probability: Math.round(probability * 10_000) / 10_000, due };
}
