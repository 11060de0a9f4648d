/** Where journeys get stuck: which cells of the map are marked, and why. Pure. */
import type { MapCell } from '../queries/journey-map.ts';

export type Barrier = 'drop-off' | 'repeats' | 'stalls';

/** Under so many journeys a share says little: the 95 % interval of 20 % of 20 is 6–44 %. */
const JOURNEYS_MIN = 20;
/** A barrier is a share at least this large … */
const DROP_OFF_MIN = 0.1;
const STALLED_MIN = 0.1;
const REPEATED_MIN = 0.5;
/** … and at least so many times the share over all cells. */
const TIMES_THE_USUAL = 2;

export function markBarriers(cells: readonly MapCell[]): MapCell[] {
  const usual = (share: (cell: MapCell) => number): number => {
    const journeys = cells.reduce((sum, cell) => sum + cell.journeys, 0);
    return journeys === 0 ? 0 : cells.reduce((sum, cell) => sum + share(cell) * cell.journeys, 0) / journeys;
  };
  const rules: [Barrier, (cell: MapCell) => number, number][] = [
    ['drop-off', (cell) => cell.dropOffShare, DROP_OFF_MIN],
    ['repeats', (cell) => cell.repeatShare, REPEATED_MIN],
    ['stalls', (cell) => cell.stalledShare, STALLED_MIN],
  ];
  const limits = rules.map(([, share, least]) => Math.max(least, TIMES_THE_USUAL * usual(share)));
  return cells.map((cell) => ({
    ...cell,
    barriers:
      cell.journeys < JOURNEYS_MIN
        ? []
        : rules.filter(([, share], i) => share(cell) >= limits[i]!).map(([barrier]) => barrier),
  }));
}
