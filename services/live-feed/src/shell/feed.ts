/**
 * Subscribing, whatever the transport: register → position and snapshot (or what was missed) → live. A subscription is registered before
 * anything is read, and what comes in the meantime is merged by position, so no delay between the steps can make a hole or a double.
 */
import type { Clock } from '@cairn/clock/clock.ts';
import { type Position, decodeCursor, encodeCursor } from '../core/cursor.ts';
import { ERRORS, type FeedError, LIMITS } from '../core/feed-protocol.ts';
import { after, resume } from '../core/resume.ts';
import type { Frame, Projection } from '../core/show-change.ts';
import type { ChannelHistory } from './channel-history.ts';
import { type FrameBatch, type ShownFrame, createBatch, missedText, showFrame } from './frame-batch.ts';
import { type Hub, Overrun, type Subscription } from './hub.ts';
import type { TakeSnapshot } from './snapshot.ts';

export interface Feed {
  subscribe(request: SubscribeRequest): Promise<Subscribed | FeedError>;
  /** For `/live/history`. 'gone': 410. */
  history(request: SubscribeRequest & { limit: number }): Promise<HistoryPage | 'gone' | FeedError>;
}

export interface SubscribeRequest {
  workspace: string;
  epoch: string;
  projection: Projection;
  cursor: string | null;
  /** Without one the reply says only where the channel stands (SSE). */
  withSnapshot: boolean;
}

export interface Subscribed {
  cursor: string;
  recovered: boolean;
  missed: readonly ShownFrame[];
  /** A JSON array. */
  snapshot: string | null;
  truncated: boolean;
  /** To be called once the reply is on its way: what came meanwhile, then everything, goes to `deliver`. */
  start(deliver: (batch: FrameBatch) => void): void;
  leave: () => void;
}

/** JSON text of `/live/history`. */
export interface HistoryPage {
  text: string;
}

export interface FeedDeps {
  hub: Hub;
  history: ChannelHistory;
  takeSnapshot: TakeSnapshot;
  clock: Clock;
  /** Awaited between the steps; the tests put delays here. */
  between?: (step: 'registered' | 'read') => Promise<void>;
}

/** Over it a snapshot is cheaper for both sides. At least the 300 messages that are always recovered. */
const MISSED_RECORDS_MAX = 500;
/** A client may come from a node that has read a little more than this one. */
const CATCH_UP_WITHIN_MS = 2_000;
const CATCH_UP_STEP_MS = 20;
const ATTEMPTS_MAX = 3;

export function createFeed({ hub, history, takeSnapshot, clock, between }: FeedDeps): Feed {
  async function readUp(request: SubscribeRequest, position: Position): Promise<boolean> {
    for (let waited = 0; ; waited += CATCH_UP_STEP_MS) {
      const now = history.now(request.workspace, request.projection);
      if (!now) return false;
      if ([...position.offsets].every(([partition, next]) => next <= (now.offsets.get(partition) ?? 0n))) return true;
      if (waited >= CATCH_UP_WITHIN_MS) return false;
      await clock.sleep(CATCH_UP_STEP_MS);
    }
  }

  /** null: a position that cannot be honoured. */
  function positionOf({ epoch, projection, cursor, workspace }: SubscribeRequest): Position | null | FeedError {
    if (cursor === null) return null;
    const decoded = decodeCursor(cursor);
    if (!decoded) return ERRORS.badRequest;
    if (decoded.kind !== projection.channel.kind || decoded.epoch !== epoch || decoded.kind === 'ops') return null;
    // The cursor of another journey may lie in another partition.
    const now = decoded.kind === 'journey' ? history.now(workspace, projection) : null;
    if (now && ![...now.offsets.keys()].every((partition) => decoded.position.offsets.has(partition))) return null;
    return decoded.position;
  }

  async function recover(
    request: SubscribeRequest,
    position: Position,
    subscription: Subscription,
  ): Promise<Subscribed | null> {
    const { workspace, projection } = request;
    if (!(await readUp(request, position))) return null;
    const kept = await history.since(workspace, projection, position, MISSED_RECORDS_MAX);
    await between?.('read');
    if (kept === 'gone' || kept.more) return null;
    const resumed = resume<Frame>(position, kept, subscription.take());
    if (resumed === 'gap') return null;
    const missed = withCursors(request, position, resumed.missed);
    if (bytesOf(missed) > LIMITS.missedBytesMax) return null;
    return subscribed(request, subscription, resumed.position, {
      recovered: true,
      missed,
      snapshot: null,
      truncated: false,
    });
  }

  async function attempt(request: SubscribeRequest, position: Position | null): Promise<Subscribed | FeedError> {
    const { workspace, epoch, projection } = request;
    const subscription = hub.join(workspace, epoch, projection);
    try {
      await between?.('registered');
      const recovered = position && (await recover(request, position, subscription));
      if (recovered) return recovered;
      const nothing = { recovered: false, missed: [], snapshot: null, truncated: false };
      if (!request.withSnapshot) {
        const now = history.now(workspace, projection);
        if (now) return subscribed(request, subscription, now, nothing);
      } else {
        const found = await snapshotAndSince(request, subscription);
        if (found) return found;
      }
      subscription.leave();
      return ERRORS.unknownChannel;
    } catch (error) {
      subscription.leave();
      throw error;
    }
  }

  /** A shared snapshot is a little old: what came since is pushed right after the reply. */
  async function snapshotAndSince(request: SubscribeRequest, subscription: Subscription): Promise<Subscribed | null> {
    const { workspace, projection } = request;
    for (const fresh of [false, true]) {
      const snapshot = await takeSnapshot(workspace, projection, fresh);
      await between?.('read');
      if (!snapshot) return null;
      const { position, text, truncated } = snapshot;
      const answer = { recovered: false, missed: [], snapshot: text, truncated };
      if (projection.channel.kind === 'ops') return subscribed(request, subscription, position, answer);
      const kept = await history.since(workspace, projection, position, MISSED_RECORDS_MAX);
      if (kept === 'gone' || kept.more) continue;
      const resumed = resume<Frame>(position, kept, subscription.take());
      if (resumed === 'gap') continue;
      const since = withCursors(request, position, resumed.missed);
      return subscribed(request, subscription, position, answer, { frames: since, until: resumed.position });
    }
    // So much happens that it is always more than is kept: what was collected since the subscription began is enough.
    const snapshot = await takeSnapshot(workspace, projection, true);
    if (!snapshot) return null;
    const answer = { recovered: false, missed: [], snapshot: snapshot.text, truncated: snapshot.truncated };
    return subscribed(request, subscription, snapshot.position, answer);
  }

  return {
    async subscribe(request) {
      if (!history.now(request.workspace, request.projection)) return ERRORS.unknownChannel;
      const position = positionOf(request);
      if (position && 'code' in position) return position;
      for (let attempts = 1; ; attempts++) {
        try {
          return await attempt(request, position);
        } catch (error) {
          if (!(error instanceof Overrun) || attempts >= ATTEMPTS_MAX) throw error;
        }
      }
    },
    async history(request) {
      const { workspace, projection, limit } = request;
      const oldest = history.oldest(workspace, projection);
      if (!oldest) return ERRORS.unknownChannel;
      const position = request.cursor === null ? oldest : positionOf(request);
      if (position === null) return 'gone';
      if ('code' in position) return position;
      if (!(await readUp(request, position))) return 'gone';
      // A record makes at least one frame, so `limit` records are enough; a page may hold one frame more than asked for.
      const kept = await history.since(workspace, projection, position, limit);
      if (kept === 'gone') return 'gone';
      const resumed = resume<Frame>(position, kept, []);
      if (resumed === 'gap') return 'gone';
      const frames = withCursors(request, position, resumed.missed);
      const page = frames.slice(0, limit);
      const cut = page.length < frames.length;
      const next = cut ? page.at(-1)!.cursor : cursorOf(request, resumed.position);
      const upToDate = !cut && !kept.more;
      return { text: `{"items":[${page.map(missedText).join(',')}],"cursor":"${next}","upToDate":${upToDate}}` };
    },
  };
}

/** The `result` of a reply to `subscribe`. */
export function subscribedText(
  channel: string,
  { cursor, recovered, missed, snapshot, truncated }: Subscribed,
): string {
  const told = recovered ? `"missed":[${missed.map(missedText).join(',')}]` : `"snapshot":${snapshot ?? 'null'}`;
  const more = truncated ? ',"truncated":true' : '';
  return `{"channel":${JSON.stringify(channel)},"cursor":"${cursor}","recovered":${recovered},${told}${more}}`;
}

/** `since`: frames between the position of the answer and `until`, to be pushed right after the reply. */
function subscribed(
  request: SubscribeRequest,
  subscription: Subscription,
  position: Position,
  answer: Pick<Subscribed, 'recovered' | 'missed' | 'snapshot' | 'truncated'>,
  since: { frames: readonly ShownFrame[]; until: Position } = { frames: [], until: position },
): Subscribed {
  return {
    ...answer,
    cursor: cursorOf(request, position),
    start(deliver) {
      const rest = [...since.frames, ...after(since.until, subscription.take())];
      if (rest.length) deliver(createBatch(rest));
      subscription.start(deliver);
    },
    leave: subscription.leave,
  };
}

const cursorOf = ({ projection, epoch }: SubscribeRequest, position: Position): string =>
  encodeCursor(projection.channel.kind, epoch, position);

/** Each frame with the position after it, starting from where the client stands. */
function withCursors({ projection, epoch }: SubscribeRequest, from: Position, frames: readonly Frame[]): ShownFrame[] {
  let offsets = from.offsets;
  return frames.map((frame) => {
    offsets = new Map(offsets).set(frame.partition, frame.offset + 1n);
    return showFrame(projection.channel, epoch, frame, offsets);
  });
}

function bytesOf(frames: readonly ShownFrame[]): number {
  return createBatch(frames).size();
}
