/** What the models say is what their reasons add up to: scores, silences, wins. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addPoints, engagementAt, NO_POINTS } from '../score/engagement.ts';
import { learnWins, openWinModel, type WinLesson } from '../score/win-model.ts';
import { foretell } from '../stall/learned/foretell.ts';
import { learnLessons, openModel, type PaceState } from '../stall/learned/pace-model.ts';
import type { SilenceTraits } from '../stall/learned/traits.ts';
import { BIN_COUNT, DAY_MS } from '../stall/learned/bins.ts';
import type { Lesson } from '../stall/learned/lesson.ts';
import { definitionOf } from '../../testkit/definition-of.ts';
import { learnRecalibration, newRecalibration, recalibrate, sigmoid } from './recalibration.ts';

const traits: fc.Arbitrary<SilenceTraits> = fc.record({
  stage: fc.constantFrom('awareness', 'evaluation'),
  at: fc.integer({ min: 1_700_000_000, max: 1_760_000_000 }).map((seconds) => seconds * 1_000),
  gap: fc.constantFrom(-1, 600_000, 5 * 3_600_000, 2 * DAY_MS, 20 * DAY_MS),
  age: fc.integer({ min: 0, max: 100 }).map((days) => days * DAY_MS),
  touchesIn: fc.integer({ min: 1, max: 60 }),
  touchesOut: fc.integer({ min: 0, max: 9 }),
  activity: fc.integer({ min: 1, max: 12 }),
  event: fc.integer({ min: 0, max: 5 }),
  people: fc.integer({ min: 1, max: 4 }),
  pause: fc.constantFrom(-1, DAY_MS, 9 * DAY_MS),
  outboundAt: fc.constant(-1),
});

/** Whoever is in evaluation comes back on the second day, the others never: much to correct the pooled table by. */
function learned(recalibrations?: PaceState['recalibrations']): ReturnType<typeof openModel> {
  const samples = fc.sample(traits, { numRuns: 1_500, seed: 5 });
  const lessons = samples.map((silence, i): Lesson => {
    const returns = silence.event > 2 || (silence.stage === 'evaluation' && i % 3 > 0);
    return {
      due: silence.at,
      traits: silence,
      from: 0,
      to: returns ? 4 : BIN_COUNT - 1,
      end: returns ? 'returned' : 'silent',
      returnAt: returns ? silence.at + 1.5 * 86_400_000 : -1,
    };
  });
  const state = learnLessons(undefined, lessons, 1_760_000_000_000, (at) => at);
  return openModel({ ...state, recalibrations: recalibrations ?? state.recalibrations });
}

/** Seven and thirty days of silence came far less often than was foretold; of three nothing has been seen yet, as of ninety. */
function taughtByExperience(): ReturnType<typeof openModel> {
  const seen = Array.from({ length: 3_000 }, (_, i) => (i % 7) / 3 - 1);
  const taught = seen.reduce((so, logit, i) => learnRecalibration(so, logit, i % 12 === 0), newRecalibration());
  return learned([newRecalibration(), taught, taught]);
}

describe('reasons', () => {
  it('of a silence add up to its probability, for every horizon', () => {
    const model = learned();
    expect(model.isCorrected).toBe(true);
    fc.assert(
      fc.property(
        traits,
        fc.integer({ min: 0, max: 120 * 24 }),
        fc.constantFrom(3, 7, 30, 90),
        (silence, hours, days) => {
          const foretelling = foretell(model, silence, silence.at);
          const from = silence.at + hours * 3_600_000;
          const { base, contributions, logit } = foretelling.explain(from, days * DAY_MS);
          expect(contributions.reduce((sum, { value }) => sum + value, base)).toBeCloseTo(logit, 9);
          expect(sigmoid(logit)).toBeCloseTo(foretelling.silentFor(from, days * DAY_MS), 6);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('of a silence that experience corrects add up too, and a longer one is never likelier than a shorter one', () => {
    const model = taughtByExperience();
    expect(model.recalibrated(30 * DAY_MS, 0)).toBeLessThan(-0.5);
    fc.assert(
      fc.property(traits, fc.integer({ min: 0, max: 120 * 24 }), (silence, hours) => {
        const foretelling = foretell(model, silence, silence.at);
        const from = silence.at + hours * 3_600_000;
        const said = [3, 7, 30, 45, 90].map((days) => foretelling.silentFor(from, days * DAY_MS));
        expect(said).toEqual([...said].sort((a, b) => b - a));
        for (const days of [3, 7, 30, 90]) {
          const { base, contributions, logit } = foretelling.explain(from, days * DAY_MS);
          expect(contributions.reduce((sum, { value }) => sum + value, base)).toBeCloseTo(logit, 9);
          expect(sigmoid(logit)).toBeCloseTo(foretelling.silentFor(from, days * DAY_MS), 6);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('of 1,000 random scores add up, and the score without the first reason is less by its points', () => {
    const names = ['one', 'two', 'three'];
    const yaml = `
stages: [{ name: open }]
score: { engagement: { halfLife: 7 days, points: [${names.map((name, i) => `{ name: ${name}, when: { event: ${name} }, add: ${3 + i}, atMost: 20 }`).join(', ')}] } }`;
    const whole = definitionOf(yaml);
    const scene = (event: string) => ({ touchpoint: { event }, direction: null, person: null, account: null }) as never;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...names), fc.integer({ min: 0, max: 30 * 24 })), {
          minLength: 1,
          maxLength: 30,
        }),
        (touches) => {
          const sorted = [...touches].sort((a, b) => a[1] - b[1]);
          const now = 31 * DAY_MS;
          const scored = (without: string | null) => {
            let points = NO_POINTS;
            sorted.forEach(([event, hour], i) => {
              if (event !== without) points = addPoints(whole, points, scene(event), hour * 3_600_000, `tp_${i}`);
            });
            return engagementAt(whole, points, now);
          };
          const { engagement, reasons } = scored(null);
          expect(reasons.reduce((sum, { points }) => sum + points, 0)).toBeCloseTo(engagement, 9);
          const [first] = reasons;
          if (first) expect(scored(first.name).engagement).toBeCloseTo(engagement - first.points, 6);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

describe('the moment of a learned stall', () => {
  it('is where the probability crosses the threshold: not reached just before, reached then', () => {
    const model = learned();
    fc.assert(
      fc.property(
        traits,
        fc.integer({ min: 2, max: 40 }),
        fc.double({ min: 0.2, max: 0.95, noNaN: true }),
        (silence, days, p) => {
          const foretelling = foretell(model, silence, silence.at);
          const until = silence.at + days * DAY_MS;
          const moment = foretelling.crossing(silence.at, until, p);
          expect(moment).toBeLessThanOrEqual(until);
          expect(foretelling.silent(moment, until)).toBeGreaterThanOrEqual(p - 1e-6);
          if (moment > silence.at) expect(foretelling.silent(moment - 2_000, until)).toBeLessThan(p + 1e-4);
        },
      ),
      { numRuns: 300 },
    );
    expect(foretell(model, fc.sample(traits, 1)[0]!, 0).silent(5, 5)).toBe(1);
  });
});

/** Journeys that show slot 7 are won three times in four, the others once in four. */
function winLessons(count: number, telling: boolean): WinLesson[] {
  return Array.from({ length: count }, (_, i) => {
    const shows = i % 2 === 0;
    const dice = (i * 7_919) % 100;
    const won = dice < (telling ? (shows ? 75 : 25) : 50);
    return { won, slots: [1, shows ? 7 : 8, 20 + ((i * 31) % 40)] };
  });
}

describe('the probability of winning', () => {
  it('is not told before 200 were won and 200 lost, and adds up from then on', () => {
    expect(openWinModel(learnWins(undefined, winLessons(390, true))).foretell([1, 7])).toBeNull();
    const model = openWinModel(learnWins(undefined, winLessons(3_000, true)));
    expect(model.foretell([1, 7])).toBeGreaterThan(0.65);
    expect(model.foretell([1, 8])).toBeLessThan(0.35);
    const { base, contributions, logit } = model.explain([1, 7])!;
    expect(contributions.reduce((sum, { value }) => sum + value, base)).toBeCloseTo(logit, 12);
    expect(sigmoid(logit)).toBeCloseTo(model.foretell([1, 7])!, 12);
  });

  it('is not told while the model does no better than the share of wins', () => {
    const noise = winLessons(3_000, false).map((lesson, i) => ({ ...lesson, won: (i * 48_271) % 97 < 48 }));
    expect(openWinModel(learnWins(undefined, noise)).foretell([1, 7])).toBeNull();
  });
});

describe('recalibration', () => {
  it('brings what is too sure of itself most of the way back to what happens', () => {
    let recalibration = newRecalibration();
    for (let i = 0; i < 4_000; i++) {
      // Foretold as logit ±3 (95 %), true at 75 %.
      const up = i % 2 === 0;
      recalibration = learnRecalibration(recalibration, up ? 3 : -3, up === (i * 7_919) % 100 < 75);
    }
    expect(sigmoid(recalibrate(recalibration, 3))).toBeLessThan(0.85);
    expect(sigmoid(recalibrate(recalibration, -3))).toBeGreaterThan(0.15);
  });
});
