/**
 * The model of pauses of one workspace and definition: the hazard table, the week's rhythm, and the correction of the table by FTRL
 * over hashed crosses. `learnLessons` gives the state after a batch of lessons; `openModel` what can be asked. Knows nothing of
 * journeys; never learns of a bin that is not over (the lessons see to that).
 */
import { learnFtrl, newFtrl, weightOf, weightsOf, type Ftrl, type FtrlSettings } from '../../learn/ftrl.ts';
import { pack, unpack } from '../../learn/pack.ts';
import { learnRecalibration, newRecalibration, recalibrate, type Recalibration } from '../../learn/recalibration.ts';
import { addLoss, meanLoss, noLoss, type RecentLoss } from '../../learn/recent-loss.ts';
import {
  BIN_COUNT,
  BIN_EDGES,
  HOUR_MS,
  BINS_BY_CLOCK,
  DAY_MS,
  FIRST_COMPARED_BIN,
  RECALIBRATED_MS,
  widthOf,
} from './bins.ts';
import {
  countBin,
  POOLED,
  ratesOf,
  stratumOfGap,
  stratumOfStage,
  tableLength,
  type Rates,
  type UsualDays,
} from './hazard-table.ts';
import type { Lesson, Verdict } from './lesson.ts';
import { expectReturns, hourOfWeek, HOURS_A_WEEK, RHYTHM_LENGTH, rhythmOf, type Rhythm } from './rhythm.ts';
import { crossesOf, CROSS_COUNT, SLOTS, type Crosses } from './traits.ts';

/** What the task keeps: about 45 kB with eight stages. */
export interface PaceState {
  /** Silences learned from. */
  lessons: number;
  /** Until when the counts have faded (epoch ms). */
  fadedAt: number;
  stages: readonly string[];
  table: string;
  rhythm: string;
  z: string;
  n: string;
  /** Log-loss of the table and of the corrected table. */
  loss: RecentLoss;
  /** One silence of 2^shift is learned from. */
  shift: number;
  /** One for each of `RECALIBRATED_MS`. */
  recalibrations: readonly Recalibration[];
}

export interface PaceModel {
  lessons: number;
  shift: number;
  rhythm: Rhythm;
  ratesFor(stage: string, gap: number): Rates;
  /** A logit of silence for a horizon (ms), as experience corrects it. */
  recalibrated(horizonMs: number, logit: number): number;
  /** The weight of a slot; 0 everywhere while the correction is no better than the table. */
  weights: Float32Array;
  isCorrected: boolean;
  /** Recent log-loss (nats a bin): the table's, the corrected one's. */
  losses: readonly [number, number];
}

export const FTRL: FtrlSettings = { alpha: 0.001, beta: 1, l1: 0.5, l2: 1 };
/** The correction never changes a rate by more than e^±3. */
export const MOST_CORRECTION = 3;
/** Silences older than this count half: a season is followed, a holiday is not. */
const HALF_LIFE_MS = 90 * DAY_MS;
const FADE_EVERY_MS = DAY_MS;
/** In bins of more than a day or so it is not known when in them a return was to be expected. */
const LAST_TIMED_BIN = 9;
/** Stages of a definition at once are at most 50; names of older versions fall to the pooled counts. */
const STAGES_KEPT = 50;
/** Bins of a day or so that have to be compared before the correction is trusted. */
const COMPARED_ENOUGH = 300;

/** Each takes some 10 µs to learn: 20 ms an hour. */
const LESSONS_AN_HOUR_MOST = 2_000;
const SHIFT_MOST = 12;

const EMPTY: PaceState = {
  lessons: 0,
  fadedAt: 0,
  stages: [],
  table: '',
  rhythm: '',
  z: '',
  n: '',
  loss: noLoss(2),
  shift: 0,
  recalibrations: RECALIBRATED_MS.map(newRecalibration),
};

/**
 * What a model foretold that had seen less than this share of today's lessons says how wrong it was then. The table has learned that since,
 * and is not to be corrected for it once more.
 */
const KNOWN_THEN = 0.25;

/** Of two equals a coin would choose: where there is nothing to correct, the correction came out a ten-thousandth better at times, and 0.05 off. */
const BETTER_BY = 0.999;

export function openModel(state: PaceState | undefined): PaceModel {
  const { lessons, stages, table: packed, rhythm, z, n, loss, shift, recalibrations } = state ?? EMPTY;
  const table = unpack(packed, tableLength(stages.length));
  const weekly = rhythmOf(unpack(rhythm, RHYTHM_LENGTH));
  const ratesFor = createRates(table, stages, weekly);
  const losses = [meanLoss(loss, 0), meanLoss(loss, 1)] as const;
  const isCorrected = loss.seen >= COMPARED_ENOUGH && losses[1] < losses[0] * BETTER_BY;
  const weights = new Float32Array(SLOTS);
  if (isCorrected) fillWeights({ z: unpack(z, SLOTS), n: unpack(n, SLOTS) }, weights);
  return {
    lessons,
    shift,
    recalibrated: (horizonMs, logit) => {
      const place = RECALIBRATED_MS.indexOf(horizonMs);
      return place < 0 ? logit : recalibrate(recalibrations[place]!, logit);
    },
    rhythm: weekly,
    ratesFor,
    weights,
    isCorrected,
    losses,
  };
}

/** `wallOf`: epoch ms → wall time of the definition's zone. The lessons are learned in the order given. */
export function learnLessons(
  state: PaceState | undefined,
  lessons: readonly Lesson[],
  now: number,
  wallOf: (at: number) => number,
  verdicts: readonly Verdict[] = [],
): PaceState {
  const before = state ?? { ...EMPTY, fadedAt: now };
  const stages = withStages(before.stages, lessons);
  const table = unpack(before.table, tableLength(stages.length));
  const counts = unpack(before.rhythm, RHYTHM_LENGTH);
  const ftrl: Ftrl = before.z === '' ? newFtrl(SLOTS) : { z: unpack(before.z), n: unpack(before.n) };
  let fadedAt = before.fadedAt;
  if (now - fadedAt >= FADE_EVERY_MS) {
    fade(table, counts, now - fadedAt);
    fadedAt = now;
  }
  const rhythm = rhythmOf(counts);
  const ratesFor = createRates(table.slice(), stages, rhythm);
  const learn = {
    stages,
    table,
    ftrl,
    ratesFor,
    rhythm,
    counts,
    indices: new Uint32Array(CROSS_COUNT),
    weights: new Float64Array(CROSS_COUNT),
    loss: before.loss,
  };
  for (const lesson of lessons) {
    // Counted with the very silence in which it was expected: where one silence of many is learned from, and that share moves, the
    // beginnings of others made a week's rhythm out of the share.
    if (lesson.returnAt >= 0 && lesson.to >= BINS_BY_CLOCK && lesson.to <= LAST_TIMED_BIN)
      counts[hourOfWeek(wallOf(lesson.returnAt))]!++;
    learnLesson(learn, lesson, crossesOf(lesson.traits, wallOf(lesson.traits.at)));
  }
  const recalibrations = before.recalibrations.slice();
  for (const { horizon, logit, silent, known } of verdicts)
    if (known >= before.lessons * KNOWN_THEN)
      recalibrations[horizon] = learnRecalibration(recalibrations[horizon]!, logit, silent);
  return {
    lessons: before.lessons + lessons.length,
    fadedAt,
    stages,
    table: pack(table),
    rhythm: pack(counts),
    z: pack(ftrl.z),
    n: pack(ftrl.n),
    loss: learn.loss,
    recalibrations,
    shift: nextShift(before.shift, lessons.length),
  };
}

/** Days of average activity in a bin of a silence that began at a wall time. */
export function daysIn(rhythm: Rhythm, wall: number, bin: number): number {
  if (bin < BINS_BY_CLOCK) return widthOf(bin);
  return rhythm.between(wall + BIN_EDGES[bin]!, wall + BIN_EDGES[bin + 1]!);
}

export function correctionOf(weights: Float32Array, indices: Uint32Array): number {
  let sum = 0;
  for (let i = 0; i < CROSS_COUNT; i++) sum += weights[indices[i]!]!;
  return sum > MOST_CORRECTION ? MOST_CORRECTION : sum < -MOST_CORRECTION ? -MOST_CORRECTION : sum;
}

interface Learning {
  stages: readonly string[];
  table: Float32Array;
  ftrl: Ftrl;
  ratesFor: PaceModel['ratesFor'];
  rhythm: Rhythm;
  counts: Float32Array;
  indices: Uint32Array;
  weights: Float64Array;
  loss: RecentLoss;
}

function learnLesson(learning: Learning, lesson: Lesson, crosses: Crosses): void {
  const { table, ftrl, rhythm, indices, stages } = learning;
  const stage = stages.indexOf(lesson.traits.stage);
  const rates = learning.ratesFor(lesson.traits.stage, crosses.gap);
  for (let bin = lesson.from; bin <= lesson.to; bin++) {
    const end = bin === lesson.to ? lesson.end : 'silent';
    const days = daysIn(rhythm, crosses.wall, bin);
    const expected = rates.returns[bin]! * days;
    if (bin >= BINS_BY_CLOCK && bin <= LAST_TIMED_BIN)
      expectReturns(
        learning.counts,
        crosses.wall + BIN_EDGES[bin]!,
        crosses.wall + BIN_EDGES[bin + 1]!,
        rates.returns[bin]!,
      );
    crosses.indices(bin, indices);
    const sum = weightsOf(ftrl, indices, CROSS_COUNT, FTRL, learning.weights);
    const score = Math.max(-MOST_CORRECTION, Math.min(MOST_CORRECTION, sum));
    const corrected = expected * Math.exp(score);
    const returned = end === 'returned';
    if (bin >= FIRST_COMPARED_BIN)
      learning.loss = addLoss(learning.loss, [-Math.expm1(-expected), -Math.expm1(-corrected)], returned);
    // Of the log-loss of P(return in the bin) = 1 − e^−corrected, by the score.
    const gradient = returned ? -corrected / Math.max(1e-9, Math.expm1(corrected)) : Math.min(2, corrected);
    learnFtrl(ftrl, indices, CROSS_COUNT, gradient, FTRL, learning.weights);
    if (stage >= 0) countBin(table, stage, crosses.gap, bin, end);
  }
}

/** With many lessons an hour fewer silences are learned from, so that learning costs the same for a workspace of any size. */
function nextShift(shift: number, lessons: number): number {
  if (lessons > LESSONS_AN_HOUR_MOST) return Math.min(SHIFT_MOST, shift + 1);
  return lessons < LESSONS_AN_HOUR_MOST / 8 && shift > 0 ? shift - 1 : shift;
}

function createRates(table: Float32Array, stages: readonly string[], rhythm: Rhythm): PaceModel['ratesFor'] {
  const known = new Map<number, Rates>();
  const usual = usualDays(rhythm);
  const pooled = ratesOf(table, POOLED, null, usual);
  return (name, gap) => {
    const stage = stages.indexOf(name);
    if (stage < 0) return pooled;
    const stratum = stratumOfGap(stage, gap);
    let rates = known.get(stratum);
    if (!rates) {
      const ofStage = stratumOfStage(stage);
      let above = known.get(ofStage);
      if (!above) known.set(ofStage, (above = ratesOf(table, ofStage, pooled, usual)));
      known.set(stratum, (rates = ratesOf(table, stratum, above, usual)));
    }
    return rates;
  };
}

/** Over silences that begin in each hour of the week, as often as buyers move in it. */
function usualDays(rhythm: Rhythm): UsualDays {
  const mean = new Float64Array(BIN_COUNT);
  const variance = new Float64Array(BIN_COUNT);
  for (let bin = 0; bin < BIN_COUNT; bin++) {
    let sum = 0;
    let squares = 0;
    for (let hour = 0; hour < HOURS_A_WEEK; hour++) {
      const weight = rhythm.profile[hour]! / HOURS_A_WEEK;
      const days = daysIn(rhythm, (hour + 0.5) * HOUR_MS, bin);
      sum += weight * days;
      squares += weight * days * days;
    }
    mean[bin] = sum;
    variance[bin] = Math.max(0, squares - sum * sum);
  }
  return { mean, variance };
}

function withStages(stages: readonly string[], lessons: readonly Lesson[]): readonly string[] {
  const next = [...stages];
  for (const { traits } of lessons)
    if (!next.includes(traits.stage) && next.length < STAGES_KEPT) next.push(traits.stage);
  return next;
}

function fade(table: Float32Array, counts: Float32Array, elapsedMs: number): void {
  const left = 2 ** (-elapsedMs / HALF_LIFE_MS);
  for (let i = 0; i < table.length; i++) table[i]! *= left;
  for (let i = 0; i < counts.length; i++) counts[i]! *= left;
}

function fillWeights(ftrl: Ftrl, weights: Float32Array): void {
  for (let i = 0; i < SLOTS; i++) if (ftrl.z[i] !== 0) weights[i] = weightOf(ftrl, i, FTRL);
}
