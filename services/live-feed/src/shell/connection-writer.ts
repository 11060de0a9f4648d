/**
 * What waits for one reader, whatever the transport. Sends at once while the reader keeps up; else keeps at most 1 MB, conflates what may
 * be conflated, and then gives the reader up: it may come back and resume. Never waits, never drops a frame that counts.
 */
import { conflate } from '../core/conflate.ts';
import { LIMITS } from '../core/feed-protocol.ts';
import { type FrameBatch, createBatch } from './frame-batch.ts';

export interface ConnectionWriter {
  /** A reply. It does not count against the reader: it was asked for. */
  reply(text: string): void;
  /** `live`: whether the subscription still stands when the batch can be sent. */
  push(batch: FrameBatch, live?: () => boolean): void;
  /** With every tick: true while something waits. */
  drain(): boolean;
}

export interface Outlet {
  send(bytes: Buffer): void;
  /** Bytes given to `send` and not yet taken by the network. */
  buffered(): number;
  encode(batch: FrameBatch): readonly Buffer[];
  tooSlow(): void;
}

/** Up to here more is handed to the socket: below it the socket may run dry between two ticks. */
const BEHIND_AT_BYTES = 256 * 1024;

type Item = { kind: 'reply'; bytes: Buffer } | { kind: 'batch'; batch: FrameBatch; size: number; live: () => boolean };

export function createConnectionWriter(outlet: Outlet, onBehind: () => void): ConnectionWriter {
  let queue: Item[] = [];
  let queued = 0;
  /** Bytes of replies that may still be in the socket. */
  let replies = 0;
  let given = false;

  function send(item: Item): void {
    if (item.kind === 'reply') {
      replies += item.bytes.length;
      outlet.send(item.bytes);
    } else if (item.live()) for (const bytes of outlet.encode(item.batch)) outlet.send(bytes);
  }

  function isOver(): boolean {
    const buffered = outlet.buffered();
    if (buffered === 0) replies = 0;
    return queued + Math.max(0, buffered - replies) > LIMITS.unreadBytesMax;
  }

  /** Neighbouring batches become one, in which only the newest frame of each key is left. */
  function shrink(): void {
    const after: Item[] = [];
    for (const item of queue) {
      const before = after.at(-1);
      if (item.kind === 'batch' && before?.kind === 'batch' && before.live === item.live)
        after[after.length - 1] = batchItem([...before.batch.frames, ...item.batch.frames], item.live);
      else after.push(item.kind === 'batch' ? batchItem(item.batch.frames, item.live) : item);
    }
    queue = after;
    queued = sizeOf(queue);
  }

  function enqueue(item: Item): void {
    queue.push(item);
    if (item.kind === 'batch') queued += item.size;
    if (queue.length === 1) onBehind();
    if (!isOver()) return;
    shrink();
    if (isOver()) {
      given = true;
      queue = [];
      outlet.tooSlow();
    }
  }

  function offer(item: Item): void {
    if (given) return;
    if (queue.length === 0 && outlet.buffered() < BEHIND_AT_BYTES) send(item);
    else enqueue(item);
  }

  return {
    reply: (text) => offer({ kind: 'reply', bytes: Buffer.from(text) }),
    push(batch, live = ALWAYS) {
      offer({ kind: 'batch', batch, size: batch.size(), live });
    },
    drain() {
      if (queue.length > 1) shrink();
      while (queue.length && outlet.buffered() < BEHIND_AT_BYTES) send(queue.shift()!);
      queued = sizeOf(queue);
      return queue.length > 0;
    },
  };
}

const ALWAYS = (): boolean => true;

function batchItem(frames: FrameBatch['frames'], live: () => boolean): Item {
  const batch = createBatch(conflate(frames));
  return { kind: 'batch', batch, size: batch.size(), live };
}

const sizeOf = (queue: readonly Item[]): number =>
  queue.reduce((sum, item) => sum + (item.kind === 'batch' ? item.size : 0), 0);
