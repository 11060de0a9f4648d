/**
 * Who watches what: workspace → projections (channel and filter) → subscriptions. Frames are made and encoded once per projection and
 * handed out as batches, every `FLUSH_EVERY_MS` at most; the first after a pause goes out at once. Never looks across workspaces.
 */
import type { Clock } from '@cairn/clock/clock.ts';
import { filterKey } from '../core/board-filter.ts';
import type { Offsets } from '../core/cursor.ts';
import { type Change, type Frame, type Projection, showChange } from '../core/show-change.ts';
import { type FrameBatch, type ShownFrame, createBatch, showFrame } from './frame-batch.ts';

export interface Hub {
  /** Starts to collect frames for a new subscriber, from now on. */
  join(workspace: string, epoch: string, projection: Projection): Subscription;
  /** `offsets`: where the topic stands after this change. `bytes`: about how long its frames are. */
  publish(workspace: string, change: Change, offsets: Offsets, bytes: number): void;
  /** A frame that is no change of the log, to the subscribers of each workspace's `ops` channel. */
  publishOps(dataOf: (workspace: string) => object): void;
  /** To be called after a run of `publish`: hands out now, or with the next tick. */
  settle(): void;
  /** Those whose `ops` channel somebody watches. */
  opsWorkspaces(): string[];
  /** Called with every tick while it returns true (slow readers). */
  onTick(callback: () => boolean): void;
  /** Some reader did not take everything in the last flush. */
  isBehind(): boolean;
  counts(): { subscriptions: number; projections: number; frames: number };
  stop(): void;
}

export interface Subscription {
  /** Frames since `join`. Then everything goes to `deliver`. To be called once. */
  take(): readonly ShownFrame[];
  start(deliver: (batch: FrameBatch) => void): void;
  leave: () => void;
}

/** One flush for all: at 200 changes/s and 1,000 boards it makes 40 writes a second and board out of 200. */
export const FLUSH_EVERY_MS = 25;
/** Of one projection: then it goes out at once. A batch near the limit of unread bytes would make every reader look slow. */
const FLUSH_AT_BYTES = 128 * 1024;
/** What a subscriber may miss while its snapshot is read; past it the oldest are dropped and `take` says so by throwing. */
const BUFFERED_FRAMES_MAX = 2_000;

interface Group {
  workspace: string;
  epoch: string;
  projection: Projection;
  open: ShownFrame[];
  openBytes: number;
  joining: Set<{ frames: ShownFrame[]; overrun: boolean }>;
  live: Set<(batch: FrameBatch) => void>;
}

export function createHub(clock: Clock): Hub {
  const workspaces = new Map<string, Map<string, Group>>();
  const dirty = new Set<Group>();
  const tickers: (() => boolean)[] = [];
  let lastFlush = -Infinity;
  let cancel: (() => void) | null = null;
  let stopped = false;
  let full = false;
  let behind = false;
  let subscriptions = 0;
  let frames = 0;

  function handOut(group: Group): void {
    dirty.delete(group);
    if (group.open.length === 0) return;
    const shown = group.open;
    group.open = [];
    group.openBytes = 0;
    for (const waiting of group.joining) {
      if (waiting.frames.length + shown.length > BUFFERED_FRAMES_MAX) waiting.overrun = true;
      else waiting.frames.push(...shown);
    }
    if (group.live.size === 0) return;
    const batch = createBatch(shown);
    for (const deliver of group.live) deliver(batch);
  }

  function flush(): void {
    cancel?.();
    cancel = null;
    full = false;
    lastFlush = clock.monotonic();
    for (const group of dirty) handOut(group);
    behind = false;
    for (const tick of tickers) behind = tick() || behind;
    if (behind) schedule(FLUSH_EVERY_MS);
  }

  function schedule(ms: number): void {
    if (!cancel && !stopped) cancel = clock.after(ms, flush);
  }

  function settle(): void {
    if (dirty.size === 0 && !tickers.length) return;
    const wait = lastFlush + FLUSH_EVERY_MS - clock.monotonic();
    if (wait <= 0 || full) flush();
    else schedule(wait);
  }

  function show(group: Group, shown: readonly Frame[], offsets: Offsets, bytes: number): void {
    if (shown.length === 0) return;
    for (const frame of shown) group.open.push(showFrame(group.projection.channel, group.epoch, frame, offsets));
    frames += shown.length;
    group.openBytes += bytes;
    if (group.openBytes >= FLUSH_AT_BYTES) full = true;
    dirty.add(group);
  }

  return {
    join(workspace, epoch, projection) {
      let groups = workspaces.get(workspace);
      if (!groups) workspaces.set(workspace, (groups = new Map<string, Group>()));
      const key = keyOf(projection);
      let group = groups.get(key);
      if (!group)
        groups.set(
          key,
          (group = { workspace, epoch, projection, open: [], openBytes: 0, joining: new Set(), live: new Set() }),
        );
      // What was published before belongs to those who were here before.
      handOut(group);
      subscriptions++;
      return subscriptionOf(group, key);
    },
    publish(workspace, change, offsets, bytes) {
      const groups = workspaces.get(workspace);
      if (!groups) return;
      if (change.type !== 'alert') {
        const id = change.type === 'journey' ? change.head.head.id : change.id;
        const group = groups.get(`journey:${id}`);
        if (group) show(group, showChange(group.projection, change), offsets, bytes);
        for (const [key, board] of groups)
          if (key.startsWith('board')) show(board, showChange(board.projection, change), offsets, bytes);
      } else {
        const group = groups.get('alerts');
        if (group) show(group, showChange(group.projection, change), offsets, bytes);
      }
    },
    publishOps(dataOf) {
      for (const [workspace, groups] of workspaces) {
        const group = groups.get('ops');
        if (group) show(group, [opsFrame(dataOf(workspace), clock.now())], NOWHERE, 0);
      }
      settle();
    },
    settle,
    opsWorkspaces: () => [...workspaces].flatMap(([workspace, groups]) => (groups.has('ops') ? [workspace] : [])),
    isBehind: () => behind,
    onTick: (callback) => void tickers.push(callback),
    counts: () => ({
      subscriptions,
      projections: [...workspaces.values()].reduce((sum, groups) => sum + groups.size, 0),
      frames,
    }),
    stop() {
      stopped = true;
      cancel?.();
    },
  };

  function subscriptionOf(group: Group, key: string): Subscription {
    const waiting = { frames: [] as ShownFrame[], overrun: false };
    let live: ((batch: FrameBatch) => void) | null = null;
    group.joining.add(waiting);
    return {
      take() {
        handOut(group);
        if (waiting.overrun) throw new Overrun();
        return waiting.frames;
      },
      start(deliver) {
        handOut(group);
        group.joining.delete(waiting);
        live = deliver;
        group.live.add(deliver);
      },
      leave() {
        if (!group.joining.delete(waiting) && !(live && group.live.delete(live))) return;
        subscriptions--;
        if (group.joining.size || group.live.size) return;
        const groups = workspaces.get(group.workspace);
        groups?.delete(key);
        if (groups?.size === 0) workspaces.delete(group.workspace);
        dirty.delete(group);
      },
    };
  }
}

/** More came while a subscription was set up than is kept for it: set it up again. */
export class Overrun extends Error {
  override name = 'Overrun';
}

const NOWHERE: Offsets = new Map();

const keyOf = ({ channel, filter }: Projection): string =>
  filter ? `${channel.name}?${filterKey(filter)}` : channel.name;

const opsFrame = (data: object, at: number): Frame => ({
  partition: 0,
  offset: 0n,
  sub: 0,
  of: 1,
  type: 'ops',
  at,
  data,
  key: 'ops',
  left: false,
});
