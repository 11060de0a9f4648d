import type { Clock } from '@cairn/clock/clock.ts';
import { systemClock } from '@cairn/clock/clock.system.ts';
import { emptyCycle, holdPartition, readAll, until } from '../contract/harness.ts';
import { contractTopics } from '../contract/topics.ts';
import { createLmdbLog } from '../log.lmdb.ts';
import { LogUnavailable } from '../log.ts';

/** Runs under a limit on the size of files (`ulimit -f`): writes until the system refuses, and tells what it sees, a line of JSON a step. */
const { topics, configs } = contractTopics('full');
const tell = (step: object): void => console.log(JSON.stringify(step));
let shiftMs = 0;
const clock: Clock = { ...systemClock, now: () => systemClock.now() + shiftMs };
const log = await createLmdbLog({ path: process.argv[2]!, topics: configs, clock });
const { owned } = await holdPartition(log, { task: 'task', inbox: topics.inbox });
await owned.commit({ ...emptyCycle(owned), state: [{ key: 'k', value: new Uint8Array(10), timers: {} }] });

const big = new Uint8Array(200_000);
let written = 0;
let error: unknown;
while (!error && written < 10_000)
  await log.append([{ topic: topics.shortLived, partition: 0, key: `big-${written}`, value: big }]).then(
    () => written++,
    (refused: unknown) => (error = refused),
  );
tell({ written, unavailable: error instanceof LogUnavailable, healthy: log.healthy() });

const state = [{ key: 'k', value: big, timers: { t: 1 } }];
const outputs = [{ topic: topics.outputs, partition: 0, key: 'of a refused cycle', value: big }];
const refused = await owned.commit({ ...emptyCycle(owned), state, outputs }).catch((reason: unknown) => reason);
tell({
  commitUnavailable: refused instanceof LogUnavailable,
  stateBytes: owned.state.get('k')?.value?.byteLength,
  timers: owned.state.due(10, 10).length,
  outputs: (await readAll(log, topics.outputs)).length,
  kept: (await readAll(log, topics.shortLived, written)).length === written,
});

// Nobody writes: the log has to find out by itself that retention made room.
shiftMs = 120_000;
await until(() => log.healthy());
// The first may be refused still: a page is free again only after the next commits.
await again(() => owned.commit({ ...emptyCycle(owned), state, outputs }));
await again(() => log.append([{ topic: topics.shortLived, partition: 0, key: 'after', value: big }]));
tell({
  healthy: log.healthy(),
  stateBytes: owned.state.get('k')?.value?.byteLength,
  outputs: (await readAll(log, topics.outputs, 1)).length,
  shortLived: (await readAll(log, topics.shortLived, 1)).map((record) => record.key),
});
await log.close();

async function again(write: () => Promise<void>): Promise<void> {
  await until(() =>
    write().then(
      () => true,
      () => false,
    ),
  );
}
