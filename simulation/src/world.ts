import type { Clock } from '@cairn/clock/clock.ts';
import { createVirtualClock, settleFully } from '@cairn/clock/clock.virtual.ts';
import type { VirtualClock } from '@cairn/clock/clock.virtual.ts';
import { TOPICS } from '@cairn/contracts/topics.ts';
import type { Log, TopicConfig } from '@cairn/log/log.ts';
import { createMemoryLog } from '@cairn/log/log.memory.ts';
import { createMemoryDisk } from '@cairn/log/memory-disk.ts';
import type { MemoryDisk } from '@cairn/log/memory-disk.ts';
import type { FaultPoint, LogFaults } from '@cairn/log/log-faults.ts';

/**
 * One machine room on one virtual clock: a disk that outlives everything, and processes that may crash, be taken for dead, leave
 * and come back. Deterministic: the seed and the calls decide everything.
 */
export interface World {
  readonly clock: VirtualClock;
  readonly disk: MemoryDisk;
  /** Starts (or restarts) the process of a slot, `stitcher-1` for one. */
  start(slot: string): void;
  /** The running process of a slot; undefined while it is down. */
  process(slot: string): Process | undefined;
  slots(): readonly string[];
}

export type Role = 'ingest' | 'stitcher' | 'orchestrator' | 'history' | 'feed';

export interface Process {
  readonly slot: string;
  readonly role: Role;
  /** How often this slot was started. */
  readonly incarnation: number;
  readonly log: Log;
  /** The process's own clock: it may be wrong by `skewMs`, and it stops when the process dies. */
  readonly clock: Clock;
  skewMs: number;
  /** What its role runs on it; set once it is started. */
  service: Service | null;
  crash(): void;
  isolate(): void;
  /** Stops in good order, then is gone. */
  leave(): Promise<void>;
}

export interface Service {
  stop(): Promise<void>;
  /** Inbox records not handled yet. */
  backlog?(): Promise<number>;
}

export interface WorldOptions {
  seed: number;
  startMs: number;
  slots: readonly string[];
  /** Starts the role's service. Rejecting is a failure of the simulation. */
  serve(process: Process): Promise<Service>;
  /** Consulted at every await point of the logs. */
  atPoint(process: Process, point: FaultPoint): void | Promise<void>;
  /** Stands between the services and the log; for planted bugs. */
  wrapLog(log: Log, process: { slot: string }): Log;
  onError(error: unknown): void;
}

/** More than one partition each, so that members share them and subjects spread. */
const PARTITIONS = 2;
export const TOPIC_CONFIGS: readonly TopicConfig[] = Object.values(TOPICS).map(
  ({ name, cleanup, retentionMs, partitions }) => ({
    name,
    partitions: Math.min(partitions, PARTITIONS),
    cleanup,
    retentionMs,
  }),
);

export function createWorld(options: WorldOptions): World {
  // Twice: ingest's appender gathers what one turn of the event loop brought.
  const settle = async (): Promise<void> => {
    await settleFully();
    await settleFully();
  };
  const clock = createVirtualClock(options.startMs, options.seed, settle);
  const disk = createMemoryDisk(TOPIC_CONFIGS);
  const running = new Map<string, Process>();
  const incarnations = new Map<string, number>();

  function start(slot: string): void {
    if (running.has(slot)) return;
    const incarnation = (incarnations.get(slot) ?? 0) + 1;
    incarnations.set(slot, incarnation);
    let alive = true;
    const faults: LogFaults = { at: (point) => options.atPoint(process, point) };
    const processClock = clockOf(
      clock,
      () => alive,
      () => process.skewMs,
    );
    const log = createMemoryLog({ topics: TOPIC_CONFIGS, clock: processClock, disk, faults });
    const process: Process = {
      slot,
      role: slot.split('-', 1)[0] as Role,
      incarnation,
      log: options.wrapLog(log, { slot }),
      clock: processClock,
      skewMs: 0,
      service: null,
      crash() {
        if (!alive) return;
        alive = false;
        running.delete(slot);
        log.crash();
      },
      isolate: () => log.isolate(),
      async leave() {
        running.delete(slot);
        await process.service?.stop();
        alive = false;
      },
    };
    running.set(slot, process);
    options.serve(process).then(
      (service) => (process.service = service),
      (error: unknown) => {
        if (alive) options.onError(error);
      },
    );
  }

  return { clock, disk, start, process: (slot) => running.get(slot), slots: () => options.slots };
}

/** A dead process hears no timer any more: what it waited for never comes. */
function clockOf(base: VirtualClock, alive: () => boolean, skewMs: () => number): Clock {
  return {
    now: () => base.now() + skewMs(),
    monotonic: () => base.now(),
    random: base.random,
    sleep: async (ms, signal) => {
      await base.sleep(ms, signal);
      if (!alive()) await new Promise<never>(() => {});
    },
    after: (ms, callback) => base.after(ms, () => void (alive() && callback())),
    every: (ms, callback) => base.every(ms, () => void (alive() && callback())),
  };
}
