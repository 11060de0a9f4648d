import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openClickhouseHistory } from '@cairn/history/history.clickhouse.ts';
import type { History } from '@cairn/history/history.ts';
import { keepEverything } from './breaking-history.ts';
import { runOnHistory } from './history-run.ts';

/** Seeds that found something once, and so hold every kind of order; more by hand: `npm run sim -- --people --history chdb --seeds N`. */
const FOUND: readonly [seed: number, what: string][] = [
  [2, 'touches moved by a split to somebody who was handed over to an account later were on no map'],
  [
    6,
    'a touch that a split had moved to somebody was on the map of whom it was stamped with again once they were erased',
  ],
];

let history: History;
let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'cairn-people-'));
  history = await openClickhouseHistory({ chdbPath: directory });
  await keepEverything(history);
});
afterAll(async () => {
  await history.close();
  rmSync(directory, { recursive: true, force: true });
});

it.each(FOUND)(
  'in seed %i ClickHouse answers at random points what the stitcher has, squashed or not: %s',
  { timeout: 120_000 },
  async (seed) => {
    expect(await runOnHistory(history, seed)).toEqual([]);
  },
);
