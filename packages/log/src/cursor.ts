/**
 * The text of a follower's position: a JSON object, topic → next offset of each partition, offsets as decimal text. Opaque to
 * everyone else. Must never be written by hand or compared by anyone.
 */
export class InvalidCursor extends Error {
  override name = 'InvalidCursor';
}

/** topic → next offset, by partition. */
export type Positions = Map<string, bigint[]>;

export function encodeCursor(positions: Positions): string {
  const plain: Record<string, string[]> = {};
  for (const [topic, offsets] of positions) plain[topic] = offsets.map(String);
  return JSON.stringify(plain);
}

/** Throws `InvalidCursor` on anything that `encodeCursor` did not write. */
export function decodeCursor(cursor: string): Positions {
  let plain: unknown;
  try {
    plain = JSON.parse(cursor);
  } catch {
    throw new InvalidCursor('the cursor is not a position in the log');
  }
  if (typeof plain !== 'object' || plain === null || Array.isArray(plain))
    throw new InvalidCursor('the cursor is not a position in the log');
  const positions: Positions = new Map();
  for (const [topic, offsets] of Object.entries(plain)) {
    if (!Array.isArray(offsets) || !offsets.every((offset) => typeof offset === 'string' && /^\d{1,19}$/.test(offset)))
      throw new InvalidCursor(`the cursor's offsets of ${JSON.stringify(topic)} are not offsets`);
    positions.set(
      topic,
      offsets.map((offset) => BigInt(offset as string)),
    );
  }
  return positions;
}

/** Whether everything of the topic before these offsets was handed out before the cursor. A partition that the cursor does not know was not. */
export function hasPassed(
  cursor: string,
  topic: string,
  ends: readonly { partition: number; next: bigint }[],
): boolean {
  const positions = decodeCursor(cursor).get(topic) ?? [];
  return ends.every(({ partition, next }) => next === 0n || (positions[partition] ?? -1n) >= next);
}
