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
 * Of a journey as it was before `returnedAt`; null: it could have had no alert, or its horizon was over and is counted already. An alert that
 * was due had reached the threshold, whatever the model says by now; one that was not, though the model now says it had, is left out: the
 * clock was set by what was known when the silence began, at any threshold.
 */
export function peakOf(
  definition: CompiledDefinition,
  models: () => JourneyModels,
  journey: JourneyState,
  returnedAt: number,
  { threshold, wasDue, opensAt }: { threshold: number; wasDue: boolean; opensAt: (at: number) => number },
): Peak | null {
  const learned = learnedStallOf(definition, journey.stage);
  if (!learned) return null;
  const since = silentSince(journey);
  const earliest = learned.atLeast ? definition.businessTime.add(since, learned.atLeast) : since;
  const due = horizonEnd(definition, journey, learned);
  if (returnedAt >= due || returnedAt <= since) return null;
  const at = lastOpening(opensAt, returnedAt, earliest);
  if (at < earliest) return null;
  if (at < (judgedFloor(definition, journey) ?? at)) return null;
  const { meetingAt } = journey;
  if (meetingAt !== undefined && at < suspendedUntil(definition.meetings, definition.businessTime, meetingAt))
    return null;
  const foretelling = foretellingOf({ definition, models: models(), journey });
  // It hardly ever falls while a silence lasts; outcomes that become unlikely may make it.
  const said = Math.max(foretelling.silent(earliest, due), foretelling.silent(at, due));
  if (!wasDue && said >= threshold) return null;
  const probability = wasDue ? Math.max(threshold, said) : said;
  return probability < LOWEST ? null : { probability: Math.round(probability * 10_000) / 10_000, due };
}

const HOUR_MS = 3_600_000;

/** The last moment until `at` at which an alert opens, to the hour: what was due in the night and is back by the morning had none. */
function lastOpening(opensAt: (at: number) => number, at: number, earliest: number): number {
  let moment = at;
  while (moment >= earliest && opensAt(moment) !== moment) moment -= HOUR_MS;
  return moment;
}
