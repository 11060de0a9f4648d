/**
 * The heart of live-feed: which frames a change of a journey or of an alert makes on a subscription. Pure; knows no client, no
 * socket and no cursor text. A record makes the same frames for whoever reads it now, later, or on another node.
 */
import type { AlertFact } from '@cairn/contracts/generated/alert.ts';
import type { JourneyChanged } from '@cairn/contracts/generated/journey.ts';
import type { ChangeHead } from '@cairn/contracts/journey-head.ts';
import { type BoardFilter, type JourneyCard, cardOf, passes } from './board-filter.ts';
import type { Channel } from './feed-protocol.ts';

/** A channel as it is looked at: everyone with the same one gets the same bytes. */
export interface Projection {
  channel: Channel;
  /** Of a board; null elsewhere. */
  filter: BoardFilter | null;
}

/** A fact at its place in the log. */
export type Change =
  | {
      type: 'journey';
      head: ChangeHead;
      /** The whole fact; parsed when it is asked for. */
      fact: () => JourneyChanged;
      /** The journey before, as far as it is known. */
      before: JourneyCard | null;
      partition: number;
      offset: bigint;
    }
  | { type: 'alert'; fact: AlertFact; partition: number; offset: bigint }
  /** Its person was erased: nothing is left of the journey but its id. */
  | { type: 'erased'; id: string; definition: string; at: number; partition: number; offset: bigint };

export interface Frame {
  partition: number;
  offset: bigint;
  /** Which frame of its record this is. */
  sub: number;
  /** Of how many. */
  of: number;
  type: string;
  /** Epoch ms. */
  at: number;
  data: object;
  /** On a board: the journey. A newer frame of the same key makes this one needless. null: every frame counts. */
  key: string | null;
  /** The journey no longer passes the board's filter. */
  left: boolean;
}

export function showChange(projection: Projection, change: Change): readonly Frame[] {
  const { channel, filter } = projection;
  if (change.type === 'erased') return erasedFrames(channel, change);
  switch (channel.kind) {
    case 'journey':
      return change.type === 'journey' && change.head.head.id === channel.id ? journeyFrames(change) : [];
    case 'board':
      return change.type === 'journey' ? boardFrames(filter, change) : [];
    case 'alerts':
      return change.type === 'alert' ? [frameOf(change, 0, 1, change.fact.type, change.fact.alert)] : [];
    case 'ops':
      return [];
  }
}

/** Told whatever the filter shows: nobody knows any more whether it passed. */
function erasedFrames(channel: Channel, change: Extract<Change, { type: 'erased' }>): readonly Frame[] {
  if (channel.kind !== 'board' && !(channel.kind === 'journey' && channel.id === change.id)) return [];
  const { id, definition, at, partition, offset } = change;
  const key = channel.kind === 'board' ? id : null;
  const data = { id, definition };
  return [{ partition, offset, sub: 0, of: 1, type: 'journey.erased', at, data, key, left: channel.kind === 'board' }];
}

/** The touchpoint first, then what it changed. */
function journeyFrames(change: Extract<Change, { type: 'journey' }>): readonly Frame[] {
  const { touchpoint, journey } = change.fact();
  if (!touchpoint) return [frameOf(change, 0, 1, 'journey.changed', journey)];
  return [frameOf(change, 0, 2, 'touchpoint', touchpoint), frameOf(change, 1, 2, 'journey.changed', journey)];
}

/** A journey that leaves what the filter shows is told once more, marked, so that no stale card stays on a screen. */
function boardFrames(filter: BoardFilter | null, change: Extract<Change, { type: 'journey' }>): readonly Frame[] {
  const { at, head } = change.head;
  const shown = !filter || passes(filter, cardOf(head), at);
  if (!shown && !(change.before && passes(filter, change.before, at))) return [];
  const frame = frameOf(change, 0, 1, 'journey.changed', change.fact().journey);
  frame.key = head.id;
  frame.left = !shown;
  return [frame];
}

function frameOf(
  change: Exclude<Change, { type: 'erased' }>,
  sub: number,
  of: number,
  type: string,
  data: object,
): Frame {
  const { partition, offset } = change;
  const { at } = change.type === 'journey' ? change.head : change.fact;
  return { partition, offset, sub, of, type, at, data, key: null, left: false };
}
