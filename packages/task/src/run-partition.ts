import type { Clock } from '@cairn/clock/clock.ts';
import type { LogRecord, OwnedPartition } from '@cairn/log/log.ts';
import { createCommitCycle } from './commit-cycle.ts';
import type { CommitCycleDeps, EffectStep, FinishedCycle } from './commit-cycle.ts';
import type { Effects } from './effects.ts';
import { TICK_HEADER, nextTickNotBefore, whenDrained } from './log-time.ts';
import type { CommitReport } from './running-task.ts';
import type { StateMap } from './state-map.ts';

/** What is known of a partition while it is owned; `runPartition` keeps it up to date. */
export interface PartitionProgress {
  nextOffset: bigint;
  logTime: number;
  lastCommitAt: number | null;
  /** When the inbox was last found empty (epoch ms). */
  levelAt: number;
}

export interface RunPartitionDeps extends Omit<CommitCycleDeps, 'position' | 'careful' | 'reader' | 'monotonic'> {
  owned: OwnedPartition;
  clock: Clock;
  state: StateMap;
  effects: Effects;
  progress: PartitionProgress;
  idleWaitMs: number;
  onCommit(report: CommitReport): void;
  onParked(parked: FinishedCycle['parked'][number]): void;
}

/** A cycle is never filled for longer: other partitions of the thread wait meanwhile. */
const MAX_FILL_MS = 100;

const TICK = [{ key: '', value: new TextEncoder().encode('{}'), headers: { [TICK_HEADER]: '1' } }];

/**
 * The loop of one owned partition: read, handle, commit, then effects; ticks while the inbox is drained. Returns when the partition
 * is to be given back; throws on any fault, and then nothing of what it held in memory may be used again.
 */
export async function runPartition(deps: RunPartitionDeps): Promise<void> {
  const { owned, clock, state, effects, limits, progress } = deps;
  /** Aborted when what was committed could not be flushed. */
  const failed = new AbortController();
  const readSignal = AbortSignal.any([owned.signal, failed.signal]);
  let tickUnderWay = false;
  /** How long the last commit took: while commits are slow, a cycle takes as long to fill, so that fewer of them carry the same. */
  let lastCommitMs = 0;
  let tickNotBefore = -Infinity;
  let unhandled: readonly LogRecord[] = [];
  /** Records still to be handled before effects of the owner before us are done again: their results may be among them. */
  let untilRedo = await owned.backlog();
  const redo = effects.pendingIds();
  if (untilRedo === 0) redoPending();

  while (!owned.signal.aborted) {
    failed.signal.throwIfAborted();
    if (unhandled.length === 0) unhandled = await read(0);
    if (unhandled.length === 0) unhandled = await readWhenDrained();
    if (unhandled.length > 0 && !owned.signal.aborted) unhandled = await runCycle(unhandled);
  }

  /** Appends a tick where one is due, then waits for records until there is something to do. */
  async function readWhenDrained(): Promise<readonly LogRecord[]> {
    const now = clock.now();
    progress.levelAt = now;
    const nextDue = owned.state.nextDue();
    const { tick, waitMs } = whenDrained({ nextDue, now, tickUnderWay, tickNotBefore, idleWaitMs: deps.idleWaitMs });
    if (tick) {
      tickUnderWay = true;
      await owned.appendToInbox(TICK);
    }
    return read(waitMs);
  }

  async function read(waitMs: number, maxRecords = limits.maxRecords): Promise<readonly LogRecord[]> {
    try {
      return await owned.read({ maxRecords, waitMs, signal: readSignal });
    } catch (error) {
      if (readSignal.aborted) return [];
      throw error;
    }
  }

  /** One cycle, from records at hand to the durable commit. Returns the records that did not fit. */
  async function runCycle(first: readonly LogRecord[]): Promise<readonly LogRecord[]> {
    const startedAt = clock.monotonic();
    const { taken, rest, finished } = await gather(first);
    const commitStartedAt = clock.monotonic();
    await owned.commit(finished.cycle);
    lastCommitMs = clock.monotonic() - commitStartedAt;
    state.committed();
    afterCommit(finished, taken, startedAt, commitStartedAt);
    return rest;
  }

  async function gather(
    first: readonly LogRecord[],
  ): Promise<{ taken: readonly LogRecord[]; rest: readonly LogRecord[]; finished: FinishedCycle }> {
    const position = owned.position();
    const maxMs = Math.max(limits.maxMs, Math.min(lastCommitMs, MAX_FILL_MS));
    const common = {
      ...deps,
      limits: { ...limits, maxMs },
      reader: owned.state,
      monotonic: () => clock.monotonic(),
      position,
    };
    const cycle = createCommitCycle({ ...common, careful: false });
    const taken: LogRecord[] = [];
    let rest = first;
    for (;;) {
      rest = fill(cycle, rest, taken);
      if (rest.length > 0 || cycle.full() || owned.signal.aborted) break;
      // Whatever came meanwhile shares the commit; where nothing waits, the commit is at once.
      rest = await read(0, limits.maxRecords - taken.length);
      if (rest.length === 0) break;
    }
    try {
      return { taken, rest, finished: cycle.finish() };
    } catch {
      // A handler left something that cannot be serialised. Once more, serialising each step, so that its record is parked.
      state.reset();
      const careful = createCommitCycle({ ...common, careful: true });
      const again = [...taken, ...rest];
      const takenAgain: LogRecord[] = [];
      const restAgain = fill(careful, again, takenAgain);
      return { taken: takenAgain, rest: restAgain, finished: careful.finish() };
    }
  }

  function afterCommit(
    finished: FinishedCycle,
    taken: readonly LogRecord[],
    startedAt: number,
    commitStartedAt: number,
  ): void {
    const now = clock.monotonic();
    progress.nextOffset = finished.cycle.nextOffset;
    progress.logTime = finished.cycle.logTime;
    progress.lastCommitAt = clock.now();
    if (finished.tickAt !== null) {
      tickUnderWay = false;
      tickNotBefore = nextTickNotBefore(owned.state.nextDue(), finished.tickAt, clock.now());
    }
    followEffects(finished.effects);
    if (untilRedo > 0) {
      untilRedo -= taken.length;
      if (untilRedo <= 0) redoPending();
    }
    for (const parked of finished.parked) deps.onParked(parked);
    deps.onCommit({
      partition: owned.partition,
      records: finished.records,
      timersFired: finished.timersFired,
      outputs: finished.cycle.outputs.length,
      effects: finished.effects.filter((step) => step.type === 'begin').length,
      durationMs: now - startedAt,
      commitMs: now - commitStartedAt,
    });
  }

  /** An effect leaves the process only when the cycle that asked for it is on disk. The next cycles go on meanwhile. */
  function followEffects(steps: readonly EffectStep[]): void {
    if (!owned.flushed || !steps.some((step) => step.type === 'begin')) return effects.follow(steps);
    owned.flushed().then(
      () => effects.follow(steps),
      (error: unknown) => failed.abort(error),
    );
  }

  function redoPending(): void {
    effects.follow(redo.map((id) => ({ type: 'begin', id })));
  }
}

/** Adds records until the cycle is full; returns those that are left. */
function fill(
  cycle: ReturnType<typeof createCommitCycle>,
  records: readonly LogRecord[],
  taken: LogRecord[],
): readonly LogRecord[] {
  if (records.length > 0) cycle.expect(records.at(-1)!.at);
  for (let i = 0; i < records.length; i++) {
    if (!cycle.add(records[i]!)) return records.slice(i);
    taken.push(records[i]!);
  }
  return [];
}
