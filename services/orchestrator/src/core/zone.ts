/**
 * The wall clock of one IANA zone, fast: an offset is asked of Intl once a day of UTC, where it does not change within it.
 * Wall times are counted like UTC milliseconds, so days and times of day are plain arithmetic.
 */
import { isZone, zoneOffset } from '@cairn/clock/calendar.ts';

export interface Zone {
  /** Epoch ms → wall time (ms). */
  toWall(at: number): number;
  /** Wall time → epoch ms. One that a DST change skips moves on by the gap; one that comes twice is the first of the two. */
  toInstant(wall: number): number;
}

export const DAY_MS = 86_400_000;
/** Eleven years of days; past it the cache starts anew. */
const CACHED_DAYS = 4_000;

/** Zones that a process remembers: whoever is in one asks for it with each of their outreach, and a new one costs some calls of Intl. */
const KNOWN_ZONES_MAX = 500;
const known = new Map<string, Zone>();

/** The zone of an IANA name as a person may have written it; UTC where there is no such zone. */
export function zoneNamed(name: string): Zone {
  let zone = known.get(name);
  if (!zone) {
    zone = createZone(isZone(name) ? name : 'UTC');
    if (known.size >= KNOWN_ZONES_MAX) known.clear();
    known.set(name, zone);
  }
  return zone;
}

export function createZone(name: string): Zone {
  /** Day of UTC → the offset all day long, or null where it changes within it. */
  const offsets = new Map<number, number | null>();

  function offsetAt(at: number): number {
    const day = Math.floor(at / DAY_MS);
    let offset = offsets.get(day);
    if (offset === undefined) {
      const start = zoneOffset(day * DAY_MS, name);
      offset = start === zoneOffset((day + 1) * DAY_MS, name) ? start : null;
      if (offsets.size >= CACHED_DAYS) offsets.clear();
      offsets.set(day, offset);
    }
    return offset ?? zoneOffset(at, name);
  }

  return {
    toWall: (at) => at + offsetAt(at),
    toInstant(wall) {
      const before = wall - offsetAt(wall - DAY_MS);
      const after = wall - offsetAt(wall + DAY_MS);
      if (before === after) return before;
      const early = Math.min(before, after);
      const late = Math.max(before, after);
      if (early + offsetAt(early) === wall) return early;
      // Either the second reading, or in the gap: then read with the offset from before the jump.
      return late;
    },
  };
}
