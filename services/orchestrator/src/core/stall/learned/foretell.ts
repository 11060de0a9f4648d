/**
 * What a model of pauses says of one silence: the probability of no inbound touchpoint until a time, the moment at which that
 * probability reaches a threshold if nothing happens, the usual pause, and why. Two things may end a bin, the buyer's return and an
 * outcome; a journey that ends without a return was silent.
 */
import { sigmoid } from '../../learn/recalibration.ts';
import { BIN_COUNT, BIN_EDGES, BINS_BY_CLOCK, DAY_MS, RECALIBRATED_MS, binOf, middleOf } from './bins.ts';
import { correctionOf, type PaceModel } from './pace-model.ts';
import { crossesOf, CROSS_COUNT, CROSSES, type Crosses, type SilenceTraits } from './traits.ts';

export interface Foretelling {
  /** P(no inbound touchpoint in (from, to] | none since the last one, open at `from`). 1 where `to` is not after `from`. */
  silent(from: number, to: number): number;
  /**
   * The same over a horizon (ms), as experience corrects it: itself where it is one of those that are compared with what came, else by the
   * next shorter one of them. Of those and beyond, a longer silence is never likelier than a shorter one.
   */
  silentFor(from: number, horizonMs: number): number;
  /** The first moment from `earliest` on at which `silent(moment, until)` ≥ probability; at the latest `until`. */
  crossing(earliest: number, until: number, probability: number): number;
  /** Of those that come back after a visit's end within `withinMs`: half have by this age (ms). */
  usualPause(withinMs: number): number;
  /** Of `silentFor`. */
  explain(
    from: number,
    horizonMs: number,
  ): { base: number; contributions: { name: string; value: number }[]; logit: number };
}

const indices = new Uint32Array(CROSS_COUNT);
/** Halvings when a moment within a bin is looked for: to the millisecond in twenty days. */
const HALVINGS = 31;
/** The first bin is one visit: a pause is longer. */
const FIRST_BIN_OF_PAUSES = 1;
const LEAST = 1e-9;

export function foretell(model: PaceModel, traits: SilenceTraits, wall: number): Foretelling {
  const crosses = crossesOf(traits, wall);
  const rates = model.ratesFor(traits.stage, crosses.gap);
  const factors = new Float64Array(BIN_COUNT).fill(-1);
  /** What was said of one moment: a horizon asks for the shorter ones again. */
  let remembered = { from: NaN, told: new Map<number, number>() };

  function factorOf(bin: number): number {
    const place = Math.min(bin, BIN_COUNT - 1);
    if (factors[place]! < 0) {
      if (!model.isCorrected) factors[place] = 1;
      else {
        crosses.indices(place, indices);
        factors[place] = Math.exp(correctionOf(model.weights, indices));
      }
    }
    return factors[place]!;
  }

  /** P(return in ages (from, to], open at `from`), given what follows after `to`. */
  function step(bin: number, from: number, to: number, factor: number, after: number): number {
    const days = daysBetween(model, crosses, bin, from, to);
    const place = Math.min(bin, BIN_COUNT - 1);
    const returns = rates.returns[place]! * days * factor;
    const ends = rates.ends[place]! * days;
    const both = returns + ends;
    if (both <= 0) return after;
    const ended = -Math.expm1(-both);
    return (ended * returns) / both + (1 - ended) * after;
  }

  function returning(from: number, to: number, factorAt: (bin: number) => number): number {
    let after = 0;
    for (let bin = Math.max(binOf(Math.max(from, to - 1)), binOf(from)); bin >= binOf(from); bin--)
      after = step(bin, Math.max(from, startOf(bin)), Math.min(to, endOf(bin)), factorAt(bin), after);
    return after;
  }

  function silent(from: number, to: number): number {
    const age = Math.max(0, from - traits.at);
    return to <= from ? 1 : 1 - returning(age, to - traits.at, factorOf);
  }

  function silentFor(from: number, horizonMs: number): number {
    if (remembered.from !== from) remembered = { from, told: new Map() };
    let told = remembered.told.get(horizonMs);
    if (told === undefined) remembered.told.set(horizonMs, (told = corrected(from, horizonMs)));
    return told;
  }

  function corrected(from: number, horizonMs: number): number {
    const plain = silent(from, from + horizonMs);
    const shorter = RECALIBRATED_MS.findLast((compared) => compared < horizonMs);
    const most = shorter === undefined ? 1 : silentFor(from, shorter);
    if (shorter !== undefined && !RECALIBRATED_MS.includes(horizonMs)) {
      const ofShorter = silent(from, from + shorter);
      return most === ofShorter ? plain : Math.min(most, (most * plain) / Math.max(ofShorter, LEAST));
    }
    const before = logit(plain);
    const after = model.recalibrated(horizonMs, before);
    return Math.min(most, after === before ? plain : sigmoid(after));
  }

  return {
    silent,
    silentFor,
    crossing(earliest, until, probability) {
      if (earliest >= until) return until;
      const to = until - traits.at;
      const from = Math.max(0, earliest - traits.at);
      // P(return from the start of each bin until the end), backwards; then the first bin at whose end it is low enough.
      const first = binOf(from);
      const last = binOf(Math.max(from, to - 1));
      const after: number[] = [];
      let chance = 0;
      for (let bin = last; bin >= first; bin--) {
        after[bin - first] = chance;
        chance = step(bin, Math.max(from, startOf(bin)), Math.min(to, endOf(bin)), factorOf(bin), chance);
      }
      if (1 - chance >= probability) return earliest;
      for (let bin = first; bin <= last; bin++) {
        const end = Math.min(to, endOf(bin));
        if (1 - after[bin - first]! < probability) continue;
        let early = Math.max(from, startOf(bin));
        let late = end;
        for (let i = 0; i < HALVINGS && late - early > 0.5; i++) {
          const middle = (early + late) / 2;
          if (1 - step(bin, middle, end, factorOf(bin), after[bin - first]!) >= probability) late = middle;
          else early = middle;
        }
        return Math.min(until, Math.ceil(traits.at + late));
      }
      return until;
    },
    usualPause(withinMs) {
      const from = BIN_EDGES[FIRST_BIN_OF_PAUSES]!;
      const until = Math.max(from + 1, withinMs);
      const returned: number[] = [];
      let open = 1;
      let sum = 0;
      const last = binOf(until - 1);
      for (let bin = FIRST_BIN_OF_PAUSES; bin <= last; bin++) {
        const begins = Math.max(from, startOf(bin));
        const ends = Math.min(until, endOf(bin));
        sum += open * step(bin, begins, ends, factorOf(bin), 0);
        returned.push(sum);
        // What neither came back nor ended: `step` with a certain return after it.
        open *= step(bin, begins, ends, factorOf(bin), 1) - step(bin, begins, ends, factorOf(bin), 0);
      }
      const place = returned.findIndex((share) => share >= sum / 2);
      const bin = FIRST_BIN_OF_PAUSES + place;
      const before = place > 0 ? returned[place - 1]! : 0;
      const begins = Math.max(from, startOf(bin));
      const share = returned[place]! > before ? (sum / 2 - before) / (returned[place]! - before) : 1;
      return Math.round(begins + share * (Math.min(until, endOf(bin)) - begins));
    },
    explain(from, horizonMs) {
      const age = Math.max(0, from - traits.at);
      const end = from + horizonMs - traits.at;
      const used: Float64Array = new Float64Array(BIN_COUNT);
      const logitOf = (): number =>
        logit(1 - returning(age, end, (bin) => Math.exp(clipped(used[Math.min(bin, BIN_COUNT - 1)]!))));
      const base = logitOf();
      const contributions: { name: string; value: number }[] = [];
      let before = base;
      // One cross after the other is switched on, the last first: to take the first of the list away is then to undo the last step.
      const steps: { name: string; value: number }[] = [];
      const all = Array.from({ length: BIN_COUNT }, (_, bin) => {
        const slots = new Uint32Array(CROSS_COUNT);
        crosses.indices(bin, slots);
        return slots;
      });
      for (let cross = CROSS_COUNT - 1; cross >= 0 && model.isCorrected; cross--) {
        let any = false;
        for (let bin = 0; bin < BIN_COUNT; bin++) {
          const weight = model.weights[all[bin]![cross]!]!;
          if (weight !== 0) any = true;
          used[bin]! += weight;
        }
        if (!any) continue;
        const after = logitOf();
        steps.push({ name: CROSSES[cross]!, value: after - before });
        before = after;
      }
      contributions.push(...steps.reverse());
      const told = silentFor(from, horizonMs);
      const after = told === silent(from, from + horizonMs) ? before : logit(told);
      if (after !== before) contributions.push({ name: 'recalibration', value: after - before });
      return { base, contributions, logit: after };
    },
  };
}

function clipped(sum: number): number {
  return Math.max(-3, Math.min(3, sum));
}

export function logit(probability: number): number {
  const p = Math.min(1 - LEAST, Math.max(LEAST, probability));
  return Math.log(p / (1 - p));
}

function startOf(bin: number): number {
  return BIN_EDGES[bin]!;
}

function endOf(bin: number): number {
  return bin >= BIN_COUNT ? Infinity : BIN_EDGES[bin + 1]!;
}

/** Days of average activity between two ages within a bin. Past the last bin the hazard falls as 1/elapsed. */
function daysBetween(model: PaceModel, crosses: Crosses, bin: number, from: number, to: number): number {
  if (to <= from) return 0;
  if (bin < BINS_BY_CLOCK) return (to - from) / DAY_MS;
  if (bin < BIN_COUNT) return model.rhythm.between(crosses.wall + from, crosses.wall + to);
  const middle = middleOf(BIN_COUNT - 1);
  return middle * Math.log(to / Math.max(from, 1));
}
