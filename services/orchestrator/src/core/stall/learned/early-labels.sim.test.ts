/**
 * The trap of early labels: a made stream whose true return rates are known, learned as the task would learn it. Each seed is another draw
 * of the same truth; what is said is held against the truth at every whole day of age at which there is anybody.
 */
import { describe, expect, it } from 'vitest';
import { learnStream, STREAM_START, type Returns } from '../../../testkit/made-stream.ts';
import { BIN_EDGES, DAY_MS } from './bins.ts';
import { foretell } from './foretell.ts';
import { unpackLesson } from './lesson.ts';
import { fireSilence, silenceDue, touchSilence, traitsOf, type QuietJourney } from './silence.ts';

const START = STREAM_START;
const SEEDS = [1, 2, 3, 4] as const;
const BUYERS = 3_000;
/** Fewer show the fault as well. */
const BUYERS_EARLY = 1_000;
/** The end of the first month, and a week later. */
const JUDGED_DAYS = [30, 36] as const;
const HORIZONS = [3, 7] as const;
/** The bound. */
const BOUND = 0.03;
/** Standard errors of a share that a draw may be off by where few silences have been seen: one figure in 370 is by chance. */
const ERRORS = 3;
/** With fewer silences to learn an age from its error says nothing: three standard errors are a third and more. */
const SEEN_LEAST = 20;

/** Half are back within the day, one in ten after a week or more, few after a month: the longer the silence, the rarer. */
const RARER: Returns = {
  left: (days) => (1 + days) ** -1.2,
  pause: (longer) => longer ** (-1 / 1.2) - 1,
};
/** Half are back in the first day, evenly over it; of the others 15 % on each later day. */
const STEADY: Returns = {
  left: (days) => (days < 1 ? 1 - days / 2 : 0.5 * 0.85 ** (Math.floor(days) - 1) * (1 - 0.15 * (days % 1))),
  pause(longer) {
    if (longer > 0.5) return (1 - longer) * 2;
    const day = Math.floor(Math.log(longer / 0.5) / Math.log(0.85));
    return 1 + day + (1 - longer / (0.5 * 0.85 ** day)) / 0.15;
  },
};

interface AtAge {
  day: number;
  horizon: number;
  /** Whole days. */
  age: number;
  /** Mean of what is said, less the mean of what is true. */
  error: number;
  /** Of a share counted on the silences that have been seen by now from this age on to the horizon; 0 for none. */
  standardError: number;
  seen: number;
}

/** Every age on every judged day, of one draw. */
function judge(returns: Returns, seed: number, early: boolean, buyers: number): AtAge[] {
  const judged: AtAge[] = [];
  learnStream({ returns, seed, buyers, days: JUDGED_DAYS.at(-1)!, early }, (day, model, journeys, begun) => {
    if (!JUDGED_DAYS.some((one) => one === day)) return;
    const now = START + day * DAY_MS;
    for (const horizon of HORIZONS) {
      const byAge = new Map<number, { said: number; truth: number; count: number }>();
      for (const journey of journeys) {
        if (!journey.silence) continue;
        const { at } = journey.silence;
        const age = (now - at) / DAY_MS;
        const sums = byAge.get(Math.floor(age)) ?? { said: 0, truth: 0, count: 0 };
        sums.said += foretell(model, traitsOf(journey), at).silentFor(now, horizon * DAY_MS);
        sums.truth += returns.left(age + horizon) / returns.left(age);
        sums.count++;
        byAge.set(Math.floor(age), sums);
      }
      for (const [age, { said, truth, count }] of byAge) {
        // Silences that began long enough ago for the whole of it to be over, and that are expected to have lasted until the age.
        const old = begun.filter((at) => at + (age + 1 + horizon) * DAY_MS <= now).length;
        const seen = old * returns.left(age + 0.5);
        const share = truth / count;
        const standardError = seen === 0 ? 0 : Math.sqrt((share * (1 - share)) / seen);
        judged.push({ day, horizon, age, error: (said - truth) / count, standardError, seen });
      }
    }
  });
  return judged;
}

const TRUTHS = [
  { name: 'that grow rarer', returns: RARER },
  { name: 'at a steady rate', returns: STEADY },
] as const;

/** Farther from the truth than the bound, and than chance. */
function isOff({ error, standardError }: AtAge): boolean {
  return Math.abs(error) > Math.max(BOUND, ERRORS * standardError);
}

describe.each(TRUTHS)('the trap of early labels, returns $name', ({ returns }) => {
  it('learns what is true to within 0.03 at every age from the first month on, on every seed', () => {
    const all = SEEDS.map((seed) => judge(returns, seed, false, BUYERS).filter(({ seen }) => seen >= SEEN_LEAST));
    for (const ages of all) {
      expect(ages.length).toBeGreaterThan(90);
      expect(ages.filter(isOff)).toEqual([]);
    }
    // Over the draws together chance is half as large: the bound itself holds at twice as many ages, whatever chance.
    const places = new Map<string, AtAge[]>();
    for (const one of all.flat()) {
      const place = `day ${one.day}, ${one.horizon} days, age ${one.age}`;
      places.set(place, [...(places.get(place) ?? []), one]);
    }
    const together = [...places].filter(([, { length }]) => length === SEEDS.length);
    const mean = (of: number[]): number => of.reduce((sum, value) => sum + value, 0) / of.length;
    const sure = together.filter(
      ([, ages]) => (ERRORS * mean(ages.map(({ standardError }) => standardError))) / Math.sqrt(SEEDS.length) <= BOUND,
    );
    expect(sure.length).toBeGreaterThan(45);
    const biased = sure.filter(([, ages]) => Math.abs(mean(ages.map(({ error }) => error))) > BOUND);
    expect(biased.map(([place]) => place)).toEqual([]);
  });

  it('is noticed on every seed: learned when buyers come back, and not when bins are over, most ages are off, and by far', () => {
    for (const seed of SEEDS) {
      const ages = judge(returns, seed, true, BUYERS_EARLY).filter(({ seen }) => seen >= SEEN_LEAST);
      expect(ages.filter(isOff).length).toBeGreaterThan(ages.length / 3);
      expect(Math.max(...ages.map(({ error }) => Math.abs(error)))).toBeGreaterThan(5 * BOUND);
    }
  });
});

describe('lessons', () => {
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
