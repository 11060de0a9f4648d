import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { systemClock } from '@cairn/clock/clock.system.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createCounter, readAll, until } from './contract/harness.ts';
import { contractTopics } from './contract/topics.ts';
import { createLmdbLog } from './log.lmdb.ts';
import { DataDirectoryInUse } from './process-lock.ts';

const THREAD = new URL('./threads/thread-child.ts', import.meta.url);
const CHILD = fileURLToPath(new URL('./kill/kill-child.ts', import.meta.url));
const KILL_MODULE = new URL('./kill/lmdb.kill-adapter.ts', import.meta.url).href;
const { topics, configs } = contractTopics('shared');

let path: string;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'cairn-shared-'));
});
afterEach(() => rmSync(path, { recursive: true, force: true }));

describe('one data directory and several threads', () => {
  function startThread(name: string, appends: number): Worker {
    const { inbox, outputs } = topics;
    return new Worker(THREAD, { workerData: { path, topics: configs, inbox, outputs, name, appends } });
  }
  async function stop(thread: Worker): Promise<void> {
    const ended = once(thread, 'exit');
    thread.postMessage('close');
    await ended;
  }

  test('threads append side by side: no offset is given twice, no record is lost', async () => {
    const log = await createLmdbLog({ path, topics: configs, clock: systemClock });
    const threads = ['a', 'b'].map((name) => startThread(name, 400));
    const done = Promise.all(threads.map((thread) => once(thread, 'message')));
    for (let i = 0; i < 400; i++)
      await log.append([{ topic: topics.inbox, partition: i % 4, key: `c-${i}`, value: null }]);
    await done;
    const records = await readAll(log, topics.inbox, 1_200);
    expect(new Set(records.map((record) => record.key)).size).toBe(1_200);
    expect(new Set(records.map((record) => `${record.partition}/${record.offset}`)).size).toBe(1_200);
    expect(records).toHaveLength(1_200);
    await Promise.all(threads.map(stop));
    await log.close();
  });

  test('a task in another thread reads what this one appends, and this one is woken by its outputs', async () => {
    const log = await createLmdbLog({ path, topics: configs, clock: systemClock });
    const thread = startThread('task', 0);
    await once(thread, 'message');
    const follower = await log.follow([topics.outputs], 'start');
    for (let i = 0; i < 20; i++) {
      await log.append([{ topic: topics.inbox, partition: i % 4, key: `k-${i}`, value: null }]);
      const keys: string[] = [];
      await until(async () => {
        keys.push(...(await follower.next({ waitMs: 60_000 })).records.map((record) => record.key));
        return keys.length > 0;
      });
      expect(keys).toEqual([`k-${i}`]);
    }
    await stop(thread);
    await log.close();
  });

  test('threads that join one task share its partitions, and one that closes gives its own back', async () => {
    const log = await createLmdbLog({ path, topics: configs, clock: systemClock });
    const counter = createCounter(topics.outputs);
    const membership = await log.join({ task: 'count', inbox: topics.inbox, run: (owned) => counter.run(owned) });
    await membership.ready();
    expect(membership.owned()).toHaveLength(4);
    const thread = startThread('task', 0);
    await once(thread, 'message');
    await until(() => membership.owned().length === 2);
    const append = Array.from({ length: 100 }, (_, i) => ({
      topic: topics.inbox,
      partition: i % 4,
      key: `k-${i}`,
      value: null,
    }));
    await log.append(append);
    await stop(thread);
    await until(() => membership.owned().length === 4);
    await log.append(append);
    expect(await readAll(log, topics.outputs, 200)).toHaveLength(200);
    await log.close();
  });
});

describe('one data directory and several processes', () => {
  test('a second process is refused with the pid of the first, and let in once that is gone', async () => {
    const settings = { path, prefix: 'kill' };
    const child = spawn(process.execPath, [
      CHILD,
      JSON.stringify({ module: KILL_MODULE, settings, prefix: 'kill', round: 0 }),
    ]);
    const ended = once(child, 'close');
    await once(createInterface({ input: child.stdout }), 'line');
    const attempt = createLmdbLog({ path, topics: configs, clock: systemClock });
    await expect(attempt).rejects.toThrow(DataDirectoryInUse);
    await expect(attempt).rejects.toThrow(`process ${child.pid}`);
    child.kill('SIGKILL');
    await ended;
    const log = await createLmdbLog({ path, topics: configs, clock: systemClock });
    expect(log.healthy()).toBe(true);
    await log.close();
  });
});
