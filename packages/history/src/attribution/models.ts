/**
 * Which channel is owed how much of the conversions, by seven models (API.md section 7). Pure: paths of channels in, credits out. Decides
 * nothing about which touchpoints belong to a path: that is whoever reads the journeys. Each model's credits add up to the conversions.
 */
import { CONVERTED, LOST, START } from './chain-ends.ts';
import { markovEffects } from './markov.ts';

/** The inbound touchpoints with a channel of one journey that ended, before its outcome, oldest first. */
export interface AttributionPath {
  converted: boolean;
  channels: readonly string[];
  /** Epoch ms, beside `channels`. */
  times: readonly number[];
}

export const ATTRIBUTION_MODELS = ['first', 'last', 'linear', 'position', 'timeDecay', 'markov', 'shapley'] as const;
export type AttributionModel = (typeof ATTRIBUTION_MODELS)[number];

export interface Attribution {
  /** Journeys that were won and had a touchpoint to credit. */
  conversions: number;
  /** Journeys that were won without one: nobody is credited for them. */
  unattributed: number;
  /** Journeys that ended, won or lost. */
  journeys: number;
  models: Record<AttributionModel, Record<string, number>>;
}

/** A touch is worth half as much for each week that it lies before the last one; the field's usual half-life. */
export const TIME_DECAY_HALF_LIFE_MS = 7 * 86_400_000;
/** What the first and the last touch get of a path of three or more; the rest is shared by those between. */
const ENDS_SHARE = 0.4;
/** Markov solves a system of so many equations at most (100³ steps are a millisecond); the rarest channels are one. */
export const MARKOV_CHANNELS_MAX = 100;
export const OTHER_CHANNELS = '(other channels)';

export function attribute(paths: Iterable<AttributionPath>): Attribution {
  const attributor = createAttributor();
  for (const path of paths) attributor.add(path);
  return attributor.result();
}

export interface Attributor {
  add(path: AttributionPath): void;
  result(): Attribution;
}

/** The same, path by path: holds sums by channel and pairs of channels, never a path. */
export function createAttributor(): Attributor {
  const counts = { conversions: 0, unattributed: 0, journeys: 0 };
  const credits = {
    first: new Map<string, number>(),
    last: new Map<string, number>(),
    linear: new Map<string, number>(),
    position: new Map<string, number>(),
    timeDecay: new Map<string, number>(),
    shapley: new Map<string, number>(),
  };
  const seen = new Map<string, number>();
  /** From → to → how often; START, CONVERTED and LOST besides the channels. */
  const steps = new Map<string, Map<string, number>>();

  function add({ converted, channels, times }: AttributionPath): void {
    counts.journeys++;
    if (channels.length === 0) {
      if (converted) counts.unattributed++;
      return;
    }
    countSteps(channels, converted);
    for (const channel of channels) addTo(seen, channel, 1);
    if (!converted) return;
    counts.conversions++;
    const length = channels.length;
    addTo(credits.first, channels[0]!, 1);
    addTo(credits.last, channels[length - 1]!, 1);
    for (const channel of channels) addTo(credits.linear, channel, 1 / length);
    channels.forEach((channel, i) => addTo(credits.position, channel, positionShare(i, length)));
    const weights = times.map((at) => 2 ** ((at - times[length - 1]!) / TIME_DECAY_HALF_LIFE_MS));
    const together = weights.reduce((sum, weight) => sum + weight, 0);
    channels.forEach((channel, i) => addTo(credits.timeDecay, channel, weights[i]! / together));
    const set = new Set(channels);
    for (const channel of set) addTo(credits.shapley, channel, 1 / set.size);
  }

  function countSteps(channels: readonly string[], converted: boolean): void {
    let from = START;
    for (const channel of channels) {
      addStep(from, channel);
      from = channel;
    }
    addStep(from, converted ? CONVERTED : LOST);
  }

  function addStep(from: string, to: string): void {
    let row = steps.get(from);
    if (!row) steps.set(from, (row = new Map<string, number>()));
    addTo(row, to, 1);
  }

  return {
    add,
    result: () => ({
      ...counts,
      models: {
        first: sorted(credits.first),
        last: sorted(credits.last),
        linear: sorted(credits.linear),
        position: sorted(credits.position),
        timeDecay: sorted(credits.timeDecay),
        markov: markovCredits(steps, seen, counts.conversions),
        shapley: sorted(credits.shapley),
      },
    }),
  };
}

/** 40 / 20 / 40; two touches share equally, one has it all. */
function positionShare(place: number, length: number): number {
  if (length === 1) return 1;
  if (length === 2) return 1 / 2;
  if (place === 0 || place === length - 1) return ENDS_SHARE;
  return (1 - 2 * ENDS_SHARE) / (length - 2);
}

/** A channel's removal effect: which share of the conversions is lost where every way through it ends in nothing. Scaled to the conversions. */
function markovCredits(
  steps: ReadonlyMap<string, ReadonlyMap<string, number>>,
  seen: ReadonlyMap<string, number>,
  conversions: number,
): Record<string, number> {
  const byUse = [...seen].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([channel]) => channel);
  const own = new Set(byUse.length <= MARKOV_CHANNELS_MAX ? byUse : byUse.slice(0, MARKOV_CHANNELS_MAX - 1));
  const nameOf = (channel: string): string => (own.has(channel) || !seen.has(channel) ? channel : OTHER_CHANNELS);
  const names = [...own].sort();
  if (own.size < byUse.length) names.push(OTHER_CHANNELS);
  const effects = markovEffects(names, foldSteps(steps, nameOf));
  const together = effects.reduce((sum, effect) => sum + effect, 0);
  return Object.fromEntries(
    names.map((name, i) => [name, together === 0 ? 0 : (conversions * effects[i]!) / together]),
  );
}

function foldSteps(
  steps: ReadonlyMap<string, ReadonlyMap<string, number>>,
  nameOf: (channel: string) => string,
): Map<string, Map<string, number>> {
  const folded = new Map<string, Map<string, number>>();
  for (const [from, row] of steps) {
    const name = nameOf(from);
    let target = folded.get(name);
    if (!target) folded.set(name, (target = new Map<string, number>()));
    for (const [to, count] of row) addTo(target, nameOf(to), count);
  }
  return folded;
}

function addTo(sums: Map<string, number>, key: string, amount: number): void {
  sums.set(key, (sums.get(key) ?? 0) + amount);
}

function sorted(sums: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...sums].sort(([a], [b]) => (a < b ? -1 : 1)));
}
