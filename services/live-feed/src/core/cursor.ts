/**
 * Cursors of the feed. A position says, for each partition of the channel's topic, which record comes next: it is made of the
 * log's own offsets, so it means the same on every node and after every restart, whatever order a node read the partitions in.
 * `sub` counts the frames of that next record that were already seen (a record of a journey may make two). Opaque to clients.
 */
export type ChannelKind = 'journey' | 'board' | 'alerts' | 'ops';

/** Partition → offset of the record that comes next. A partition that is absent stands at its start. */
export type Offsets = ReadonlyMap<number, bigint>;

export interface Position {
  offsets: Offsets;
  /** Only a position in a single partition may have one. */
  sub: number;
}

export interface DecodedCursor {
  kind: ChannelKind;
  epoch: string;
  position: Position;
}

const LETTERS: Readonly<Record<ChannelKind, string>> = { journey: 'j', board: 'b', alerts: 'a', ops: 'o' };
const KINDS: Readonly<Record<string, ChannelKind>> = { j: 'journey', b: 'board', a: 'alerts', o: 'ops' };
/** Kafka's offsets are 64 bit. */
const OFFSET_MAX = 2n ** 63n - 1n;
/** No topic has more; a longer cursor is none of ours. */
const PARTITIONS_MAX = 1_024;

/** Letters, digits, `.`, `-`, `_` and nothing else: fits a URL, a header and an SSE id. */
export function encodeCursor(kind: ChannelKind, epoch: string, position: Position): string {
  const entries: string[] = [];
  for (const [partition, offset] of position.offsets) entries.push(`${partition}-${offset.toString(36)}`);
  return `${LETTERS[kind]}.${epoch}.${entries.join('_')}.${position.sub}`;
}

/** null: this is no cursor of ours. */
export function decodeCursor(text: string): DecodedCursor | null {
  const [letter, epoch, entries, sub, ...rest] = text.split('.');
  const kind = KINDS[letter ?? ''];
  if (!kind || !epoch || entries === undefined || sub === undefined || rest.length) return null;
  if (!/^[0-9]$/.test(sub)) return null;
  const offsets = new Map<number, bigint>();
  for (const entry of entries === '' ? [] : entries.split('_')) {
    const match = /^(\d{1,4})-([0-9a-z]{1,13})$/.exec(entry);
    const partition = Number(match?.[1]);
    const offset = match ? parseBase36(match[2]!) : null;
    if (offset === null || partition >= PARTITIONS_MAX || offsets.has(partition)) return null;
    offsets.set(partition, offset);
  }
  return { kind, epoch, position: { offsets, sub: Number(sub) } };
}

/** Whether the frame `sub` of a record has been seen by whoever stands at the position. */
export function isBefore(partition: number, offset: bigint, sub: number, position: Position): boolean {
  const next = position.offsets.get(partition);
  return next !== undefined && (offset < next || (offset === next && sub < position.sub));
}

function parseBase36(text: string): bigint | null {
  let value = 0n;
  for (const digit of text) value = value * 36n + BigInt(parseInt(digit, 36));
  return value <= OFFSET_MAX ? value : null;
}
