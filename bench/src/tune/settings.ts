/**
 * What was chosen of the learning of pauses, where it is written, and what else is tried. The tuner reads and replaces the constants in the
 * source as it is loaded, so the product has no knob for it and this list cannot disagree with what runs (`settings.test.ts`).
 */
export interface Setting {
  /** As the report shows it. */
  name: string;
  /** In services/orchestrator/src/core. */
  file: string;
  /** The text before and behind the value, which occurs once in the file. */
  before: string;
  after: string;
  /** Other values, as TypeScript. */
  values: readonly string[];
}

const TABLE = 'stall/learned/hazard-table.ts';
const PACE = 'stall/learned/pace-model.ts';
const BINS = 'stall/learned/bins.ts';
const RHYTHM = 'stall/learned/rhythm.ts';
const SILENCE = 'stall/learned/silence.ts';
const RECALIBRATION = 'learn/recalibration.ts';
const RECENT = 'learn/recent-loss.ts';

const constant = (name: string, file: string, declared: string, ...values: string[]): Setting => ({
  name,
  file,
  before: `const ${declared} = `,
  after: ';',
  values,
});

/** What moves most first: a tuning may run out of time. */
export const SETTINGS: readonly Setting[] = [
  {
    name: 'FTRL: learning rate',
    file: PACE,
    before: '{ alpha: ',
    after: ', beta',
    values: ['0.0005', '0.0025', '0.005', '0.01', '0.02'],
  },
  { name: 'FTRL: beta', file: PACE, before: ', beta: ', after: ', l1', values: ['0.3', '3'] },
  { name: 'FTRL: L1', file: PACE, before: ', l1: ', after: ', l2', values: ['0', '0.2', '1', '2'] },
  { name: 'FTRL: L2', file: PACE, before: ', l2: ', after: ' };', values: ['0', '0.3', '3', '10'] },
  constant('correction: at most (log rate)', PACE, 'MOST_CORRECTION', '1.5', '5'),
  constant('counts: half-life', PACE, 'HALF_LIFE_MS', '20 * DAY_MS', '45 * DAY_MS', '365 * DAY_MS'),
  constant('table: prior of a stratum', TABLE, 'STRATUM_PRIOR', '4', '36', '100'),
  constant('recalibration: of a model that knew', PACE, 'KNOWN_THEN', '0', '0.1', '0.5', '0.75'),
  constant('recalibration: kept', RECALIBRATION, 'KEPT', '0.997', '0.999'),
  constant('recalibration: rate', RECALIBRATION, 'RATE', '0.02', '0.1'),
  constant('recalibration: better by', RECALIBRATION, 'BETTER_BY', '1', '0.999'),
  {
    name: 'bins',
    file: BINS,
    before: 'const EDGES_DAYS = [',
    after: '] as const;',
    values: [
      '0, 1 / 24, 4 / 24, 12 / 24, 1, 2, 3, 4, 5, 6, 7, 10, 14, 21, 30, 50, 91',
      '0, 1 / 24, 4 / 24, 12 / 24, 1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9, 10, 12, 14, 18, 23, 30, 40, 52, 70, 91',
    ],
  },
  constant('bins that are compared from', BINS, 'FIRST_COMPARED_BIN', '1', '5'),
  constant('rhythm: prior of cells', RHYTHM, 'CELLS_PRIOR', '15', '120'),
  constant('activity: half-life', SILENCE, 'ACTIVITY_HALF_LIFE_MS', '3 * DAY_MS', '14 * DAY_MS'),
  constant('table: prior of the pooled counts', TABLE, 'POOLED_PRIOR', '2', '20'),
  constant('table: prior of the tail', TABLE, 'TAIL_PRIOR', '3', '24'),
  constant('shipped: shape', TABLE, 'SHIPPED_SHAPE', '0.3', '0.8'),
  constant('shipped: start (days)', TABLE, 'SHIPPED_START_DAYS', '0.05', '0.4'),
  constant('losses: half-life (examples)', RECENT, 'HALF_LIFE_EXAMPLES', '1_000', '16_000'),
  constant('rhythm: prior of days', RHYTHM, 'DAYS_PRIOR', '4', '36'),
  constant('rhythm: floor', RHYTHM, 'FLOOR', '0.005', '0.08'),
  constant('table: weight of a bin further away', TABLE, 'NEAREST', '0.25', '0.75'),
  constant('shipped: ends a day', TABLE, 'SHIPPED_ENDS', '0.003', '0.03'),
  constant('correction: better by', PACE, 'BETTER_BY', '0.99', '1'),
  constant('correction: compared bins', PACE, 'COMPARED_ENOUGH', '100', '1_000'),
  constant('rhythm: last timed bin', PACE, 'LAST_TIMED_BIN', '6', '12'),
  constant('rhythm: prior of times', RHYTHM, 'TIMES_PRIOR', '4', '36'),
  constant('recalibration: pull', RECALIBRATION, 'PULL', '0', '0.002'),
  constant('recalibration: caution', RECALIBRATION, 'CAUTION', '5', '60'),
  constant('recalibration: compared', RECALIBRATION, 'COMPARED_ENOUGH', '50', '300'),
];

/** The value as the source has it; throws where it is not found exactly once. */
export function valueIn(source: string, { name, file, before, after }: Setting): string {
  const at = source.indexOf(before);
  const end = source.indexOf(after, at + before.length);
  if (at < 0 || end < 0 || source.indexOf(before, at + 1) >= 0)
    throw new Error(`${name}: '${before}' is not once in ${file}`);
  return source.slice(at + before.length, end);
}

export function withValue(source: string, setting: Setting, value: string): string {
  const { before, after } = setting;
  return source.replace(before + valueIn(source, setting) + after, () => before + value + after);
}
