import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '@cairn/clock/clock.system.ts';
import { createCounter } from '../contract/harness.ts';
import { createLmdbLog } from '../log.lmdb.ts';
import type { TopicConfig } from '../log.ts';

/** A thread of its own on the log of `log.lmdb-threads.int.test.ts`: appends or counts, until it is told to close. */
const { path, topics, inbox, outputs, name, appends } = workerData as {
  path: string;
  topics: TopicConfig[];
  inbox: string;
  outputs: string;
  name: string;
  appends: number;
};
const log = await createLmdbLog({ path, topics, clock: systemClock });
if (appends === 0) {
  const counter = createCounter(outputs);
  await (await log.join({ task: 'count', inbox, run: (owned) => counter.run(owned) })).ready();
  parentPort!.postMessage('ready');
} else {
  const callers = Array.from({ length: 8 }, async (_, caller) => {
    for (let i = caller; i < appends; i += 8)
      await log.append([{ topic: inbox, partition: i % 4, key: `${name}-${i}`, value: new Uint8Array(100) }]);
  });
  await Promise.all(callers);
  parentPort!.postMessage('done');
}
parentPort!.once('message', () => {
  void log.close().then(() => parentPort!.close());
});
