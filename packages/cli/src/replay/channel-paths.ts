/**
 * The channels that each journey went through, for `attribution.json`: 8 bytes a touchpoint (its time and the number of its channel in
 * one figure), for an outcome may be replaced by a later one, and a merge brings two paths together.
 */
import type { AttributionPath } from '@cairn/history/attribution/models.ts';
import type { JourneyChanged } from '@cairn/contracts/generated/journey.ts';
import { parseInstant } from '@cairn/clock/calendar.ts';

export interface ChannelPaths {
  take(fact: JourneyChanged): void;
  /** Of the journeys that ended. */
  paths(): Iterable<AttributionPath>;
}

interface Path {
  steps: number[];
  /** How many steps came before the outcome that holds. */
  before: number;
  outcome: 'won' | 'lost' | null;
}

/** A time in ms stays below 2^42 until 2109; with 2^11 channels it fits into the 53 bits of a number. */
const CHANNELS_MAX = 2_048;
const OTHERS = '(other channels)';

export function createChannelPaths(): ChannelPaths {
  const paths = new Map<string, Path>();
  const names: string[] = [];
  const numbers = new Map<string, number>();

  function numberOf(channel: string): number {
    const known = numbers.get(channel);
    if (known !== undefined) return known;
    const name = names.length < CHANNELS_MAX - 1 ? channel : OTHERS;
    const number = numbers.get(name) ?? names.push(name) - 1;
    numbers.set(name, number);
    return number;
  }

  function pathOf(id: string): Path {
    let path = paths.get(id);
    if (!path) paths.set(id, (path = { steps: [], before: 0, outcome: null }));
    return path;
  }

  /** The absorbed journey's steps take their places among the other's. */
  function join(from: string, into: string): void {
    const absorbed = paths.get(from);
    if (!absorbed) return;
    paths.delete(from);
    const path = pathOf(into);
    const endsAt = [path, absorbed].map(({ outcome, before, steps }) => (outcome === null ? null : steps[before - 1]));
    path.steps = [...path.steps, ...absorbed.steps].sort((a, b) => a - b);
    path.outcome ??= absorbed.outcome;
    const last = endsAt[0] ?? endsAt[1];
    path.before = last === null || last === undefined ? 0 : path.steps.lastIndexOf(last) + 1;
  }

  return {
    take({ journey, touchpoint, events }) {
      if (events.length > 0) {
        if (journey.absorbedInto !== null) return join(journey.id, journey.absorbedInto);
        const outcome = events.includes('won') ? 'won' : events.includes('lost') ? 'lost' : null;
        if (outcome !== null) {
          const path = pathOf(journey.id);
          path.outcome = outcome;
          path.before = path.steps.length;
        }
      }
      if (touchpoint === null || touchpoint.direction !== 'inbound' || touchpoint.channel === null) return;
      pathOf(journey.id).steps.push(parseInstant(touchpoint.timestamp)! * CHANNELS_MAX + numberOf(touchpoint.channel));
    },
    *paths() {
      for (const { steps, before, outcome } of paths.values()) {
        if (outcome === null) continue;
        const own = steps.slice(0, before);
        yield {
          converted: outcome === 'won',
          channels: own.map((step) => names[step % CHANNELS_MAX]!),
          times: own.map((step) => Math.floor(step / CHANNELS_MAX)),
        };
      }
    },
  };
}
