/** A line of scores.jsonl: what is known of a journey at a moment. What it says never depends on what comes after. */
import { formatInstant, formatInstantOrNull } from '@cairn/clock/calendar.ts';
import type { CompiledDefinition } from '@cairn/orchestrator/core/definition/compile-definition.ts';
import { engagementAt } from '@cairn/orchestrator/core/score/engagement.ts';
import type { TaskState } from '@cairn/task/task.ts';
import { predictionsOf } from './predictions.ts';
import { nameOfSubject, readJourney } from '@cairn/replay/subjects.ts';

export interface ScoreSettings {
  workspace: string;
  definition: CompiledDefinition;
  explain: boolean;
}

/** Null where the journey is no more. */
export function scoreLine(
  settings: ScoreSettings,
  state: TaskState,
  stateKey: string,
  at: number,
): Record<string, unknown> | null {
  const { workspace, definition } = settings;
  const found = readJourney(state, stateKey, definition.name);
  if (!found) return null;
  const { subject, journey } = found;
  const { engagement, reasons } = engagementAt(definition, journey.points, at);
  const said = predictionsOf({ ...found, state, workspace, definition, at, explain: settings.explain });
  return {
    at: formatInstant(at),
    subject: nameOfSubject(subject),
    stage: journey.stage,
    lastInboundAt: formatInstantOrNull(journey.inboundAt),
    stallProbability: said.stallProbability,
    silenceProbability: said.silenceProbability,
    engagement,
    reasons,
    winProbability: said.winProbability,
    ...(said.explain ? { explain: said.explain } : {}),
    journeyId: journey.id,
    status: journey.status,
    touchpoints: journey.touchpoints,
  };
}
