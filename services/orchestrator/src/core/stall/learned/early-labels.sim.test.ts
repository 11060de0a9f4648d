/** The trap of early labels: a made stream whose true return rates are known, learned as the task would learn it, day by day. */
import { describe, expect, it } from 'vitest';
import { BIN_EDGES, DAY_MS, HOUR_MS } from './bins.ts';
import { foretell } from './foretell.ts';
import { unpackLesson, unpackVerdict, isVerdict, type PackedLesson } from './lesson.ts';
import { learnLessons, openModel, type PaceState } from './pace-model.ts';
import { fireSilence, silenceDue, touchSilence, traitsOf, type QuietJourney } from './silence.ts';

/** Half of the silences end with a return in the first day, evenly over it; of the others 15 % return on each later day. */
const FIRST_DAY = 0.5;
const LATER_DAY = 0.15;
const BUYERS = 1_000;
const DAYS = 36;
/** At an age; of older silences a stream of this size has too few to learn from within a month. */
const ENOUGH = 40;
const START = 20_000 * DAY_MS;

/** What is true at an age (days, with fractions): silent for the next `days`. */
function truth(age: number, days: number): number {
  const left = (at: number): number =>
    at < 1
      ? 1 - FIRST_DAY * at
      : (1 - FIRST_DAY) * (1 - LATER_DAY) ** (Math.floor(at) - 1) * (1 - LATER_DAY * (at - Math.floor(at)));
  return left(age + days) / left(age);
}

/** A generator of its own, so that a test is the same each time. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Event {
  at: number;
  buyer: number;
  kind: 'touch' | 'timer' | 'learn';
}

/** Learns the stream; calls `judge` at the end of each day. `early`: the planted fault, a silence is told of
 * when the buyer comes back and not before: what came back is learned, what did not waits. */
function learnStream(
  early: boolean,
  judge: (day: number, state: PaceState | undefined, journeys: readonly QuietJourney[]) => void,
): void {
  const throwDice = dice(7);
  const journeys: QuietJourney[] = [];
  const queue: Event[] = [];
  const buckets = new Map<number, PackedLesson[]>();
  const add = (event: Event): void => {
    let low = 0;
    let high = queue.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (queue[middle]!.at > event.at) low = middle + 1;
      else high = middle;
    }
    queue.splice(low, 0, event);
  };
  const keep = (lessons: readonly PackedLesson[], now: number): void => {
    for (const lesson of lessons) {
      const due = early ? now : lesson[1]!;
      const bucket = Math.floor(Math.max(due, now) / HOUR_MS) + 1;
      if (!buckets.has(bucket)) add({ at: bucket * HOUR_MS, buyer: bucket, kind: 'learn' });
      buckets.set(bucket, [...(buckets.get(bucket) ?? []), lesson]);
    }
  };
  const nextReturn = (at: number): number => {
    if (throwDice() < FIRST_DAY) return Math.round(at + throwDice() * DAY_MS);
    let day = 1;
    while (throwDice() >= LATER_DAY) day++;
    return Math.round(at + (day + throwDice()) * DAY_MS);
  };
  for (let buyer = 0; buyer < BUYERS; buyer++) {
    const startedAt = Math.round(START + throwDice() * 7 * DAY_MS);
    journeys.push({ pauses: [0, 0, 0], startedAt, stage: 'only', people: [], outboundAt: null });
    add({ at: startedAt, buyer, kind: 'touch' });
  }
  let state: PaceState | undefined;
  let day = 1;
  while (queue.length > 0) {
    const { at, buyer, kind } = queue.pop()!;
    while (at >= START + day * DAY_MS) judge(day++, state, journeys);
    if (day > DAYS) return;
    if (kind === 'learn') {
      const packed = buckets.get(buyer)!;
      buckets.delete(buyer);
      const lessons = packed.filter((one) => !isVerdict(one)).map(unpackLesson);
      state = learnLessons(state, lessons, at, (ms) => ms, packed.filter(isVerdict).map(unpackVerdict));
      continue;
    }
    const journey = journeys[buyer]!;
    const due = kind === 'timer' ? silenceDue(journey.silence) : null;
    if (kind === 'timer' && (early || due === null || due > at)) continue;
    const step =
      kind === 'timer'
        ? fireSilence(journey, at)
        : touchSilence(journey, {
            journeyId: `jrn_${buyer}`,
            at,
            now: at,
            direction: 'inbound',
            isOutcome: false,
            hasEnded: false,
            event: 1,
            imported: false,
            shift: 0,
          });
    if (!step) continue;
    keep(step.lessons, at);
    journeys[buyer] = { ...journey, silence: step.silence };
    const next = silenceDue(step.silence);
    if (next !== null) add({ at: next, buyer, kind: 'timer' });
    if (kind === 'touch') add({ at: nextReturn(at), buyer, kind: 'touch' });
  }
}

/** The largest error of P(silent for 3 and 7 days), among whole days of age with at least `ENOUGH` buyers, on the judged days. */
function worstError(early: boolean, days: readonly number[]): number {
  let worst = 0;
  learnStream(early, (day, state, journeys) => {
    if (!days.includes(day)) return;
    const now = START + day * DAY_MS;
    const model = openModel(state);
    for (const horizon of [3, 7]) {
      const byAge = new Map<number, { said: number; isTrue: number; count: number }>();
      for (const journey of journeys) {
        if (!journey.silence) continue;
        const { at } = journey.silence;
        const age = (now - at) / DAY_MS;
        const sums = byAge.get(Math.floor(age)) ?? { said: 0, isTrue: 0, count: 0 };
        sums.said += foretell(model, traitsOf(journey), at).silentFor(now, horizon * DAY_MS);
        sums.isTrue += truth(age, horizon);
        sums.count++;
        byAge.set(Math.floor(age), sums);
      }
      for (const { said, isTrue, count } of byAge.values())
        if (count >= ENOUGH) worst = Math.max(worst, Math.abs(said - isTrue) / count);
    }
  });
  return worst;
}

describe('the trap of early labels', () => {
  it('learns what is true to within 0.03 at every age from the first month on', () => {
    expect(worstError(false, [30, 36])).toBeLessThan(0.03);
  });

  it('is noticed: learned when buyers come back, and not when bins are over, the same bound is missed by far', () => {
    expect(worstError(true, [30])).toBeGreaterThan(0.1);
  });

  it('tells of a return no sooner than of the silence that did not end', () => {
    const quiet: QuietJourney = { pauses: [0, 0, 0], startedAt: 0, stage: 'only', people: [], outboundAt: null };
    const touch = { journeyId: 'jrn_1', direction: 'inbound' as const, isOutcome: false, hasEnded: false };
    const rest = { event: 1, imported: false, shift: 0 };
    const first = touchSilence(quiet, { ...touch, ...rest, at: START, now: START })!;
    const returns = START + 2.2 * DAY_MS;
    const second = touchSilence(
      { ...quiet, silence: first.silence },
      { ...touch, ...rest, at: returns, now: returns },
    )!;
    expect(second.lessons.map(unpackLesson)).toMatchObject([{ end: 'returned', due: START + BIN_EDGES[6]! }]);
  });

  it('has one timer in the first twelve hours: what a touchpoint of ours tells of sooner waits for their end', () => {
    const quiet: QuietJourney = { pauses: [0, 0, 0], startedAt: 0, stage: 'only', people: [], outboundAt: null };
    const touch = { journeyId: 'jrn_1', isOutcome: false, hasEnded: false, event: 1, imported: false, shift: 0 };
    const { silence } = touchSilence(quiet, { ...touch, direction: 'inbound', at: START, now: START })!;
    const over = START + DAY_MS / 2;
    expect(silenceDue(silence)).toBe(over);
    const later = START + DAY_MS / 4;
    const ours = touchSilence({ ...quiet, silence }, { ...touch, direction: 'outbound', at: later, now: later })!;
    expect(ours.lessons.map(unpackLesson)).toMatchObject([{ end: 'silent', from: 0, to: 1, due: over }]);
    expect(silenceDue(ours.silence)).toBe(over);
    const fired = fireSilence({ ...quiet, silence: ours.silence, outboundAt: later }, over)!;
    expect(fired.lessons.map(unpackLesson)).toMatchObject([{ end: 'silent', from: 2, to: 2, due: over }]);
    expect(silenceDue(fired.silence)).toBe(START + DAY_MS);
  });
});
