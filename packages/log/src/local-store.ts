import type { Cycle, LogRecord, NewRecord, StateReader } from './log.ts';

/**
 * What the two logs without a broker (memory, LMDB) must provide; `local-log.ts` makes a `Log` of it. Reads are synchronous and
 * see what is committed. Offsets are plain numbers in here (2^53 records of one partition are out of a machine's reach).
 */
export interface LocalStore {
  /** See `Log.append`. */
  append(records: readonly NewRecord[]): Promise<void>;
  /** See `OwnedPartition.commit`; `Fenced` when `owner.epoch` is not the partition's newest. */
  commit(owner: Owner, cycle: Cycle): Promise<void>;
  /** Resolves when all that was committed before the call is durable. */
  flushed(): Promise<void>;
  /** Records from `from` (inclusive), or the oldest kept after it; at most `limits` (at least one record, however big). */
  records(topic: string, partition: number, from: number, limits: ReadLimits): LogRecord[];
  /** The oldest offset kept and the one after the last. */
  bounds(topic: string, partition: number): { oldest: number; next: number };
  state(task: string, partition: number): StateReader;
  position(task: string, partition: number): { nextOffset: bigint; logTime: number };
  groups: GroupStore;
  /** Resolves when records of one of the topics may have come, `waitMs` are over or a signal is aborted. */
  wait(topics: readonly string[], waitMs: number, ...signals: (AbortSignal | undefined)[]): Promise<void>;
  healthy(): boolean;
  /** True after a crash: nothing of this process moves any more. */
  halted(): boolean;
  close(): Promise<void>;
}

export interface ReadLimits {
  maxRecords: number;
  maxBytes: number;
}

/** Who commits: a taking of a partition, told apart by its epoch. */
export interface Owner {
  task: string;
  inbox: string;
  partition: number;
  epoch: number;
}

/** Who is a member of which task, and who holds which partition. Shared by all logs on one store. */
export interface GroupStore {
  newMemberId(): string;
  /** Puts the member at the end of the order; no change when it is there. */
  enter(task: string, member: string): Promise<void>;
  exit(task: string, member: string): Promise<void>;
  /** In the order of entering. */
  members(task: string): readonly string[];
  /**
   * Takes the partition and gives the new epoch: higher than all before, durably so. null while another living member holds it
   * (a change is told when that ends). A member that holds it already takes it anew.
   */
  take(task: string, partition: number, member: string): Promise<number | null>;
  /** No change when a newer epoch was taken. */
  release(task: string, partition: number, epoch: number): Promise<void>;
  /** Called after a change of members or holders. Returns how to stop. */
  onChange(task: string, listener: () => void): () => void;
}
