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
 * A storm of 10,000 `identify(u1, anonymousId=aᵢ)` in one workspace, and the touchpoint of another one right behind it in the same
 * partition, on the embedded log. The limit that it is held against in the same run: as many page views of the same devices. Processor
 * time of this process (the machine may do other things), commit cycles, and what a cycle takes of it.
 */
const STORM = 10_000;
const NAMES = ['touchpoints', 'journey-inbox', 'identities', 'dead-letters'] as const;
const STARTED_AT = Date.UTC(2026, 0, 5);

interface Held {
  cpuMs: number;
  cycles: number;
  longestCycleMs: number;
}

const pageView = (i: number): Call => ({ type: 'page', anonymousId: `a${i}` });
const identify = (i: number): Call => ({ type: 'identify', userId: 'u1', anonymousId: `a${i}` });

async function heldUp(storm: (i: number) => Call): Promise<Held> {
  const path = await mkdtemp(join(tmpdir(), 'cairn-bench-storm-'));
  const topics = NAMES.map((name) => ({
    name,
    partitions: TOPICS[name].partitionsEmbedded,
    cleanup: 'delete' as const,
    retentionMs: null,
  }));
  const log = await createLmdbLog({ path, topics, clock: systemClock });
  const commits: CommitReport[] = [];
  const task = createStitchTask({
    partitions: (topic) => log.partitions(topic),
    metrics: createStitchMetrics(createMetrics()),
  });
  const running = await runTask(log, systemClock, task, { onCommit: (commit) => commits.push(commit) });
  let sent = 0;
  const record = (workspace: string, call: Call): NewRecord => ({
    topic: 'touchpoints',
    partition: 0,
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
  const behind = [...records(storm), record('quiet', { type: 'page', anonymousId: 'q1' })];
  const cpu = process.cpuUsage();
  await log.append(behind);
  await until(2 * STORM + 1);
  const { user, system } = process.cpuUsage(cpu);
  const during = commits.slice(before);
  await running.stop();
  await log.close();
  await rm(path, { recursive: true, force: true });
  return {
    cpuMs: Math.round((user + system) / 1_000),
    cycles: during.length,
    longestCycleMs: Math.round(Math.max(...during.map(({ durationMs }) => durationMs))),
  };
}

await heldUp(identify);
await heldUp(pageView);
const storm = await heldUp(identify);
const ordinary = await heldUp(pageView);
console.log(JSON.stringify({ bench: 'stitch-storm', records: STORM, storm, ordinary }));
