/**
 * Where a test or the simulator may break a log. Called at every await point of `append` and `commit`. Production passes none.
 * Must never decide anything but when to wait and when to throw.
 */
export interface FaultPoint {
  operation: 'append' | 'commit';
  /** `before` it is written (a throw means: nothing was written); `after` it was written, before the caller is told. */
  phase: 'before' | 'after';
  /** The task and partition of a commit. */
  task?: string;
  partition?: number;
}

export interface LogFaults {
  /** May throw (the caller sees `LogUnavailable`), return a promise (the caller waits), or crash the log it stands in. */
  at(point: FaultPoint): void | Promise<void>;
}
