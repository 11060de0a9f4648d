/** A stall by a fixed limit: when a silence becomes one, what pause was normal here, and the sentence that tells of it. */
import { formatDuration } from '@cairn/clock/calendar.ts';
import type { CompiledDefinition, CompiledStage } from '../definition/compile-definition.ts';
import type { JourneyState, Pauses } from '../state.ts';
import { amountOf, businessAmountOf, durationInWords, inWords, inWordsBeside, type Amount } from './in-words.ts';

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
  const after = stageOf(definition, journey.stage)?.stallAfter;
  const normalMs = normalPauseMs(journey.pauses);
  const inBusinessDays = after !== null && after !== undefined && 'businessDays' in after;
  const silence = silenceAmount(definition, since, now, inBusinessDays);
  const limit = durationInWords(
    definition.source.stages.find(({ name }) => name === journey.stage)?.stall?.after ?? '',
  );
  let normal = `the limit in ${journey.stage} is ${limit}`;
  if (normalMs !== null) {
    const usual = inBusinessDays
      ? businessAmountOf(journey.pauses[2] / journey.pauses[0], normalMs)
      : amountOf(normalMs);
    const words = inWordsBeside(usual, silence);
    // "2 days; 52 is normal here" would leave a rep wondering what the alert is for.
    const isLonger = normalMs > now - since;
    normal = isLonger ? `${normal}, though ${words} is normal here` : `${words} is normal here`;
  }
  return {
    text: `No reply for ${inWords(silence)}${enteredSince(journey)}; ${normal}`,
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
  const usual = typeof normal === 'number' ? amountOf(normal) : normal;
  return `No reply for ${inWords(silence)}${enteredSince(journey)}; ${inWordsBeside(usual, silence)} is normal here`;
}

function silenceAmount(definition: CompiledDefinition, since: number, now: number, inBusinessDays: boolean): Amount {
  return inBusinessDays
    ? businessAmountOf(definition.businessTime.daysBetween(since, now), now - since)
    : amountOf(now - since);
}

function enteredSince(journey: Pick<JourneyState, 'inboundAt' | 'stageSince' | 'stage'>): string {
  return (journey.inboundAt ?? -Infinity) < journey.stageSince ? ` since entering ${journey.stage}` : '';
}

function stageOf(definition: CompiledDefinition, name: string): CompiledStage | undefined {
  const index = definition.stageIndex.get(name);
  return index === undefined ? undefined : definition.stages[index];
}

function round(value: number, digits: number): number {
  const factor = 10 ** digits;
  return Math.round(value * factor) / factor;
}
