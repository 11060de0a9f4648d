/**
 * How a silence is cut into bins by its age: hours on the first day, then days, then ever longer ones. A silence is learned from when
 * a bin of it is over, and not sooner.
 */
const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** In days. Ninety-one is the longest that is foretold (P90D) after a day; older silences follow the tail. */
const EDGES_DAYS = [0, 1 / 24, 4 / 24, 12 / 24, 1, 2, 3, 4, 5, 6, 7, 9, 11, 14, 18, 23, 30, 40, 52, 70, 91] as const;

/** Ages (ms) at which bins begin; the last entry is where the last bin ends. */
export const BIN_EDGES: readonly number[] = EDGES_DAYS.map((days) => Math.round(days * DAY_MS));
export const BIN_COUNT = BIN_EDGES.length - 1;
/** Age in ms at which nothing is learned any more. */
export const LEARNED_UNTIL = BIN_EDGES[BIN_COUNT]!;
/** The first twelve hours. The whole day would spare another timer, but then nothing is foretold and judged within a silence's first day. */
const LAST_OF_FIRST_GROUP = 2;
/**
 * Where bins are told of together (bin → the last bin of its group): those of the first group at its end, then each at its own. An hour of
 * page views would else be three timers a touchpoint; whoever came back and whoever did not still waits for the same moment.
 */
export const GROUP_ENDS: readonly number[] = EDGES_DAYS.slice(0, -1).map((_edge, bin) =>
  Math.max(bin, LAST_OF_FIRST_GROUP),
);
/** Age (ms) at which what happened in a bin may be learned. */
export const TOLD_AT: readonly number[] = GROUP_ENDS.map((bin) => BIN_EDGES[bin + 1]!);

/** Within a visit the buyer goes on at any hour: the first bins are measured by the clock, the others by the week's rhythm. */
export const BINS_BY_CLOCK = 2;
/** Bins shorter than this say little of pauses of days: they are left out when two models are compared. */
export const FIRST_COMPARED_BIN = 3;

/** Horizons (ms) for which what was foretold is compared with what came, and recalibrated. Ninety days are too long to wait for. */
export const RECALIBRATED_MS: readonly number[] = [3 * DAY_MS, 7 * DAY_MS, 30 * DAY_MS];

/** The bin of an age; `BIN_COUNT` for one that is past them all. */
export function binOf(ageMs: number): number {
  if (ageMs < BIN_EDGES[4]!) {
    for (let bin = 0; bin < 4; bin++) if (ageMs < BIN_EDGES[bin + 1]!) return bin;
  }
  for (let bin = 4; bin < BIN_COUNT; bin++) if (ageMs < BIN_EDGES[bin + 1]!) return bin;
  return BIN_COUNT;
}

/** Days, in the middle of a bin. */
export function middleOf(bin: number): number {
  return (BIN_EDGES[bin]! + BIN_EDGES[bin + 1]!) / 2 / DAY_MS;
}

export function widthOf(bin: number): number {
  return (BIN_EDGES[bin + 1]! - BIN_EDGES[bin]!) / DAY_MS;
}

export { HOUR_MS };
