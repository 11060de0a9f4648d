/**
 * A made stream of silences whose return rates are known, learned as the advance task would learn it: touchpoints, timers of bins and
 * batches of lessons in the order of time. Each seed is another draw of the same truth. For tests of what is learned.
 */
import { seededRandom } from '@cairn/clock/clock.virtual.ts';
import { createTimerQueue } from '@cairn/task/timers.ts';
import { DAY_MS, HOUR_MS, RECALIBRATED_MS } from '../core/stall/learned/bins.ts';
import { isVerdict, unpackLesson, unpackVerdict, type PackedLesson } from '../core/stall/learned/lesson.ts';
import { foretell, logit } from '../core/stall/learned/foretell.ts';
import { learnLessons, openModel, type PaceModel, type PaceState } from '../core/stall/learned/pace-model.ts';
import {
  fireSilence,
  isSampled,
  silenceDue,
  touchSilence,
  traitsOf,
  withSample,
  type QuietJourney,
  type SilenceStep,
} from '../core/stall/learned/silence.ts';

/** How buyers come back, each time anew. */
export interface Returns {
  /** Share of silences that last longer than this (days). */
  left(days: number): number;
  /** A pause (days), for a number in (0, 1]: the share of silences that are longer. */
  pause(longer: number): number;
}

export interface MadeStream {
  returns: Returns;
  seed: number;
  buyers: number;
  /** Days until its end; buyers begin evenly over the first seven. */
  days: number;
  /** The planted fault: a silence is told of when the buyer comes back, and not before: what came back is learned, what did not waits. */
  early: boolean;
}

export const STREAM_START = 20_000 * DAY_MS;
/** As the task keeps them. */
const BUCKET_MS = 4 * HOUR_MS;
const STARTS_OVER_DAYS = 7;

/** Tells of the end of each day (1 is the first): what has been learned by then, the journeys as they stand, and when silences have begun. */
export function learnStream(
  { returns, seed, buyers, days, early }: MadeStream,
  onDay: (day: number, model: PaceModel, journeys: readonly QuietJourney[], begun: readonly number[]) => void,
): void {
  const random = seededRandom(seed);
  const journeys: QuietJourney[] = [];
  const begun: number[] = [];
  const queue = createTimerQueue();
  const buckets = new Map<number, PackedLesson[]>();
  let state: PaceState | undefined;
  let model = openModel(state);

  function keep(lessons: readonly PackedLesson[], now: number): void {
    for (const lesson of lessons) {
      const bucket = Math.floor(Math.max(early ? now : lesson[1]!, now) / BUCKET_MS) + 1;
      const waiting = buckets.get(bucket);
      if (waiting) waiting.push(lesson);
      else {
        buckets.set(bucket, [lesson]);
        queue.push({ dueAt: bucket * BUCKET_MS, key: String(bucket), purpose: 'learn' });
      }
    }
  }

  function learn(bucket: number, now: number): void {
    const packed = buckets.get(bucket)!;
    buckets.delete(bucket);
    const lessons = packed.filter((one) => !isVerdict(one)).map(unpackLesson);
    state = learnLessons(state, lessons, now, (at) => at, packed.filter(isVerdict).map(unpackVerdict));
    model = openModel(state);
  }

  function take(buyer: number, { silence, lessons }: SilenceStep, now: number): void {
    keep(lessons, now);
    journeys[buyer] = { ...journeys[buyer]!, silence };
    const due = silenceDue(silence);
    if (due !== null) queue.push({ dueAt: due, key: String(buyer), purpose: 'silence' });
  }

  function touch(buyer: number, now: number): void {
    const step = touchSilence(journeys[buyer]!, {
      journeyId: `jrn_${String(buyer).padStart(6, '0')}`,
      at: now,
      now,
      direction: 'inbound',
      isOutcome: false,
      hasEnded: false,
      event: 1,
      imported: false,
      shift: model.shift,
    });
    if (step) take(buyer, step, now);
    begun.push(now);
    const next = Math.round(now + returns.pause(1 - random()) * DAY_MS);
    queue.push({ dueAt: next, key: String(buyer), purpose: 'touch' });
  }

  function fire(buyer: number, now: number): void {
    const journey = journeys[buyer]!;
    const due = silenceDue(journey.silence);
    if (early || due === null || due > now) return;
    const step = fireSilence(journey, now);
    if (!step) return;
    if (!isSampled(`jrn_${String(buyer).padStart(6, '0')}`, step.silence)) return take(buyer, step, now);
    const foretold = foretell(model, traitsOf({ ...journey, silence: step.silence }), step.silence.at);
    const logits = RECALIBRATED_MS.map((ms) => logit(foretold.silent(now, now + ms)));
    take(buyer, { ...step, silence: withSample(step.silence, now, logits, model.lessons) }, now);
  }

  for (let buyer = 0; buyer < buyers; buyer++) {
    const startedAt = Math.round(STREAM_START + random() * STARTS_OVER_DAYS * DAY_MS);
    journeys.push({ pauses: [0, 0, 0], startedAt, stage: 'only', people: [], outboundAt: null });
    queue.push({ dueAt: startedAt, key: String(buyer), purpose: 'touch' });
  }
  let day = 1;
  for (let next = queue.pop(); next; next = queue.pop()) {
    while (next.dueAt >= STREAM_START + day * DAY_MS) {
      onDay(day, model, journeys, begun);
      if (day++ === days) return;
    }
    if (next.purpose === 'learn') learn(Number(next.key), next.dueAt);
    else if (next.purpose === 'touch') touch(Number(next.key), next.dueAt);
    else fire(Number(next.key), next.dueAt);
  }
}
