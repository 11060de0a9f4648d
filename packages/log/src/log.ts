/**
 * The log: the only way in which services talk. This is the port; `log.memory.ts`, `log.lmdb.ts` and `log.kafka.ts`
 * implement it, and `log.contract.ts` is the one suite that all three pass.
 *
 * Words: a *topic* has *partitions*; a partition is an ordered sequence of records with rising *offsets*; a *task* reads one
 * inbox topic, one writer a partition; a *cycle* is what a task makes durable as one.
 */

/** A record to write. The partition is always explicit: `partitionOf(key)` of the topic's table, never the client's choice. */
export interface NewRecord {
  topic: string;
  partition: number;
  key: string;
  /** null is a tombstone: on a compacted topic it removes the key. */
  value: Uint8Array | null;
  headers?: Readonly<Record<string, string>>;
}

/** A record that was read. Offsets are bigint, never numbers (Kafka's are 64 bit). */
export interface LogRecord {
  topic: string;
  partition: number;
  offset: bigint;
  /** Log time: epoch ms given by the log when the record was appended; never falls within a partition. */
  at: number;
  key: string;
  value: Uint8Array | null;
  headers: Readonly<Record<string, string>>;
}

/** Where a reader stands: opaque text, serialisable, resumes exactly. `'start'` is the oldest record kept, `'end'` is now. */
export type Cursor = string;

export interface Batch {
  /** In log order per partition; partitions may interleave. Only committed records. */
  records: readonly LogRecord[];
  /** The position after these records. */
  cursor: Cursor;
  /** True when, as this batch was read, nothing newer was committed. */
  caughtUp: boolean;
}

export interface NextOptions {
  maxRecords?: number;
  waitMs?: number;
  /** False: `caughtUp` may stay false. Whoever has caught up once spares the broker a question with each batch (a third of its requests at 200 changes a second). */
  askCaughtUp?: boolean;
  signal?: AbortSignal;
}

/** A read-only follower of all partitions of some topics: for sinks, views and the feed. */
export interface Follower {
  /** Waits up to `waitMs` (default 1,000) for records; an empty batch means nothing came. Rejects with `LogUnavailable` while the log is away; call again. */
  next(options?: NextOptions): Promise<Batch>;
  /** Records not read yet, over all partitions. */
  lag(): Promise<number>;
  /** The position after what `next` returned last. */
  cursor(): Cursor;
  close(): Promise<void>;
}

/** One durable entry of a task's state: bytes and the timers that belong to the key. */
export interface StateEntry {
  value: Uint8Array | null;
  /** purpose → due time (epoch ms, log time). */
  timers: Readonly<Record<string, number>>;
}

export interface StateChange {
  key: string;
  /** The whole new value. With `value: null` and no timers the key is removed (a tombstone on the changelog). */
  value: Uint8Array | null;
  /** All timers of the key after this cycle. */
  timers: Readonly<Record<string, number>>;
  /** As committed before it, where the writer knows: then they need not be looked up. */
  timersBefore?: Readonly<Record<string, number>>;
}

export interface DueTimer {
  key: string;
  purpose: string;
  dueAt: number;
}

/** A partition's committed state. Synchronous reads: handlers never wait. */
export interface StateReader {
  get(key: string): StateEntry | undefined;
  /** In key order for LMDB; in no promised order otherwise. */
  entries(prefix?: string): Iterable<[string, StateEntry]>;
  /** Up to `limit` timers with `dueAt <= before`, in order of (dueAt, key, purpose). */
  due(before: number, limit: number): DueTimer[];
  /** When the earliest timer is due; null when there is none. May be earlier than the truth (timers that moved later are re-armed lazily), never later. */
  nextDue(): number | null;
}

/** What a task makes durable as one: all of it, or nothing, whatever crashes. */
export interface Cycle {
  /** The inbox offset to go on from. */
  nextOffset: bigint;
  /** The partition's log time after this cycle (never falls). */
  logTime: number;
  state: readonly StateChange[];
  outputs: readonly NewRecord[];
}

/** One partition of a task's inbox, owned by this member alone. A newer owner fences this one. */
export interface OwnedPartition {
  readonly task: string;
  readonly inbox: string;
  readonly partition: number;
  /** Aborted when the partition is being taken away or the log closes: finish the cycle, return from `run`. */
  readonly signal: AbortSignal;
  /** The committed state, restored before `run` is called. */
  readonly state: StateReader;
  /** The committed position as restored or last committed. */
  position(): { nextOffset: bigint; logTime: number };
  /** Inbox records from the read position on (at first the committed one). Waits up to `waitMs`; empty means nothing came. */
  read(options: { maxRecords: number; waitMs: number; signal?: AbortSignal }): Promise<readonly LogRecord[]>;
  /** Inbox records that wait behind the read position. */
  backlog(): Promise<number>;
  /**
   * Makes the cycle durable as one and folds it into `state`. Rejects with `Fenced` when a newer owner took the partition
   * (nothing was written), with `LogUnavailable` on any other fault (whether it was written is unknown: the caller must
   * return from `run`; the log takes the partition again, which restores the truth). Nothing of an uncommitted cycle is
   * ever visible to a reader.
   */
  commit(cycle: Cycle): Promise<void>;
  /**
   * Where a log has it: `commit` resolves as soon as the cycle is visible and ordered, and this once every commit that
   * resolved before the call is on disk. Power lost in between loses whole cycles from the end, never one in the middle; so
   * await it before an effect leaves the process. Where it is absent, `commit` itself is durable.
   */
  flushed?(): Promise<void>;
  /** Appends to the own inbox outside of a cycle (results of effects, ticks). Durable when it resolves. */
  appendToInbox(
    records: readonly { key: string; value: Uint8Array; headers?: Readonly<Record<string, string>> }[],
  ): Promise<void>;
}

/** A member of a task's group: partitions of the inbox are shared among the members, each owned by one at a time. */
export interface Membership {
  owned(): readonly number[];
  /** Resolves when every partition assigned now is restored and running. */
  ready(): Promise<void>;
  /** Gives all partitions back, waits for their `run` to return, leaves the group. */
  leave(): Promise<void>;
}

export interface JoinOptions {
  task: string;
  inbox: string;
  /**
   * Called once for each partition taken, after its restore. Returns (resolves) when `owned.signal` is aborted or on a fault.
   * When it returns or rejects without the signal being aborted, the log takes the partition again after a pause.
   */
  run(owned: OwnedPartition): Promise<void>;
  /** Told of every fault that made a partition be taken again. */
  onFault?(fault: { partition: number; error: unknown }): void;
  /** Told again and again, for as long as a partition (null: the group itself) is not run here although it should be, and of what it waits for. */
  onWaiting?(waiting: Waiting): void;
}

export interface Waiting {
  partition: number | null;
  /** In words: `fencing`, `restoring`. */
  stage: string;
  seconds: number;
}

export interface Log {
  /** Resolves once all records are durable; rejects with `LogUnavailable` when they may not be (some may be: retry with the same ids). */
  append(records: readonly NewRecord[]): Promise<void>;
  /** Follows from the cursor. A cursor that fell out of retention goes on at the oldest record kept. */
  follow(topics: readonly string[], cursor: Cursor): Promise<Follower>;
  /** A bounded read of one partition from an offset (inclusive), committed records only: for resume and audits. */
  read(topic: string, partition: number, fromOffset: bigint, maxRecords: number): Promise<readonly LogRecord[]>;
  /** For each partition the offset after its last committed record, and the oldest one kept. */
  offsets(topic: string): Promise<readonly { partition: number; oldest: bigint; next: bigint }[]>;
  join(options: JoinOptions): Promise<Membership>;
  /**
   * Where a task stands in its inbox: for each partition the offset that it will handle next, 0 where it never was. For whoever shows what
   * waits: on Kafka it may be a few seconds old, so never decide anything by it.
   */
  positions(task: string, inbox: string): Promise<readonly bigint[]>;
  /** Number of partitions of a topic on this log. */
  partitions(topic: string): number;
  /** False while the log cannot take writes (broker away, disk full). */
  healthy(): boolean;
  close(): Promise<void>;
}

/** What a log must know of a topic before it is used. `packages/contracts/src/topics.ts` has the table. */
export interface TopicConfig {
  name: string;
  partitions: number;
  cleanup: 'delete' | 'compact';
  /** null: for ever. */
  retentionMs: number | null;
  minCompactionLagMs?: number;
}

/** A newer owner has taken the partition; this one must stop. */
export class Fenced extends Error {
  override name = 'Fenced';
}

/** A passing fault: the broker is away, the disk is full. Try again; nothing acknowledged was lost. */
export class LogUnavailable extends Error {
  override name = 'LogUnavailable';
}
