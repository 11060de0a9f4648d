/**
 * What waits for one reader, whatever the transport. Sends at once while the reader keeps up; else keeps at most 1 MB, conflates what may
 * be conflated, and then gives the reader up: it may come back and resume. Never waits, never drops a frame that counts.
 *
 * A class, where the house writes factories: ten thousand idle readers share its functions. As closures they cost 1 KB each.
 */
import { conflate } from '../core/conflate.ts';
import { LIMITS } from '../core/feed-protocol.ts';
import { type FrameBatch, createBatch } from './frame-batch.ts';

/** How a kind of transport sends; one object for all its connections. */
export interface Outlet<S> {
  send(socket: S, bytes: Buffer): void;
  /** Bytes given to `send` and not yet taken by the network. */
  buffered(socket: S): number;
  encode(batch: FrameBatch): readonly Buffer[];
  /** Something waits from now on: `drain` is to be called with every tick. */
  behind(writer: ConnectionWriter<S>): void;
  tooSlow(socket: S): void;
}

/** Whether what a batch was made for is still subscribed to. */
export interface Standing {
  live: boolean;
}

type Item = { kind: 'reply'; bytes: Buffer } | { kind: 'batch'; batch: FrameBatch; size: number; standing: Standing };

/** Up to here more is handed to the socket: below it the socket may run dry between two ticks. */
const BEHIND_AT_BYTES = 256 * 1024;
const NOTHING: Item[] = [];
const ALWAYS: Standing = { live: true };

export class ConnectionWriter<S> {
  private readonly outlet: Outlet<S>;
  private readonly socket: S;
  private queue: Item[] = NOTHING;
  /** Bytes of the batches in the queue. */
  private queued = 0;
  /** Bytes of replies that wait, or may still be in the socket. They do not count against the reader: it asked for them. */
  private replies = 0;
  private given = false;

  constructor(outlet: Outlet<S>, socket: S) {
    this.outlet = outlet;
    this.socket = socket;
  }

  reply(text: string): void {
    const bytes = Buffer.from(text);
    if (this.outlet.buffered(this.socket) === 0 && this.queue.length === 0) this.replies = 0;
    this.replies += bytes.length;
    this.offer({ kind: 'reply', bytes });
  }

  push(batch: FrameBatch, standing: Standing = ALWAYS): void {
    this.offer({ kind: 'batch', batch, size: batch.size(), standing });
  }

  /** With every tick: true while something waits. */
  drain(): boolean {
    if (this.queue.length > 1) this.shrink();
    while (this.queue.length && this.outlet.buffered(this.socket) < BEHIND_AT_BYTES) this.send(this.queue.shift()!);
    if (this.queue.length === 0) this.queue = NOTHING;
    this.queued = sizeOf(this.queue);
    return this.queue.length > 0;
  }

  /** More than a reader's share waits: what it asks next can wait as well. */
  isFull(): boolean {
    return this.queue.length > 0 || this.outlet.buffered(this.socket) > LIMITS.unreadBytesMax;
  }

  private offer(item: Item): void {
    if (this.given) return;
    if (this.queue.length === 0 && this.outlet.buffered(this.socket) < BEHIND_AT_BYTES) this.send(item);
    else this.enqueue(item);
  }

  private send(item: Item): void {
    if (item.kind === 'reply') this.outlet.send(this.socket, item.bytes);
    else if (item.standing.live)
      for (const bytes of this.outlet.encode(item.batch)) this.outlet.send(this.socket, bytes);
  }

  private enqueue(item: Item): void {
    if (this.queue.length === 0) {
      this.queue = [];
      this.outlet.behind(this);
    }
    this.queue.push(item);
    if (item.kind === 'batch') this.queued += item.size;
    if (!this.isOver()) return;
    this.shrink();
    if (!this.isOver()) return;
    this.given = true;
    this.queue = NOTHING;
    this.outlet.tooSlow(this.socket);
  }

  private isOver(): boolean {
    const buffered = this.outlet.buffered(this.socket);
    return this.queued + Math.max(0, buffered - this.replies) > LIMITS.unreadBytesMax;
  }

  /** Neighbouring batches become one, in which only the newest frame of each key is left. */
  private shrink(): void {
    const after: Item[] = [];
    for (const item of this.queue) {
      const before = after.at(-1);
      if (item.kind === 'reply') after.push(item);
      else if (before?.kind === 'batch' && before.standing === item.standing)
        after[after.length - 1] = batchItem([...before.batch.frames, ...item.batch.frames], item.standing);
      else after.push(batchItem(item.batch.frames, item.standing));
    }
    this.queue = after;
    this.queued = sizeOf(after);
  }
}

function batchItem(frames: FrameBatch['frames'], standing: Standing): Item {
  const batch = createBatch(conflate(frames));
  return { kind: 'batch', batch, size: batch.size(), standing };
}

const sizeOf = (queue: readonly Item[]): number =>
  queue.reduce((sum, item) => sum + (item.kind === 'batch' ? item.size : 0), 0);
