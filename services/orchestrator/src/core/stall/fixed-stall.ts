/** A stall by a fixed limit: when a silence becomes one, what pause was normal here, and the sentence that tells of it. */
import { formatDuration } from '@cairn/clock/calendar.ts';
import type { CompiledDefinition, CompiledStage } from '../definition/compile-definition.ts';
import type { JourneyState, Pauses } from '../state.ts';

/** Page views of one visit are no pauses: shorter gaps than this are the same visit. */
const VISIT_GAP_MS = 30 * 60_000;
/** One pause says nothing of what is normal. */
const PAUSES_NEEDED = 2;

export const NO_PAUSES: Pauses = [0, 0, 0];

/** What a silence is counted from: the last inbound touchpoint, or entry into the stage where that is later. */
export function silentSince(journey: Pick<JourneyState, 'inboundAt' | 'stageSince'>): number {
  return journey.inboundAt === null ? journey.stageSince : Math.max(journey.inboundAt, journey.stageSince);
}

/** When the silence becomes a stall; null where the stage has no limit. */
export function stallDeadline(
  definition: CompiledDefinition,
  journey: Pick<JourneyState, 'inboundAt' | 'stageSince' | 'stage'>,
): number | null {
  const after = stageOf(definition, journey.stage)?.stallAfter;
  return after ? definition.businessTime.add(silentSince(journey), after) : null;
}

export function withPause(definition: CompiledDefinition, pauses: Pauses, from: number | null, to: number): Pauses {
  if (from === null || to - from < VISIT_GAP_MS) return pauses;
  return [pauses[0] + 1, pauses[1] + (to - from), round(pauses[2] + definition.businessTime.daysBetween(from, to), 3)];
}

export function mergePauses(a: Pauses, b: Pauses): Pauses {
  return [a[0] + b[0], a[1] + b[1], round(a[2] + b[2], 3)];
}

/** The mean pause in milliseconds; null while too few are known. */
export function normalPauseMs(pauses: Pauses): number | null {
  return pauses[0] < PAUSES_NEEDED ? null : pauses[1] / pauses[0];
}

/** "No reply for 6 business days; 2.1 is normal here", and its figures as durations. */
export function tellStall(
  definition: CompiledDefinition,
  journey: Pick<JourneyState, 'inboundAt' | 'stageSince' | 'stage' | 'pauses'>,
  now: number,
): { text: string; silentFor: string; normalPause: string | null } {
  const since = silentSince(journey);
  const stage = stageOf(definition, journey.stage);
  const normalMs = normalPauseMs(journey.pauses);
  const inBusinessDays = stage?.stallAfter && 'businessDays' in stage.stallAfter;
  const silence = silenceAmount(definition, since, now, inBusinessDays === true);
  const entered = enteredSince(journey);
  const limit = definition.source.stages.find(({ name }) => name === journey.stage)?.stall?.after ?? '';
  let normal = `the limit in ${journey.stage} is ${limit}`;
  if (normalMs !== null) {
    const usual = inBusinessDays
      ? { count: journey.pauses[2] / journey.pauses[0], unit: 'business day' }
      : inWords(normalMs);
    const unit = usual.unit === silence.unit ? '' : ` ${plural(usual)}`;
    normal = `${round(usual.count, 1)}${unit} is normal here`;
  }
  return {
    text: `No reply for ${round(silence.count, 1)} ${plural(silence)}${entered}; ${normal}`,
    silentFor: formatDuration(now - since),
    normalPause: normalMs === null ? null : formatDuration(normalMs),
  };
}

/** The same sentence for a pause that was learned: of milliseconds, or counted in business days already. */
export function describeSilence(
  definition: CompiledDefinition,
  journey: Pick<JourneyState, 'inboundAt' | 'stageSince' | 'stage'>,
  now: number,
  inBusinessDays: boolean,
  normal: Amount | number,
): string {
  const silence = silenceAmount(definition, silentSince(journey), now, inBusinessDays);
  const usual = typeof normal === 'number' ? inWords(normal) : normal;
  const unit = usual.unit === silence.unit ? '' : ` ${plural(usual)}`;
  return `No reply for ${round(silence.count, 1)} ${plural(silence)}${enteredSince(journey)}; ${round(usual.count, 1)}${unit} is normal here`;
}

function silenceAmount(definition: CompiledDefinition, since: number, now: number, inBusinessDays: boolean): Amount {
  return inBusinessDays
    ? { count: definition.businessTime.daysBetween(since, now), unit: 'business day' }
    : inWords(now - since);
}

function enteredSince(journey: Pick<JourneyState, 'inboundAt' | 'stageSince' | 'stage'>): string {
  return (journey.inboundAt ?? -Infinity) < journey.stageSince ? ` since entering ${journey.stage}` : '';
}

function stageOf(definition: CompiledDefinition, name: string): CompiledStage | undefined {
  const index = definition.stageIndex.get(name);
  return index === undefined ? undefined : definition.stages[index];
}

interface Amount {
  count: number;
  unit: string;
}

function inWords(ms: number): Amount {
  if (ms < 120_000) return { count: ms / 1_000, unit: 'second' };
  if (ms < 7_200_000) return { count: ms / 60_000, unit: 'minute' };
  if (ms < 172_800_000) return { count: ms / 3_600_000, unit: 'hour' };
  return { count: ms / 86_400_000, unit: 'day' };
}

function plural({ count, unit }: Amount): string {
  return round(count, 1) === 1 ? unit : `${unit}s`;
}

function round(value: number, digits: number): number {
  const factor = 10 ** digits;
  return Math.round(value * factor) / factor;
}
