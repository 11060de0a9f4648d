/**
 * Resuming as a merge without I/O: from where a client stands, what was kept and what came in the meantime, decides what it
 * missed, or that nobody can know any more ("gap": it takes a snapshot). Never guesses: a hole in what was kept is a gap.
 */
import { type Offsets, type Position, isBefore } from './cursor.ts';

/** Where something stands in a channel: the frame `sub` of a record, of `of` frames. */
export interface Place {
  partition: number;
  offset: bigint;
  sub: number;
  of: number;
}

export interface History<F extends Place> {
  /** The kept frames, in the log's order within each partition. Those before the position may be left out. */
  frames: readonly F[];
  /** Partition → the offset from which on nothing is missing. Absent: from the start. */
  completeFrom: Offsets;
  /** What `frames` goes up to, everything before it included. */
  until: Offsets;
}

export type Resumed<F extends Place> =
  | {
      /** To be told in the reply. */
      missed: readonly F[];
      /** To be pushed right after it. */
      then: readonly F[];
      position: Position;
    }
  | 'gap';

/** `live`: what came since the subscription was registered; it may overlap with the history. */
export function resume<F extends Place>(position: Position, history: History<F>, live: readonly F[]): Resumed<F> {
  for (const [partition, from] of history.completeFrom)
    if ((position.offsets.get(partition) ?? 0n) < from) return 'gap';
  // From the future: another log, or a node that has read less than the one before. Better a snapshot than silence.
  for (const [partition, next] of position.offsets) if (next > (history.until.get(partition) ?? 0n)) return 'gap';
  const missed = history.frames.filter((frame) => !isBefore(frame.partition, frame.offset, frame.sub, position));
  const until: Position = { offsets: history.until, sub: 0 };
  return { missed, then: after(until, live), position: until };
}

/** What of `live` a client does not know that was told everything up to `position`. */
export function after<F extends Place>(position: Position, live: readonly F[]): readonly F[] {
  return live.filter((frame) => !isBefore(frame.partition, frame.offset, frame.sub, position));
}

/** The position after a frame, in its partition: after the last frame of a record, the next record. */
export function positionAfter(frame: Place): { offset: bigint; sub: number } {
  return frame.sub + 1 >= frame.of
    ? { offset: frame.offset + 1n, sub: 0 }
    : { offset: frame.offset, sub: frame.sub + 1 };
}
