import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '@cairn/clock/clock.ts';
import { systemClock } from '@cairn/clock/clock.system.ts';
import { contractTopics } from './contract/topics.ts';
import { describeLogContract } from './log.contract.ts';
import { createLmdbLog, type LmdbLog } from './log.lmdb.ts';

describeLogContract('LMDB', async () => {
  let shiftMs = 0;
  const clock: Clock = { ...systemClock, now: () => systemClock.now() + shiftMs };
  const path = await mkdtemp(join(tmpdir(), 'cairn-log-'));
  const { topics, configs } = contractTopics('lmdb');
  const opened: LmdbLog[] = [];
  return {
    topics,
    task: 'task',
    async open(options = {}) {
      const log = await createLmdbLog({ path, topics: configs, clock, faults: options.faults });
      opened.push(log);
      return log;
    },
    async crash(log) {
      opened.splice(opened.indexOf(log as LmdbLog), 1);
      await (log as LmdbLog).crash();
    },
    isolate: (log) => (log as LmdbLog).isolate(),
    maintain: (log) => (log as LmdbLog).maintain(),
    moveClock(ms) {
      shiftMs += ms;
    },
    async dispose() {
      await Promise.all(opened.map((log) => log.close()));
      await rm(path, { recursive: true, force: true });
    },
  };
});
