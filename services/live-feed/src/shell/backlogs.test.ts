import { expect, test } from 'vitest';
import { createBacklogs, createReaderPositions, type Passed, type Reader } from './backlogs.ts';

const record = (topic: string, offset: bigint, partition = 0) => ({ topic, partition, offset });

function world(passed: Partial<Record<Reader, Passed>>) {
  return createBacklogs({ of: (reader) => passed[reader] ?? null });
}

test('counts what a reader has not passed, of the workspace alone', () => {
  const backlogs = world({ stitcher: new Map([[0, 2n]]), orchestrator: new Map([[0, 0n]]) });
  for (const offset of [0n, 1n, 2n, 3n]) backlogs.note('a', record('touchpoints', offset));
  backlogs.note('b', record('touchpoints', 4n));
  backlogs.note('a', record('journey-inbox', 0n));
  expect(backlogs.of('a')).toEqual({ stitcher: 2, orchestrator: 1 });
  expect(backlogs.of('b')).toEqual({ stitcher: 1, orchestrator: 0 });
});

test('a record waits for the slowest reader of its topic, and no longer', () => {
  const passed: Partial<Record<Reader, Passed>> = { 'live-feed': new Map([[1, 9n]]), history: new Map([[1, 4n]]) };
  const backlogs = world(passed);
  backlogs.note('a', record('journeys', 5n, 1));
  expect(backlogs.of('a')).toEqual({ 'live-feed': 0, history: 1 });
  passed.history = new Map([[1, 6n]]);
  expect(backlogs.of('a')).toEqual({ 'live-feed': 0, history: 0 });
});

test('leaves out a reader whose position nobody knows, and keeps what was known of one that cannot be asked now', async () => {
  let away = false;
  const positions = createReaderPositions({
    log: {
      positions: (task) =>
        away ? Promise.reject(new Error('away')) : Promise.resolve(task === 'stitch' ? [7n] : [0n]),
    },
    view: () => new Map([[0, 3n]]),
  });
  await positions.refresh();
  away = true;
  await positions.refresh();
  expect(positions.of('stitcher')).toEqual(new Map([[0, 7n]]));
  expect(positions.of('live-feed')).toEqual(new Map([[0, 3n]]));
  expect(positions.of('history')).toBe(null);
});
