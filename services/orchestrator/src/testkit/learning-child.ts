/**
 * The process that is killed while it learns: the advance task over an inbox on LMDB, by a clock that stands at the inbox's end, so that
 * what it makes depends on the inbox alone. Prints `ready`, `commit` for each cycle, and `done` once nothing is left.
 */
import { systemClock } from '@cairn/clock/clock.system.ts';
import type { TopicConfig } from '@cairn/log/log.ts';
import { createLmdbLog } from '@cairn/log/log.lmdb.ts';
import { runTask } from '@cairn/task/run-task.ts';
import { createAdvanceTask } from '../shell/advance/advance-task.ts';

export interface LearningChild {
  path: string;
  topics: TopicConfig[];
  /** Epoch ms. */
  now: number;
}

const { path, topics, now } = JSON.parse(process.argv[2]!) as LearningChild;
const clock = { ...systemClock, now: () => now };
const log = await createLmdbLog({ path, topics, clock });
const definition = createAdvanceTask({ partitions: () => 1, metrics: { advanced: () => {} } });
const task = await runTask(log, clock, definition, {
  // Small cycles: many of them to be killed in.
  limits: { maxRecords: 10 },
  idleWaitMs: 20,
  onCommit: () => process.stdout.write('commit\n'),
});
await task.ready();
process.stdout.write('ready\n');
let quietFor = 0;
let before = '';
// A tick that fires what is due comes by the inbox, too: done is where it stays as it is.
while (quietFor < 5) {
  await systemClock.sleep(50);
  const is = JSON.stringify(await log.offsets('journey-inbox'), (_key, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  const isQuiet = is === before && (await task.status()).every(({ backlog }) => backlog === 0);
  quietFor = isQuiet ? quietFor + 1 : 0;
  before = is;
}
await task.stop();
await log.close();
process.stdout.write('done\n');
