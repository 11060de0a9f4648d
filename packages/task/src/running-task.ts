/** The types around `runTask`: what it is told, and what it tells. The contract of the handlers themselves is in task.ts. */

import type { Waiting } from '@cairn/log/log.ts';

/** Bounds of one commit cycle. A cycle that reaches any of them is committed, and the next one goes on. */
export interface CycleLimits {
  maxRecords: number;
  /** Bytes of input and output values together. */
  maxBytes: number;
  /** Milliseconds spent in handlers before the commit starts. */
  maxMs: number;
  /** Timers looked up (and so at most fired or re-armed) at once. */
  maxTimers: number;
}

export interface RunTaskOptions {
  /** Number of partitions of an output topic; default: what the log says. */
  topicPartitions?: (topic: string) => number;
  /** Overrides of single limits; see `DEFAULT_LIMITS` in commit-cycle.ts. */
  limits?: Partial<CycleLimits>;
  /** Effects of this task done at once, over all partitions; default 256. */
  effectConcurrency?: number;
  /** How long `stop` and a hand-over wait for effects that are under way before they are aborted (ms); default 3,000. */
  effectGraceMs?: number;
  /** Bytes of parsed state kept between cycles, a partition; default 16 MiB. */
  cacheBytes?: number;
  /** An idle partition looks at the clock at least this often (ms); default 10,000. */
  idleWaitMs?: number;
  onCommit?(commit: CommitReport): void;
  onFault?(fault: { partition: number; error: unknown }): void;
  /** A partition (null: the group) waits for something; see `JoinOptions.onWaiting`. */
  onWaiting?(waiting: Waiting): void;
  onParked?(parked: { partition: number; reason: string; error: string; deadLetterId: string }): void;
  /** An effect's runner threw; it will be tried again. */
  onEffectFault?(fault: { partition: number; effectId: string; type: string; attempt: number; error: unknown }): void;
}

export interface CommitReport {
  partition: number;
  /** Inbox records handled in this cycle. */
  records: number;
  timersFired: number;
  outputs: number;
  effects: number;
  /** From the first handler call to the commit's return. */
  durationMs: number;
  /** Of which the commit. */
  commitMs: number;
}

export interface PartitionStatus {
  partition: number;
  /** The offset that the next cycle starts at. */
  committedOffset: bigint;
  /** Inbox records not handled yet. */
  backlog: number;
  /** Log time (epoch ms) after the last commit. */
  logTime: number;
  /** How far the partition is behind: 0 when nothing waits, else the time since it was last level or the age of what it handled last, whichever is less. */
  lagSeconds: number;
  /** Epoch ms; null before the first commit of this process. */
  lastCommitAt: number | null;
  /** Effects committed and not answered yet. */
  pendingEffects: number;
}

export interface RunningTask {
  readonly name: string;
  /** Resolves when every partition assigned now is restored and running. */
  ready(): Promise<void>;
  /** The same as a question, for /readyz. */
  isReady(): boolean;
  status(): Promise<readonly PartitionStatus[]>;
  /** Finishes the cycles under way, waits for effects (at most `effectGraceMs`), gives the partitions back. */
  stop(): Promise<void>;
}
