import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@cairn/clock/clock.system.ts';
import { createLmdbLog, type LmdbLog } from '@cairn/log/log.lmdb.ts';
import type { NewRecord, OwnedPartition, TopicConfig } from '@cairn/log/log.ts';

/**
 * What the embedded log does on this machine, alone: `node bench/src/log-embedded.ts [--entries 1000000]` prints one line of JSON.
 * Everything measured is durable (synced) when it counts.
 */
const TOPICS: TopicConfig[] = [
  { name: 'inbox', partitions: 2, cleanup: 'delete', retentionMs: null },
  { name: 'outputs', partitions: 2, cleanup: 'delete', retentionMs: null },
];
const VALUE = Buffer.alloc(500, 'x');
const ENTRY = Buffer.alloc(800, 'y');
const ENTRIES = Number(process.argv[process.argv.indexOf('--entries') + 1] || 0) || 1_000_000;

const path = await mkdtemp(join(tmpdir(), 'cairn-bench-log-'));
const open = (): Promise<LmdbLog> => createLmdbLog({ path, topics: TOPICS, clock: systemClock });
const now = (): number => systemClock.monotonic();
const round = (value: number): number => Number(value.toPrecision(4));
const record = (i: number): NewRecord => ({
  topic: 'inbox',
  partition: i % 2,
  key: `workspace/subject-${i % 1_000}`,
  value: VALUE,
});

let log = await open();
const batches = await appendFrom(4, 100, 100_000);
const singles = await appendFrom(64, 1, 40_000);
const read = await readThrough();
const commits = await commitCycles();
const restart = await restartWithEntries();
console.log(JSON.stringify({ batches, singles, read, commits, restart }));
await log.close();
await rm(path, { recursive: true, force: true });

/** `callers` append `batch` records of 500 B each time, one after the other, `total` in all. */
async function appendFrom(callers: number, batch: number, total: number) {
  const latencies: number[] = [];
  const start = now();
  const cpu = process.cpuUsage();
  await Promise.all(
    Array.from({ length: callers }, async () => {
      for (let i = 0; i < total / callers / batch; i++) {
        const began = now();
        await log.append(Array.from({ length: batch }, (_, j) => record(i * batch + j)));
        latencies.push(now() - began);
      }
    }),
  );
  return { callers, batch, ...rates(total, start, cpu), ...percentiles(latencies) };
}

async function readThrough() {
  const follower = await log.follow(['inbox'], 'start');
  const start = now();
  const cpu = process.cpuUsage();
  let records = 0;
  for (;;) {
    const batch = await follower.next({ maxRecords: 1_000, waitMs: 0 });
    records += batch.records.length;
    if (batch.caughtUp) break;
  }
  await follower.close();
  return { records, ...rates(records, start, cpu) };
}

/** Reads the inbox in cycles of 1 and of 500 records: one state entry with a timer and one output a record. */
async function commitCycles() {
  const results: Record<string, unknown> = {};
  for (const size of [1, 500]) {
    await withPartition(`commit-${size}`, async (owned) => {
      const latencies: number[] = [];
      const start = now();
      const cpu = process.cpuUsage();
      let records = 0;
      while (latencies.length < (size === 1 ? 500 : 100)) {
        const read = await owned.read({ maxRecords: size, waitMs: 0 });
        if (read.length === 0) break;
        const began = now();
        await owned.commit({
          nextOffset: read.at(-1)!.offset + 1n,
          logTime: read.at(-1)!.at,
          state: read.map(({ key, at }, i) => ({ key, value: ENTRY, timers: { stall: at + 86_400_000 + i } })),
          outputs: read.map(({ key }) => ({ topic: 'outputs', partition: 0, key, value: VALUE })),
        });
        latencies.push(now() - began);
        records += read.length;
      }
      results[`cycleOf${size}`] = {
        cycles: latencies.length,
        ...rates(records, start, cpu),
        ...percentiles(latencies),
      };
    });
  }
  return results;
}

async function restartWithEntries() {
  const CYCLE = 2_000;
  const start = now();
  const cpu = process.cpuUsage();
  await withPartition('restart', async (owned) => {
    for (let i = 0; i < ENTRIES; i += CYCLE)
      await owned.commit({
        ...owned.position(),
        state: Array.from({ length: CYCLE }, (_, j) => ({
          key: `workspace/subject-${i + j}`,
          value: ENTRY,
          timers: { stall: 1_000_000 + (((i + j) * 7_919) % ENTRIES) },
        })),
        outputs: [],
      });
  });
  const filled = rates(ENTRIES, start, cpu);
  await log.close();
  const restarted = now();
  log = await open();
  let toReadyMs = 0;
  let dueOf500Ms = 0;
  await withPartition('restart', async (owned) => {
    owned.state.nextDue();
    owned.state.get('workspace/subject-77');
    toReadyMs = round(now() - restarted);
    const began = now();
    owned.state.due(Infinity, 500);
    dueOf500Ms = round(now() - began);
  });
  return {
    entries: ENTRIES,
    filled,
    toReadyMs,
    dueOf500Ms,
    rssMb: Math.round(process.memoryUsage().rss / 1e6),
  };
}

async function withPartition(task: string, use: (owned: OwnedPartition) => Promise<void>): Promise<void> {
  const done = Promise.withResolvers<void>();
  const membership = await log.join({
    task,
    inbox: 'inbox',
    async run(owned) {
      if (owned.partition === 0) await use(owned).then(done.resolve, done.reject);
      await new Promise<void>((resolve) => {
        if (owned.signal.aborted) resolve();
        owned.signal.addEventListener('abort', () => resolve(), { once: true });
      });
    },
  });
  await done.promise;
  await membership.leave();
}

/** By the wall clock, and by the CPU time of all threads of this process: the second holds on a busy machine too. */
function rates(records: number, startedAt: number, cpuBefore: NodeJS.CpuUsage) {
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    recordsPerSecond: round(records / ((now() - startedAt) / 1_000)),
    recordsPerCpuSecond: round(records / ((user + system) / 1e6)),
  };
}

function percentiles(latencies: number[]): { msP50: number; msP99: number } {
  latencies.sort((a, b) => a - b);
  const at = (share: number): number => round(latencies[Math.floor((latencies.length - 1) * share)] ?? 0);
  return { msP50: at(0.5), msP99: at(0.99) };
}
