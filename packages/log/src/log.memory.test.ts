import type { Clock } from '@cairn/clock/clock.ts';
import { systemClock } from '@cairn/clock/clock.system.ts';
import { describeLogContract } from './log.contract.ts';
import { contractTopics } from './contract/topics.ts';
import type { MemoryDisk } from './memory-disk.ts';
import { createMemoryLog, type MemoryLog } from './log.memory.ts';

describeLogContract('memory', async () => {
  let shiftMs = 0;
  const clock: Clock = { ...systemClock, now: () => systemClock.now() + shiftMs };
  const { topics, configs } = contractTopics('memory');
  const opened: MemoryLog[] = [];
  let disk: MemoryDisk | undefined;
  return {
    topics,
    task: 'task',
    async open(options = {}) {
      const log = createMemoryLog({ topics: configs, clock, disk, faults: options.faults });
      disk = log.disk;
      opened.push(log);
      return log;
    },
    async crash(log) {
      (log as MemoryLog).crash();
      opened.splice(opened.indexOf(log as MemoryLog), 1);
    },
    async isolate(log) {
      (log as MemoryLog).isolate();
    },
    async maintain() {
      disk!.maintain(clock.now());
    },
    moveClock(ms) {
      shiftMs += ms;
    },
    async dispose() {
      await Promise.all(opened.map((log) => log.close()));
    },
  };
});
