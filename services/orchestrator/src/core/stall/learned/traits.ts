/**
 * What is known of a silence when it is foretold or learned, in classes; and the crosses of it that the correction has a weight for.
 * Only what was known when a bin began may be used in it.
 */
import { hashText, mix } from '../../learn/hashing.ts';
import { BIN_COUNT, BIN_EDGES, DAY_MS, HOUR_MS } from './bins.ts';
import { gapClass } from './hazard-table.ts';

/** A silence and its journey, as numbers. Times are epoch ms, −1 where there is none. */
export interface SilenceTraits {
  stage: string;
  /** The last inbound touchpoint. */
  at: number;
  /** The pause before it (ms). */
  gap: number;
  /** Of the journey at that moment (ms). */
  age: number;
  /** Inbound and outbound touchpoints so far. */
  touchesIn: number;
  touchesOut: number;
  /** Inbound touchpoints, each counting half after a week, at that moment. */
  activity: number;
  /** Hash of the last inbound touchpoint's event. */
  event: number;
  people: number;
  /** The mean pause (ms). */
  pause: number;
  outboundAt: number;
}

export const SLOTS = 4_096;
const MASK = SLOTS - 1;

/** Of crosses with the bin, and without it. */
const BY_BIN = [
  'stage × silence',
  'previous pause × silence',
  'touches × silence',
  'our touches × silence',
  'recent activity × silence',
  'last event × silence',
  'time of day × silence',
  'own mean pause × silence',
  'people × silence',
] as const;
/** These also ask for the day on which the bin begins, or for our last outreach at that moment. */
const BY_MOMENT = ['day of the week × silence', 'our last outreach × silence'] as const;
const FIXED = [
  'everyone',
  'previous pause × stage',
  'age × stage',
  'touches × stage',
  'recent activity × stage',
  'last event × stage',
  'last event × previous pause',
  'own mean pause × previous pause',
  'age × previous pause',
  'weekday × time of day',
] as const;
export const CROSSES: readonly string[] = [...BY_BIN, ...BY_MOMENT, ...FIXED];
export const CROSS_COUNT = CROSSES.length;

const SEEDS = CROSSES.map((name) => hashText(name));

/** The crosses of one silence: `indices` fills a list with the table's slots for a bin, in the order of `CROSSES`. */
export interface Crosses {
  gap: number;
  /** Wall time (ms) of the last inbound touchpoint. */
  wall: number;
  indices(bin: number, into: Uint32Array): void;
}

export function crossesOf(traits: SilenceTraits, wall: number): Crosses {
  const { at, outboundAt } = traits;
  const gap = gapClass(traits.gap);
  const stage = hashText(traits.stage);
  const weekday = weekdayOf(wall);
  const timeOfDay = Math.floor((((wall % DAY_MS) + DAY_MS) % DAY_MS) / (4 * HOUR_MS));
  const age = logClass(traits.age / DAY_MS, 10);
  const touches = logClass(traits.touchesIn, 10);
  const ours = logClass(traits.touchesOut, 6);
  const activity = logClass(traits.activity * 2, 10);
  const pause = traits.pause < 0 ? 15 : logClass((traits.pause / DAY_MS) * 4, 12);
  const people = Math.min(3, traits.people);
  const { event } = traits;

  const byBin = [stage, gap, touches, ours, activity, event, timeOfDay, pause, people].map((value, i) =>
    mix(SEEDS[i]!, value),
  );
  const fixed = [
    0,
    mix(gap, stage),
    mix(age, stage),
    mix(touches, stage),
    mix(activity, stage),
    mix(event, stage),
    mix(event, gap),
    mix(pause, gap),
    mix(age, gap),
    weekday * 8 + timeOfDay,
  ].map((value, i) => mix(SEEDS[BY_BIN.length + BY_MOMENT.length + i]!, value) & MASK);
  const first = BY_BIN.length;

  return {
    gap,
    wall,
    indices(bin, into) {
      const step = Math.imul(bin + 1, 0x9e3779b1);
      for (let i = 0; i < first; i++) into[i] = spread(byBin[i]! ^ step);
      const begins = BIN_EDGES[bin]!;
      into[first] = spread(mix(SEEDS[first]!, weekdayOf(wall + begins)) ^ step);
      into[first + 1] = spread(mix(SEEDS[first + 1]!, outreachClass(outboundAt, at + begins)) ^ step);
      for (let i = 0; i < fixed.length; i++) into[first + 2 + i] = fixed[i]!;
    },
  };
}

function spread(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (mixed ^ (mixed >>> 13)) & MASK;
}

function weekdayOf(wall: number): number {
  return (((Math.floor(wall / DAY_MS) + 3) % 7) + 7) % 7;
}

/** 0 for up to 1, then one class for each doubling. */
function logClass(value: number, most: number): number {
  return value <= 1 ? (value <= 0 ? 0 : 1) : Math.min(most, 2 + Math.floor(Math.log2(value)));
}

function outreachClass(outboundAt: number, begins: number): number {
  if (outboundAt < 0) return 0;
  const since = begins - outboundAt;
  if (since < 0) return 1;
  if (since < 4 * HOUR_MS) return 2;
  if (since < DAY_MS) return 3;
  if (since < 3 * DAY_MS) return 4;
  if (since < 7 * DAY_MS) return 5;
  return since < 21 * DAY_MS ? 6 : 7;
}

export { BIN_COUNT };
