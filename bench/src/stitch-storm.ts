import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@cairn/clock/clock.system.ts';
import { encodeJson } from '@cairn/contracts/json.ts';
import { TOPICS } from '@cairn/contracts/topics.ts';
import { createLmdbLog } from '@cairn/log/log.lmdb.ts';
import type { NewRecord } from '@cairn/log/log.ts';
import { createMetrics } from '@cairn/service-kit/metrics.ts';
import { createStitchMetrics } from '@cairn/stitcher/shell/stitch-metrics.ts';
import { createStitchTask } from '@cairn/stitcher/shell/stitch-task.ts';
import { touchpointOf, type Call } from '@cairn/stitcher/testkit/touchpoint-of.ts';
import type { CommitReport } from '@cairn/task/running-task.ts';
import { runTask } from '@cairn/task/run-task.ts';

/**
 * A storm of 10,000 `identify(u1, anonymousId=aᵢ)` in one workspace, and the touchpoint of another one right behind it, in the same
 * partition and in another one of the same process, on the embedded log. The limit that it is held against in the same run: as many page
 * views of the same devices. Processor time of this process (the machine may do other things), commit cycles of the storm's partition,
 * the longest of them, and how long each of the two others waited for its commit. Medians of five.
 */
const STORM = 10_000;
const NAMES = ['touchpoints', 'journey-inbox', 'identities', 'dead-letters'] as const;
const STARTED_AT = Date.UTC(2026, 0, 5);

interface Held {
  cpuMs: number;
  cycles: number;
  longestCycleMs: number;
  waitedInSamePartitionMs: number;
  waitedInAnotherMs: number;
}

const STORMY = 0;
const OTHER = 1;

const pageView = (i: number): Call => ({ type: 'page', anonymousId: `a${i}` });
const identify = (i: number): Call => ({ type: 'identify', userId: 'u1', anonymousId: `a${i}` });

async function heldUp(storm: (i: number) => Call): Promise<Held> {
  const path = await mkdtemp(join(tmpdir(), 'cairn-bench-storm-'));
  const topics = NAMES.map((name) => ({
    name,
    partitions: name === 'touchpoints' ? 2 : TOPICS[name].partitionsEmbedded,
    cleanup: 'delete' as const,
    retentionMs: null,
  }));
  const log = await createLmdbLog({ path, topics, clock: systemClock });
  const commits: (CommitReport & { atMs: number })[] = [];
  const task = createStitchTask({
    partitions: (topic) => log.partitions(topic),
    metrics: createStitchMetrics(createMetrics()),
  });
  const running = await runTask(log, systemClock, task, {
    onCommit: (commit) => commits.push({ ...commit, atMs: systemClock.monotonic() }),
  });
  let sent = 0;
  const record = (workspace: string, call: Call, partition = STORMY): NewRecord => ({
    topic: 'touchpoints',
    partition,
    key: workspace,
    value: encodeJson(touchpointOf(call, ++sent, workspace, STARTED_AT, STARTED_AT + sent)),
  });
  const records = (call: (i: number) => Call): NewRecord[] =>
    Array.from({ length: STORM }, (_, i) => record('noisy', call(i)));
  const handled = (): number => commits.reduce((sum, commit) => sum + commit.records, 0);
  const until = async (total: number): Promise<void> => {
    while (handled() < total) await systemClock.sleep(2);
  };
  await log.append(records(pageView));
  await until(STORM);
  const before = commits.length;
  const quiet: Call = { type: 'page', anonymousId: 'q1' };
  const behind = [...records(storm), record('quiet', quiet), record('elsewhere', quiet, OTHER)];
  const cpu = process.cpuUsage();
  await log.append(behind);
  const appendedAt = systemClock.monotonic();
  await until(2 * STORM + 2);
  const { user, system } = process.cpuUsage(cpu);
  const during = commits.slice(before).filter(({ partition }) => partition === STORMY);
  const elsewhere = commits.slice(before).find(({ partition }) => partition === OTHER)!;
  await running.stop();
  await log.close();
  await rm(path, { recursive: true, force: true });
  return {
    cpuMs: Math.round((user + system) / 1_000),
    cycles: during.length,
    longestCycleMs: Math.round(Math.max(...during.map(({ durationMs }) => durationMs))),
    waitedInSamePartitionMs: Math.round(during.at(-1)!.atMs - appendedAt),
    waitedInAnotherMs: Math.round(elsewhere.atMs - appendedAt),
  };
}

/** Of each figure by itself. */
function medianOf(runs: readonly Held[]): Held {
  const middle = (name: keyof Held): number => runs.map((run) => run[name]).sort((a, b) => a - b)[runs.length >> 1]!;
  return {
    cpuMs: middle('cpuMs'),
    cycles: middle('cycles'),
    longestCycleMs: middle('longestCycleMs'),
    waitedInSamePartitionMs: middle('waitedInSamePartitionMs'),
    waitedInAnotherMs: middle('waitedInAnotherMs'),
  };
}

await heldUp(identify);
await heldUp(pageView);
const storms: Held[] = [];
const ordinary: Held[] = [];
for (let run = 0; run < 5; run++) {
  storms.push(await heldUp(identify));
  ordinary.push(await heldUp(pageView));
}
console.log(
  JSON.stringify({ bench: 'stitch-storm', records: STORM, storm: medianOf(storms), ordinary: medianOf(ordinary) }),
);
