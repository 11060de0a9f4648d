/**
 * A journey's silence as far as it is learned from: when it began, what came before it, and which of its bins have been told of.
 * Says which lessons follow from a touchpoint or a timer, and when the next bin is over. A bin is told of when it is over, whether
 * the buyer came back in it or not: told sooner, what came back would be learned before what did not, and every probability with it
 * be wrong (the trap of early labels).
 */
import { mix } from '../../learn/hashing.ts';
import type { JourneyState, Silence } from '../../state.ts';
import { BIN_COUNT, DAY_MS, HOUR_MS, LEARNED_UNTIL, RECALIBRATED_MS, TOLD_AT, binOf } from './bins.ts';
import { packLesson, packVerdict, type LessonEnd, type PackedLesson } from './lesson.ts';
import type { SilenceTraits } from './traits.ts';

/** Touchpoints of a week ago count half. */
const ACTIVITY_HALF_LIFE_MS = 7 * DAY_MS;
/** What came later than this may have more right behind it. */
const LATE_MS = HOUR_MS;
const LATE_SETTLING_MS = 5 * 60_000;
/** An import is over by then, and only then is known which of its silences go on. */
const IMPORT_SETTLING_MS = DAY_MS;
const PAUSES_NEEDED = 2;

/** The part of a journey that its silence is foretold from. */
export type QuietJourney = Pick<JourneyState, 'silence' | 'pauses' | 'startedAt' | 'stage' | 'people' | 'outboundAt'>;

export interface SilenceStep {
  silence: Silence;
  lessons: readonly PackedLesson[];
}

export interface SilenceTouch {
  journeyId: string;
  at: number;
  now: number;
  /** None: an outcome that was nobody's touch. */
  direction: 'inbound' | 'outbound' | 'none';
  /** The touchpoint was an outcome: that is no return. */
  isOutcome: boolean;
  hasEnded: boolean;
  event: number;
  imported: boolean;
  /** One silence of 2^shift is learned from. */
  shift: number;
}

/** The bins at whose beginning a silence may be foretold to be judged later: about as often as whoever looks once a day would see them. */
const SAMPLED_BINS = [3, 4, 5, 6, 7, 8, 9, 10, 11, 11, 12, 12, 13, 13, 13, 14, 14, 14, 14] as const;
const SAMPLE_SALT = 0x5a17;

const NO_LESSONS: readonly PackedLesson[] = [];

/** What is known of the silence that a journey is in. Before the first inbound touchpoint it counts from the start. */
export function traitsOf(journey: QuietJourney): SilenceTraits {
  const { silence, pauses } = journey;
  const at = silence ? silence.at : journey.startedAt;
  return {
    stage: journey.stage,
    at,
    gap: silence ? silence.gap : -1,
    age: Math.max(0, at - journey.startedAt),
    touchesIn: silence ? silence.ins : 0,
    touchesOut: silence ? silence.outs : 0,
    activity: silence ? silence.activity : 0,
    event: silence ? silence.event : 0,
    people: journey.people.length,
    pause: pauses[0] < PAUSES_NEEDED ? -1 : Math.round(pauses[1] / pauses[0]),
    outboundAt: journey.outboundAt ?? -1,
  };
}

/** `before`: the journey before the touchpoint; what is learned of its silence is what was known then. Null: there is no silence yet. */
export function touchSilence(before: QuietJourney | null, touch: SilenceTouch): SilenceStep | null {
  const silence = before?.silence;
  const { at, direction, isOutcome, now } = touch;
  if (!before || !silence)
    return direction === 'inbound' ? { silence: begin(undefined, touch), lessons: NO_LESSONS } : null;
  // An outcome of the same second ends the silence as it begins.
  if (at <= silence.at)
    return { silence: ended(counted(silence, direction), isOutcome, silence.at), lessons: NO_LESSONS };
  if (direction === 'inbound' && !isOutcome)
    return {
      silence: begin(silence, touch),
      lessons: silence.next < 0 ? NO_LESSONS : lastLesson(before, silence, touch),
    };
  const step = tellOver(before, silence, at, now);
  return { silence: ended(counted(step.silence, direction), isOutcome, at), lessons: step.lessons };
}

function ended(silence: Silence, isOutcome: boolean, at: number): Silence {
  return isOutcome && silence.next >= 0 && silence.endedAt === 0 ? { ...silence, endedAt: at } : silence;
}

/** The timer is due: tells of the bins that are over. */
export function fireSilence(journey: QuietJourney, now: number): SilenceStep | null {
  const { silence } = journey;
  return silence && silence.next >= 0 ? tellOver(journey, silence, now, now) : null;
}

/** When the next bin is over (epoch ms); null: nothing more is to be learned from this silence. */
export function silenceDue(silence: Silence | undefined): number | null {
  if (!silence || silence.next < 0) return null;
  return Math.max(silence.at + TOLD_AT[silence.next]!, silence.settlesAt);
}

/** Of two journeys that become one: the newer silence, no longer learned from, for what came before it has changed. */
export function mergeSilences(a: Silence | undefined, b: Silence | undefined): Silence | undefined {
  if (!a || !b) return withoutLessons(a ?? b);
  const [late, early] = a.at > b.at || (a.at === b.at && JSON.stringify(a) > JSON.stringify(b)) ? [a, b] : [b, a];
  return withoutLessons({ ...late, ins: late.ins + early.ins, outs: late.outs + early.outs });
}

function withoutLessons(silence: Silence | undefined): Silence | undefined {
  if (!silence) return undefined;
  const { sample: _dropped, ...rest } = silence;
  return { ...rest, next: -1 };
}

function counted(silence: Silence, direction: SilenceTouch['direction']): Silence {
  if (direction === 'none') return silence;
  return direction === 'inbound' ? { ...silence, ins: silence.ins + 1 } : { ...silence, outs: silence.outs + 1 };
}

/** Whether this is the moment at which a silence is foretold to be judged later: at the end of one of its bins, by a hash. */
export function isSampled(journeyId: string, silence: Silence): boolean {
  const bin =
    SAMPLED_BINS[mix(tailOf(journeyId), (Math.floor(silence.at / 1_000) | 0) ^ SAMPLE_SALT) % SAMPLED_BINS.length];
  return silence.next === bin && silence.endedAt === 0 && silence.sample === undefined;
}

/**
 * `logits`: of silence for each of `RECALIBRATED_MS` from `at` on, as foretold by a model that had learned `lessons`. Horizons that end after
 * a silence is followed are left out.
 */
export function withSample(silence: Silence, at: number, logits: readonly number[], lessons: number): Silence {
  const kept = logits.map((value, i) =>
    at + RECALIBRATED_MS[i]! - silence.at < LEARNED_UNTIL ? Math.round(value * 1_000) / 1_000 : null,
  );
  return { ...silence, sample: [at, ...kept, lessons] };
}

/** What is known by now of a sample: silent until `at`, and for good where it is `over`. Told at the end of a bin like all lessons. */
function judgeSample(silence: Silence, at: number, now: number, end: 'silent' | 'returned' | 'ended'): SilenceStep {
  const { sample } = silence;
  if (!sample) return { silence, lessons: NO_LESSONS };
  const since = sample[0];
  const logits = sample.slice(1, 1 + RECALIBRATED_MS.length);
  // One of an older version does not say: it counts as that of a model that knew nothing.
  const known = sample[1 + RECALIBRATED_MS.length] ?? 0;
  const lessons: PackedLesson[] = [];
  const left = logits.map((foretold, horizon) => {
    if (foretold === null) return null;
    const until = since + RECALIBRATED_MS[horizon]!;
    if (end === 'silent' && until > at) return foretold;
    const due = Math.max(now, silence.at + TOLD_AT[binOf(until - silence.at)]!);
    lessons.push(packVerdict({ due, horizon, logit: foretold, silent: end !== 'returned' || until < at, known }));
    return null;
  });
  const { sample: _told, ...rest } = silence;
  const isOver = left.every((foretold) => foretold === null);
  return { silence: isOver ? rest : { ...rest, sample: [since, ...left, known] }, lessons };
}

/** The bins that are over by `at` without a return. */
function tellOver(journey: QuietJourney, silence: Silence, at: number, now: number): SilenceStep {
  const bin = binOf(at - silence.at);
  if (silence.next < 0 || bin <= silence.next || silence.settlesAt > now) return { silence, lessons: NO_LESSONS };
  const ending = silence.endedAt === 0 ? BIN_COUNT : binOf(silence.endedAt - silence.at);
  const to = Math.min(bin - 1, ending);
  const end: LessonEnd = to === ending ? 'ended' : 'silent';
  // A touchpoint of ours may tell of a bin before its group is over: it waits for those that come back in it.
  const due = Math.max(now, silence.at + TOLD_AT[to]!);
  const lesson = packLesson({ due, traits: traitsOf(journey), from: silence.next, to, end, returnAt: -1 });
  const isDone = end === 'ended' || bin >= BIN_COUNT;
  const judged = judgeSample(silence, at, now, end);
  return { silence: { ...judged.silence, next: isDone ? -1 : bin }, lessons: [lesson, ...judged.lessons] };
}

/** The buyer is back. */
function lastLesson(journey: QuietJourney, silence: Silence, touch: SilenceTouch): readonly PackedLesson[] {
  const bin = binOf(touch.at - silence.at);
  const ending = silence.endedAt === 0 ? BIN_COUNT : binOf(silence.endedAt - silence.at);
  // Whoever comes back in the bin in which the journey ended has come back.
  const [to, end]: [number, LessonEnd] =
    ending < bin ? [ending, 'ended'] : bin < BIN_COUNT ? [bin, 'returned'] : [BIN_COUNT - 1, 'silent'];
  if (to < silence.next) return NO_LESSONS;
  const due = Math.max(
    silence.at + TOLD_AT[to]!,
    silence.settlesAt,
    touch.imported ? touch.now + IMPORT_SETTLING_MS : 0,
  );
  const judged = judgeSample(silence, touch.at, touch.now, end === 'ended' ? 'ended' : 'returned');
  const returnAt = end === 'returned' ? touch.at : -1;
  const lesson = packLesson({ due, traits: traitsOf(journey), from: silence.next, to, end, returnAt });
  return [lesson, ...judged.lessons];
}

function begin(before: Silence | undefined, touch: SilenceTouch): Silence {
  const { at, now, event, imported, hasEnded, isOutcome, shift, journeyId } = touch;
  const gap = before ? at - before.at : -1;
  const activity = before ? before.activity * 2 ** (-gap / ACTIVITY_HALF_LIFE_MS) : 0;
  return {
    at,
    gap,
    ins: (before?.ins ?? 0) + 1,
    outs: before?.outs ?? 0,
    activity: Math.round((activity + 1) * 100) / 100,
    event,
    next: hasEnded || isOutcome || !isLearned(journeyId, at, shift) ? -1 : 0,
    endedAt: 0,
    settlesAt: imported ? now + IMPORT_SETTLING_MS : now - at > LATE_MS ? now + LATE_SETTLING_MS : 0,
  };
}

/** By a hash of what does not depend on how it ends. */
function isLearned(journeyId: string, at: number, shift: number): boolean {
  return shift === 0 || (mix(tailOf(journeyId), Math.floor(at / 1_000) | 0) & ((1 << shift) - 1)) === 0;
}

/** A journey's id is a hash already: its last characters will do. */
function tailOf(id: string): number {
  let tail = 0;
  for (let i = Math.max(0, id.length - 6); i < id.length; i++) tail = Math.imul(tail, 67) + id.charCodeAt(i);
  return tail | 0;
}
