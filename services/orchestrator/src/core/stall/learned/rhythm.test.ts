import { describe, expect, it } from 'vitest';
import { seededRandom } from '@cairn/clock/clock.virtual.ts';
import { BIN_COUNT, binOf, DAY_MS } from './bins.ts';
import type { Lesson } from './lesson.ts';
import { learnLessons, openModel, type PaceState } from './pace-model.ts';
import { hourOfWeek } from './rhythm.ts';

const START = 20_000 * DAY_MS;
const MEAN_PAUSE_DAYS = 3;
const SILENCES = 8_000;

describe("the week's rhythm", () => {
  it('is not made by how many silences are learned from: buyers who move evenly have none, though half of the week teaches eight times as much', () => {
    const random = seededRandom(11);
    const lessons: Lesson[] = [];
    for (let i = 0; i < SILENCES; i++) {
      const at = START + Math.floor(random() * 56 * DAY_MS);
      const pauseMs = Math.round(-Math.log(1 - random()) * MEAN_PAUSE_DAYS * DAY_MS);
      if (hourOfWeek(at) >= 84 && random() > 1 / 8) continue;
      const to = binOf(pauseMs);
      const returns = to < BIN_COUNT;
      lessons.push({
        due: at,
        traits: {
          stage: 'only',
          at,
          gap: MEAN_PAUSE_DAYS * DAY_MS,
          age: 0,
          touchesIn: 1,
          touchesOut: 0,
          activity: 1,
          event: 1,
          people: 1,
          pause: -1,
          outboundAt: -1,
        },
        from: 0,
        to: returns ? to : BIN_COUNT - 1,
        end: returns ? 'returned' : 'silent',
        returnAt: returns ? at + pauseMs : -1,
      });
    }
    let state: PaceState | undefined;
    for (let from = 0; from < lessons.length; from += 500)
      state = learnLessons(state, lessons.slice(from, from + 500), START, (at) => at);
    const { rhythm } = openModel(state);
    for (let day = 0; day < 7; day++)
      expect(Math.abs(rhythm.between(day * DAY_MS, (day + 1) * DAY_MS) - 1)).toBeLessThan(0.15);
  });
});
