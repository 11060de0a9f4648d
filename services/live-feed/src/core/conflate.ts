/** Keyed frames while a reader is behind: only the newest of each key is worth sending. Frames without a key are all kept. */
export interface Keyed {
  key: string | null;
}

/** Keeps the last of each key at its own (later) place, so that cursors keep rising in the order of sending. */
export function conflate<F extends Keyed>(frames: readonly F[]): F[] {
  const newest = new Map<string, number>();
  frames.forEach((frame, index) => {
    if (frame.key !== null) newest.set(frame.key, index);
  });
  return frames.filter((frame, index) => frame.key === null || newest.get(frame.key) === index);
}
