/**
 * What a person's verdict on an alert changes: the silence that was judged normal raises the limit of this journey in this stage for a
 * while; what was handled already is left alone for a week at most. Kept apart from what is learned: a verdict is no label of a silence, for
 * only silences that had an alert ever get one, and a rep's patience is not the buyer's return.
 */
import type { CompiledDefinition } from './definition/compile-definition.ts';
import type { AlertKind, AlertState, JourneyState } from './state.ts';
import { silentSince } from './stall/fixed-stall.ts';
import { amountOf, inWords } from './stall/in-words.ts';

/** Of a kind of alert, the newest verdict that holds something back. */
export interface Judged {
  verdict: 'not-a-stall' | 'already-handled';
  /** When it was given, and when it holds no longer (epoch ms). */
  at: number;
  until: number;
  stage: string;
  /** The silence that it was given of: milliseconds, or whole business days where the stage counts in them. */
  silence: { ms: number } | { businessDays: number };
}

/** A quarter: after it a buyer's pace, and the deal's, are others. */
export const NOT_A_STALL_MS = 90 * 86_400_000;
/** What a rep has set going needs a week to show; in a stage of short limits, twice the silence that was handled. */
export const ALREADY_HANDLED_MS_MOST = 7 * 86_400_000;
const ALREADY_HANDLED_TIMES = 2;

/** After a verdict; `real` takes back what an earlier one held back, no verdict leaves it. */
export function withVerdict(
  definition: CompiledDefinition,
  journey: JourneyState,
  kind: AlertKind,
  verdict: AlertState['verdict'],
  now: number,
): JourneyState['judged'] {
  if (verdict === null) return journey.judged;
  const { [kind]: _before, ...others } = journey.judged ?? {};
  if (verdict === 'real') return Object.keys(others).length > 0 ? others : undefined;
  const since = silentSince(journey);
  const silence = countsInBusinessDays(definition, journey.stage)
    ? { businessDays: Math.ceil(definition.businessTime.daysBetween(since, now)) }
    : { ms: Math.max(0, now - since) };
  // A role may be silent, or missing, while the journey is not.
  const handled =
    kind === 'stall'
      ? Math.min(ALREADY_HANDLED_MS_MOST, ALREADY_HANDLED_TIMES * Math.max(0, now - since))
      : ALREADY_HANDLED_MS_MOST;
  const until = now + (verdict === 'not-a-stall' ? NOT_A_STALL_MS : handled);
  return { ...others, [kind]: { verdict, at: now, until, stage: journey.stage, silence } };
}

/** Before this moment (epoch ms) the silence is no stall, because of a verdict; null: none holds. A silence that was there when it was given has had its alert. */
export function judgedFloor(definition: CompiledDefinition, journey: JourneyState): number | null {
  const judged = journey.judged?.stall;
  if (!judged) return null;
  const since = silentSince(journey);
  if (since < judged.at || since >= judged.until) return null;
  if (judged.verdict === 'already-handled') return judged.until;
  return judged.stage === journey.stage ? definition.businessTime.add(since, judged.silence) : null;
}

/** Until when troubles of roles of this kind open no alert (epoch ms); null: they do. */
export function judgedUntil(journey: JourneyState, kind: AlertKind): number | null {
  const judged = journey.judged?.[kind];
  if (!judged || (judged.verdict === 'not-a-stall' && judged.stage !== journey.stage)) return null;
  return judged.until;
}

/** Goes on the sentence of a stall that a verdict has held back. */
export function tellJudged(journey: JourneyState, now: number): string {
  const judged = journey.judged?.stall;
  if (!judged) return '';
  if (judged.verdict === 'already-handled') return `, and it was handled ${inWords(amountOf(now - judged.at))} ago`;
  const { silence } = judged;
  const amount =
    'ms' in silence ? amountOf(silence.ms) : { count: silence.businessDays, unit: 'business day' as const };
  return `, and up to ${inWords(amount)} ${amount.count === 1 ? 'was' : 'were'} judged normal`;
}

/** Of two journeys that become one: of each kind the newer verdict. */
export function mergeJudged(a: JourneyState['judged'], b: JourneyState['judged']): JourneyState['judged'] {
  if (!a || !b) return a ?? b;
  const merged: Partial<Record<AlertKind, Judged>> = { ...a };
  for (const kind of Object.keys(b) as AlertKind[]) {
    const [one, other] = [a[kind], b[kind]!];
    if (!one || other.at > one.at || (other.at === one.at && JSON.stringify(other) > JSON.stringify(one)))
      merged[kind] = other;
  }
  return merged;
}

function countsInBusinessDays(definition: CompiledDefinition, name: string): boolean {
  const stage = definition.stages[definition.stageIndex.get(name) ?? -1];
  const limit = stage?.stallAfter ?? stage?.learned?.horizon;
  return limit !== undefined && limit !== null && 'businessDays' in limit;
}
