import { describe, expect, it } from 'vitest';
import { seededRandom } from '@cairn/clock/clock.virtual.ts';
import { areaUnderCurve, brier, calibrationError, medianOf } from './measures.ts';

describe('measures of probabilities', () => {
  it('rank: the area under the curve is the share of pairs in the right order, ties half', () => {
    const random = seededRandom(1);
    const scores = Array.from({ length: 200 }, () => Math.floor(random() * 20));
    const labels = scores.map((score) => random() * 20 < score);
    let right = 0;
    let pairs = 0;
    for (let i = 0; i < 200; i++)
      for (let j = 0; j < 200; j++) {
        if (!labels[i] || labels[j]) continue;
        pairs++;
        right += scores[i]! > scores[j]! ? 1 : scores[i] === scores[j] ? 0.5 : 0;
      }
    expect(areaUnderCurve(scores, labels)).toBeCloseTo(right / pairs, 12);
    expect(areaUnderCurve([1, 2], [true, true])).toBeNull();
  });

  it('are off by the square, and calibrated where what is said comes as often', () => {
    expect(brier([0.5, 1], [true, false])).toBeCloseTo(0.625, 12);
    expect(calibrationError([0.25, 0.25, 0.25, 0.25], [true, false, false, false])).toBeCloseTo(0, 12);
    expect(calibrationError([0.9, 0.9, 0.1, 0.1], [true, false, false, false])).toBeCloseTo(0.5 * 0.4 + 0.5 * 0.1, 12);
    expect(calibrationError([1, 0], [true, false])).toBe(0);
  });

  it('find the middle', () => {
    expect(medianOf([3, 1, 2])).toBe(2);
    expect(medianOf([4, 1, 2, 3])).toBe(2.5);
    expect(medianOf([])).toBeNull();
  });
});
