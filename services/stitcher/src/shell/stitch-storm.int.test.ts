import { describe, expect, it } from 'vitest';
import { createMetrics } from '@cairn/service-kit/metrics.ts';
import { runTask } from '@cairn/task/run-task.ts';
import type { CommitReport } from '@cairn/task/running-task.ts';
import { createMemoryWorld } from '@cairn/testkit/memory-world.ts';
import { touchpointOf, type Call } from '../testkit/touchpoint-of.ts';
import { createStitchMetrics } from './stitch-metrics.ts';
import { createStitchTask } from './stitch-task.ts';

/**
 * A storm of one workspace and the touchpoint of another right behind it in the same partition. Counted in commit cycles, which end by
 * records and by bytes here (the clock stands still): a busy machine changes nothing.
 */
const STORM = 10_000;
const TOPICS = ['touchpoints', 'journey-inbox', 'identities', 'dead-letters'];

async function behind(before: readonly Call[], storm: (i: number) => Call) {
  const startMs = Date.UTC(2026, 0, 5);
  const world = createMemoryWorld({ topics: TOPICS, inbox: 'touchpoints', startMs });
  const commits: CommitReport[] = [];
  let sent = 0;
  const record = (workspace: string, call: Call) => ({
    key: workspace,
    value: touchpointOf(call, ++sent, workspace, startMs, startMs),
  });
  const definition = createStitchTask({
    partitions: (topic) => world.log.partitions(topic),
    metrics: createStitchMetrics(createMetrics()),
  });
  await world.send(...before.map((call) => record('noisy', call)));
  await runTask(world.log, world.clock, definition, { onCommit: (commit) => commits.push(commit) });
  await world.clock.advance(0);
  const [cyclesBefore, toldBefore] = [commits.length, world.records('journey-inbox').length];
  await world.send(
    ...Array.from({ length: STORM }, (_, i) => record('noisy', storm(i))),
    record('quiet', { type: 'page', anonymousId: 'q1' }),
  );
  await world.clock.advance(0);
  const told = world.records('journey-inbox');
  expect(told.at(-1)!.key).toMatch(/^quiet\//);
  return { cycles: commits.length - cyclesBefore, downstream: told.length - toldBefore };
}

describe('a storm of 10,000 identify() calls of one user', () => {
  const pageView = (i: number): Call => ({ type: 'page', anonymousId: `a${i}` });
  const identify = (i: number): Call => ({ type: 'identify', userId: 'u1', anonymousId: `a${i}` });

  it('over devices that were seen before: another workspace waits no cycle longer than behind as many page views', async () => {
    const before = Array.from({ length: STORM }, (_, i) => pageView(i));
    const [storm, plain] = [await behind(before, identify), await behind(before, pageView)];
    expect(storm.cycles - plain.cycles).toBeLessThan(1);
    // Beside the touchpoints themselves: at most two records for each of the hundred merges that the cap allows.
    expect(storm.downstream - plain.downstream).toBeLessThanOrEqual(200);
  });

  it('over devices never seen: likewise, and nothing more goes downstream', async () => {
    const [storm, plain] = [await behind([], identify), await behind([], pageView)];
    expect(storm.cycles - plain.cycles).toBeLessThan(1);
    expect(storm.downstream - plain.downstream).toBe(0);
  });
});
