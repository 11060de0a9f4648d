import { describe, expect, it } from 'vitest';
import { seededRandom } from '@cairn/clock/clock.virtual.ts';
import {
  difference,
  intervalsOf,
  weightedArea,
  weightedCalibration,
  weightedLogLoss,
  weightedMean,
} from './bootstrap.ts';
import { areaUnderCurve, calibrationError } from './measures.ts';

function made(count: number, perGroup: number): { said: number[]; labels: boolean[]; groups: number[] } {
  const random = seededRandom(3);
  const said = Array.from({ length: count }, () => Math.round(random() * 50) / 50);
  return {
    said,
    labels: said.map((p) => random() < p),
    groups: said.map((_, i) => Math.floor(i / perGroup)),
  };
}

describe('intervals', () => {
  it('weigh each look once and give the plain figure', () => {
    const { said, labels } = made(500, 1);
    const once = new Float64Array(500).fill(1);
    expect(weightedArea(said, labels)(once)).toBeCloseTo(areaUnderCurve(said, labels)!, 12);
    expect(weightedCalibration(said, labels)(once)).toBeCloseTo(calibrationError(said, labels), 12);
    expect(weightedMean([1, 2, 6])(new Float64Array([1, 1, 0]))).toBe(1.5);
    expect(weightedLogLoss([0.5, 0], [true, true])(new Float64Array([1, 0]))).toBeCloseTo(Math.LN2, 12);
    expect(weightedArea(said, labels)(new Float64Array(500))).toBeNull();
  });

  it('count a look that is drawn twice as two looks', () => {
    const twice = weightedArea([0.1, 0.5, 0.5, 0.9], [false, true, false, true])(new Float64Array([1, 2, 1, 1]));
    expect(twice).toBeCloseTo(areaUnderCurve([0.1, 0.5, 0.5, 0.5, 0.9], [false, true, true, false, true])!, 12);
  });

  it('are as wide as chance makes a mean of so many', () => {
    const { labels, groups } = made(1_000, 1);
    const [interval] = intervalsOf(groups, [weightedMean(labels.map(Number))]);
    const width = 2 * 1.96 * Math.sqrt(0.25 / 1_000);
    expect(interval!.high - interval!.low).toBeGreaterThan(width * 0.85);
    expect(interval!.high - interval!.low).toBeLessThan(width * 1.15);
  });

  it('are wider where looks of one journey say the same thing', () => {
    const values = Array.from({ length: 1_000 }, (_, i) => Math.floor(i / 50) % 2);
    const widthOf = (groups: number[]): number => {
      const [interval] = intervalsOf(groups, [weightedMean(values)]);
      return interval!.high - interval!.low;
    };
    const alone = widthOf(values.map((_, i) => i));
    expect(widthOf(values.map((_, i) => Math.floor(i / 50)))).toBeGreaterThan(4 * alone);
  });

  it('compare on the same draws: what is equal differs by nothing', () => {
    const { said, labels, groups } = made(300, 3);
    const [interval] = intervalsOf(groups, [difference(weightedArea(said, labels), weightedArea(said, labels))]);
    expect(interval).toEqual({ low: 0, high: 0 });
  });
});
