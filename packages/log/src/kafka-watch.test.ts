import { describe, expect, it } from 'vitest';
import { createVirtualClock } from '@cairn/clock/clock.virtual.ts';
import type { Waiting } from './log.ts';
import { WATCH_MS, watchWaiting } from './kafka-watch.ts';

describe('a watch over what a member waits for', () => {
  it('tells what has not changed since the look before, for as long as it does not', async () => {
    const clock = createVirtualClock(0);
    const told: Waiting[] = [];
    let stages = new Map<number | null, string>([
      [null, 'joining the group'],
      [3, 'fencing'],
    ]);
    const stop = watchWaiting(
      clock,
      (waiting) => told.push(waiting),
      () => stages,
    );

    await clock.advance(WATCH_MS);
    expect(told).toEqual([]);

    stages = new Map([
      [3, 'restoring'],
      [null, 'joining the group'],
    ]);
    await clock.advance(WATCH_MS);
    expect(told).toEqual([{ partition: null, stage: 'joining the group', seconds: 10 }]);

    stages = new Map([[3, 'restoring']]);
    await clock.advance(2 * WATCH_MS);
    expect(told.slice(1)).toEqual([
      { partition: 3, stage: 'restoring', seconds: 10 },
      { partition: 3, stage: 'restoring', seconds: 20 },
    ]);

    stop();
    await clock.advance(WATCH_MS);
    expect(told.length).toBe(3);
  });
});
