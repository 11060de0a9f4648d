/** Snapshots of channels, each stamped with the position it is exactly true at: nothing after it is in it, nothing before it is missing. */
import type { Clock } from '@cairn/clock/clock.ts';
import { NO_FILTER } from '../core/board-filter.ts';
import type { Position } from '../core/cursor.ts';
import { presentJourney } from '../core/present-journey.ts';
import { unpackReferences } from '../core/references.ts';
import type { Projection } from '../core/show-change.ts';
import type { View } from './view.ts';

export interface Snapshot {
  position: Position;
  items: readonly object[];
  /** Over the limit: the rest is to be paged through the read API. */
  truncated: boolean;
}

/** A screen shows some hundred cards; 2,000 journeys are 4 MB. */
export const SNAPSHOT_ITEMS_MAX = 2_000;
/** Entries looked at for a snapshot: what a filter may cost. */
const SNAPSHOT_BUDGET = 50_000;

/** null: there is no such channel. */
export type TakeSnapshot = (workspace: string, projection: Projection) => Promise<Snapshot | null>;

export function createTakeSnapshot(view: View, clock: Clock, latestOps: () => object): TakeSnapshot {
  return async function takeSnapshot(workspace, projection) {
    const { channel, filter } = projection;
    if (channel.kind === 'ops')
      return { position: { offsets: new Map(), sub: 0 }, items: [latestOps()], truncated: false };
    if (channel.kind === 'journey') {
      // The row holds the state and the reference of the change that made it: they fit together without waiting.
      const head = view.journeys.head(workspace, channel.id);
      const journey = view.journeys.get(workspace, channel.id);
      if (!head || !journey) return null;
      const next = unpackReferences(head.references).list.at(-1)!.offset + 1n;
      const position = { offsets: new Map([[head.partition, next]]), sub: 0 };
      return { position, items: [presentJourney(journey, clock.now())], truncated: false };
    }
    // A list is read from what is committed, and so is its position, in one turn.
    await view.store.settle();
    const now = clock.now();
    const limits = { from: null, limit: SNAPSHOT_ITEMS_MAX, budget: SNAPSHOT_BUDGET };
    if (channel.kind === 'board') {
      const position = { offsets: view.committedOffsets('journeys'), sub: 0 };
      const { ids, next } = view.journeys.list(workspace, filter ?? NO_FILTER, { ...limits, now });
      const journeys = ids.map((id) => view.journeys.committed(workspace, id));
      const items = journeys.filter((journey) => journey !== undefined).map((journey) => presentJourney(journey, now));
      return { position, items, truncated: next !== null };
    }
    const position = { offsets: view.committedOffsets('alerts'), sub: 0 };
    const open = { state: UNRESOLVED, kind: null, owner: null, journeyId: null };
    const { ids, next } = view.alerts.list(workspace, open, limits);
    const alerts = ids.map((id) => view.alerts.committed(workspace, id)).filter((alert) => alert !== undefined);
    return { position, items: alerts, truncated: next !== null };
  };
}

const UNRESOLVED = ['open', 'acknowledged', 'snoozed'];
