import { createVirtualClock, settleFully } from '@cairn/clock/clock.virtual.ts';
import type { Log, LogRecord, NewRecord } from '@cairn/log/log.ts';
import { createMemoryLog } from '@cairn/log/log.memory.ts';
import { createMemoryDisk } from '@cairn/log/memory-disk.ts';
import type { MemoryDisk } from '@cairn/log/memory-disk.ts';
import { EFFECT_HEADER, TICK_HEADER } from '@cairn/task/log-time.ts';
import { runTask } from '@cairn/task/run-task.ts';
import { EXTERNAL_HEADER } from './digest.ts';
import { tasksOf } from './services.ts';
import { TOPIC_CONFIGS } from './world.ts';
import type { Role } from './world.ts';

const ROLES: readonly Role[] = ['stitcher', 'orchestrator'];
/** Nothing but the outside writes these. */
const OUTSIDE_TOPICS = new Set(['touchpoints']);

/**
 * Replays every inbox from its first record, in one process without a fault, without effects and on a clock that stands still, and
 * compares what the run left behind, byte for byte: the state with its timers, and every record that a task wrote. Returns what differs.
 */
export async function checkReplay(disk: MemoryDisk): Promise<string[]> {
  const faults: string[] = [];
  const written: { task: string; partition: number; records: NewRecord[] }[] = [];
  for (const role of ROLES) {
    const replay = createReplay(disk, (task, partition, records) => {
      const producer = written.find((each) => each.task === task && each.partition === partition);
      if (producer) producer.records.push(...records);
      else written.push({ task, partition, records: [...records] });
    });
    const noAnswer = { send: () => () => new Promise(() => {}), received: () => [] };
    for (const definition of tasksOf({ role, log: replay.log, clock: replay.clock }, noAnswer)) {
      const task = await runTask(replay.log, replay.clock, definition, { effectGraceMs: 0 });
      await task.ready();
      while ((await task.status()).some(({ backlog }) => backlog > 0)) await settleFully();
      await settleFully();
      await task.stop();
      for (let partition = 0; partition < replay.log.partitions(definition.inbox); partition++) {
        const live = stateOf(disk, definition.name, partition);
        const again = stateOf(replay.disk, definition.name, partition);
        for (const key of new Set([...live.keys(), ...again.keys()]))
          if (live.get(key) !== again.get(key))
            faults.push(
              `replay: ${definition.name}-${partition} has ${key} as ${again.get(key)}, the run had ${live.get(key)}`,
            );
      }
    }
  }
  return [...faults, ...compareRecords(disk, written)];
}

function createReplay(
  live: MemoryDisk,
  onOutputs: (task: string, partition: number, records: readonly NewRecord[]) => void,
) {
  const clock = createVirtualClock(0, 1, settleFully);
  const disk = createMemoryDisk(TOPIC_CONFIGS);
  for (const { name, partitions } of TOPIC_CONFIGS)
    for (let partition = 0; partition < partitions; partition++)
      Object.assign(disk.partition(name, partition), live.partition(name, partition));
  const memory = createMemoryLog({ topics: TOPIC_CONFIGS, clock, disk });
  const log: Log = {
    ...memory,
    join: (options) =>
      memory.join({
        ...options,
        run: (owned) =>
          options.run({
            ...owned,
            async commit(cycle) {
              onOutputs(owned.task, owned.partition, cycle.outputs);
              await owned.commit({ ...cycle, outputs: [] });
            },
          }),
      }),
  };
  return { clock, disk, log };
}

function stateOf(disk: MemoryDisk, task: string, partition: number): Map<string, string> {
  const entries = new Map<string, string>();
  for (const [key, { value, timers }] of disk.task(task, partition).state.entries()) {
    const sorted = Object.entries(timers).sort(([a], [b]) => (a < b ? -1 : 1));
    entries.set(key, `${value ? Buffer.from(value).toString() : null} ${JSON.stringify(sorted)}`);
  }
  return entries;
}

function compareRecords(
  disk: MemoryDisk,
  written: readonly { task: string; partition: number; records: readonly NewRecord[] }[],
): string[] {
  const faults: string[] = [];
  for (const { name, partitions } of TOPIC_CONFIGS) {
    if (OUTSIDE_TOPICS.has(name)) continue;
    for (let partition = 0; partition < partitions; partition++) {
      const live = disk.partition(name, partition).records.filter(isByTask).map(textOf);
      const left = [...live];
      for (const producer of written) {
        const own = producer.records
          .filter((record) => record.topic === name && record.partition === partition)
          .map(textOf);
        let from = 0;
        for (const text of own) {
          const found = live.indexOf(text, from);
          const place = left.indexOf(text);
          if (found === -1 || place === -1)
            faults.push(
              `replay: ${producer.task}-${producer.partition} writes to ${name}-${partition}, unlike the run: ${text.slice(0, 300)}`,
            );
          if (found !== -1) from = found + 1;
          if (place !== -1) left.splice(place, 1);
        }
      }
      for (const text of left)
        faults.push(`replay: nothing writes this to ${name}-${partition}, as the run did: ${text.slice(0, 300)}`);
    }
  }
  return faults;
}

/** What the history answers to an order to derive anew: appended by it, not by a task. */
const ANSWER_OF_HISTORY = '"type":"subject.touchpoints"';

function isByTask({ headers, value }: LogRecord): boolean {
  if (value && Buffer.from(value).includes(ANSWER_OF_HISTORY)) return false;
  return (
    headers[TICK_HEADER] === undefined && headers[EFFECT_HEADER] === undefined && headers[EXTERNAL_HEADER] === undefined
  );
}

function textOf({ key, value, headers }: Pick<NewRecord, 'key' | 'value' | 'headers'>): string {
  return `${key} ${value ? Buffer.from(value).toString() : null} ${JSON.stringify(headers ?? {})}`;
}
