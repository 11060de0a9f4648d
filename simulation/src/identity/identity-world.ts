import type { Clock } from '@cairn/clock/clock.ts';
import { createVirtualClock, settleFully, type VirtualClock } from '@cairn/clock/clock.virtual.ts';
import type { ControlFile } from '@cairn/contracts/generated/control.ts';
import type { CommandAnswered, IdentityCommand, IdentityFile, Person } from '@cairn/contracts/generated/identity.ts';
import { decodeJson, encodeJson } from '@cairn/contracts/json.ts';
import { partitionOf, TOPICS } from '@cairn/contracts/topics.ts';
import { createMemoryHistory, type MemoryHistory } from '@cairn/history/history.memory.ts';
import { memorySubjects } from '@cairn/history/identities/subject-history.memory.ts';
import { startSink, type RunningSink } from '@cairn/history/sink.ts';
import { createMemoryLog, type MemoryLog } from '@cairn/log/log.memory.ts';
import type { Log } from '@cairn/log/log.ts';
import { loadDefinition } from '@cairn/orchestrator/core/definition/load-definition.ts';
import { createAdvanceMetrics } from '@cairn/orchestrator/shell/advance/advance-metrics.ts';
import { createAdvanceTask } from '@cairn/orchestrator/shell/advance/advance-task.ts';
import { createControlTask } from '@cairn/orchestrator/shell/control/control-task.ts';
import { controlKey } from '@cairn/service-kit/control-mirror.ts';
import { createMetrics } from '@cairn/service-kit/metrics.ts';
import { createStitchMetrics } from '@cairn/stitcher/shell/stitch-metrics.ts';
import { createStitchTask } from '@cairn/stitcher/shell/stitch-task.ts';
import { touchpointOf, type Call } from '@cairn/stitcher/testkit/touchpoint-of.ts';
import { runTask } from '@cairn/task/run-task.ts';

/** Stitcher, orchestrator and history on one memory log and one virtual clock: what identities do to journeys, end to end. */
export interface IdentityWorld {
  clock: VirtualClock;
  log: MemoryLog;
  history: MemoryHistory;
  define(workspace: string, yaml: string): Promise<void>;
  /** Appends calls in one append: nothing comes between them. */
  send(...sent: readonly Sent[]): Promise<void>;
  /** The answer to the last command of that workspace. */
  answer(workspace: string): CommandAnswered;
  /** People as told last, by id; those absorbed and erased are not there. */
  people(workspace: string): Person[];
  /** The living person who holds `namespace:value`. */
  personOf(workspace: string, key: string): string;
  values<T>(topic: string): T[];
  /** What the advance task keeps of a workspace's subjects: key → state. */
  subjects(workspace: string): Record<string, unknown>;
  /** Await points of appends and commits that were passed so far. */
  points(): number;
  /** The process dies at the point that many further on. */
  crashAfter(count: number): void;
  /** Starts it again where it died; false: it lives. */
  recover(): Promise<boolean>;
  stop(): Promise<void>;
}

export type Sent =
  | { workspace: string; call: Call }
  | { workspace: string; command: IdentityCommand['command']; params: Record<string, unknown> };

/** A Monday morning. */
export const STARTED_AT = Date.UTC(2026, 0, 5, 8);
const PARTITIONS = 3;
/** Runs go over virtual days: whoever has nothing to do need not look at the clock more often. */
const IDLE_WAIT_MS = 3_600_000;

/** `serveHistory` runs another history's sink in place of the memory one; `world.history` stays empty then. */
export async function startIdentityWorld(
  seed = 1,
  serveHistory?: (log: Log, clock: Clock) => Promise<Pick<RunningSink, 'stop'>>,
): Promise<IdentityWorld> {
  const clock = createVirtualClock(STARTED_AT, seed, settleFully);
  const topics = Object.values(TOPICS).map(({ name, cleanup, retentionMs, partitions }) => ({
    name,
    partitions: Math.min(partitions, PARTITIONS),
    cleanup,
    retentionMs,
  }));
  /** Whoever sends and looks on: outlives every crash. */
  const log = createMemoryLog({ topics, clock });
  const history = createMemoryHistory();
  const partitions = (topic: string): number => log.partitions(topic);
  let points = 0;
  let crashAt = Infinity;
  let crashed = false;
  let running = await boot();

  /** One process with everything in it, on the disk and the history that are there. */
  async function boot(): Promise<{ stop(): Promise<void>[] }> {
    let alive = true;
    const own = createMemoryLog({
      topics,
      clock: mortal(clock, () => alive),
      disk: log.disk,
      faults: {
        at() {
          points++;
          if (points !== crashAt) return;
          alive = false;
          crashed = true;
          own.crash();
        },
      },
    });
    const metrics = createMetrics();
    const ownClock = mortal(clock, () => alive);
    const tasks = await Promise.all(
      [
        createStitchTask({ partitions, metrics: createStitchMetrics(metrics) }),
        createControlTask({ partitions }),
        createAdvanceTask({ partitions, metrics: createAdvanceMetrics(metrics) }),
      ].map((task) => runTask(own, ownClock, task, { idleWaitMs: IDLE_WAIT_MS })),
    );
    const sink = serveHistory
      ? await serveHistory(own, ownClock)
      : await startSink({
          log: own,
          history,
          clock: ownClock,
          subjects: memorySubjects(history),
          chunkWaitMs: 10,
          idleWaitMs: IDLE_WAIT_MS,
        });
    return { stop: () => [sink.stop(), ...tasks.map((task) => task.stop())] };
  }

  await clock.advance(0);
  let commands = 0;
  let calls = 0;

  function values<T>(topic: string): T[] {
    return Array.from({ length: partitions(topic) }, (_, partition) => log.disk.partition(topic, partition).records)
      .flat()
      .flatMap((record) => (record.value ? [decodeJson(record.value) as T] : []));
  }

  const identities = (workspace: string): IdentityFile[] =>
    values<IdentityFile>('identities').filter((fact) => fact.workspace === workspace);

  function people(workspace: string): Person[] {
    const found = new Map<string, Person>();
    for (const fact of identities(workspace)) {
      if (fact.type === 'person.changed') found.set(fact.person.id, fact.person);
      if (fact.type === 'person.erased') for (const id of [fact.personId, ...fact.absorbed]) found.delete(id);
    }
    return [...found.values()].filter(({ mergedInto }) => mergedInto === null);
  }

  return {
    clock,
    log,
    history,
    async define(workspace, yaml) {
      const loaded = loadDefinition(yaml);
      if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
      const definition = { ...loaded.definition };
      const { name } = loaded.definition;
      const change: ControlFile = {
        type: 'definition.put',
        workspace,
        name,
        version: 1,
        definition,
        by: 'test',
        at: clock.now(),
      };
      await log.append([{ topic: 'control', partition: 0, key: controlKey(change), value: encodeJson(change) }]);
      await clock.advance(10);
    },
    async send(...sent) {
      const now = clock.now();
      await log.append(
        sent.map((one) => {
          const { workspace } = one;
          const value =
            'call' in one
              ? touchpointOf(one.call, calls++, workspace, STARTED_AT, now)
              : {
                  type: 'identity.command',
                  workspace,
                  commandId: `cmd-${++commands}`,
                  command: one.command,
                  params: one.params,
                  by: 'test',
                  at: now,
                };
          const partition = partitionOf(workspace, partitions('touchpoints'));
          return { topic: 'touchpoints', partition, key: workspace, value: encodeJson(value) };
        }),
      );
      await clock.advance(10);
    },
    answer: (workspace) => identities(workspace).findLast((fact) => fact.type === 'command.answered')!,
    people,
    personOf: (workspace, key) =>
      people(workspace).find(({ ids }) =>
        ids.some(({ namespace, value, shared }) => !shared && `${namespace}:${value}` === key),
      )?.id ?? 'nobody',
    values,
    subjects(workspace) {
      const found: Record<string, unknown> = {};
      for (let partition = 0; partition < partitions('journey-inbox'); partition++)
        for (const [key, { value }] of log.disk.task('advance', partition).state.entries())
          if (key.startsWith(`${workspace}/`) && value) found[key] = decodeJson(value);
      return found;
    },
    points: () => points,
    crashAfter(count) {
      crashAt = points + count;
    },
    async recover() {
      crashAt = Infinity;
      if (!crashed) return false;
      crashed = false;
      // Longer than a dead owner keeps its partitions.
      const starting = boot();
      await clock.advance(60_000);
      running = await starting;
      return true;
    },
    async stop() {
      const stopping = running.stop();
      await clock.advance(10_000);
      await Promise.all(stopping);
    },
  };
}

/** A dead process hears no timer any more: what it waited for never comes. */
function mortal(clock: VirtualClock, alive: () => boolean): Clock {
  return {
    now: clock.now,
    monotonic: clock.monotonic,
    random: clock.random,
    async sleep(ms, signal) {
      await clock.sleep(ms, signal);
      if (!alive()) await new Promise<never>(() => {});
    },
    after: (ms, callback) => clock.after(ms, () => void (alive() && callback())),
    every: (ms, callback) => clock.every(ms, () => void (alive() && callback())),
  };
}
