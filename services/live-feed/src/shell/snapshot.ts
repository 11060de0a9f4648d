/**
 * Snapshots of channels, each stamped with the position it is exactly true at: nothing after it is in it, nothing before it is missing.
 * Those of a whole workspace are read in turns (as of one moment) and shared for a second: a thousand boards that open at once cost one.
 */
import type { Clock } from '@cairn/clock/clock.ts';
import { NO_FILTER, filterKey } from '../core/board-filter.ts';
import type { Position } from '../core/cursor.ts';
import { presentJourney } from '../core/present-journey.ts';
import { unpackReferences } from '../core/references.ts';
import type { Projection } from '../core/show-change.ts';
import { createGenerations } from './generations.ts';
import type { View } from './view.ts';

export interface Snapshot {
  position: Position;
  /** A JSON array. */
  text: string;
  /** Over the limit: the rest is to be paged through the read API. */
  truncated: boolean;
}

/** null: there is no such channel. `fresh`: at least as new as now; else it may be a second old, and what came since is to be added. */
export type TakeSnapshot = (workspace: string, projection: Projection, fresh: boolean) => Promise<Snapshot | null>;

/** A screen shows some hundred cards; 2,000 journeys are 4 MB. */
export const SNAPSHOT_ITEMS_MAX = 2_000;
/** Entries looked at for a snapshot: what a filter may cost. */
const SNAPSHOT_BUDGET = 50_000;
/** Some 4 ms of parsing. */
const ITEMS_A_TURN = 200;
const SHARED_MS = 1_000;
/** Some MB each. */
const SHARED_MAX = 20;
const UNRESOLVED = ['open', 'acknowledged', 'snoozed'];

export function createTakeSnapshot(view: View, clock: Clock, latestOps: (workspace: string) => object): TakeSnapshot {
  const shared = createGenerations<{ at: number; snapshot: Promise<Snapshot> }>(SHARED_MAX);

  /** The row holds the state and the reference of the change that made it: they fit together without waiting. */
  function ofJourney(workspace: string, id: string): Snapshot | null {
    const head = view.journeys.head(workspace, id);
    const journey = view.journeys.get(workspace, id);
    if (!head || !journey) return null;
    const next = unpackReferences(head.references).list.at(-1)!.offset + 1n;
    const position = { offsets: new Map([[head.partition, next]]), sub: 0 };
    return { position, text: JSON.stringify([presentJourney(journey, clock.now())]), truncated: false };
  }

  async function ofWorkspace(workspace: string, { channel, filter }: Projection): Promise<Snapshot> {
    await view.store.settle();
    return view.store.reading(async (at) => {
      const now = clock.now();
      const limits = { from: null, limit: SNAPSHOT_ITEMS_MAX, budget: SNAPSHOT_BUDGET, at };
      const board = channel.kind === 'board';
      const position = { offsets: view.committedOffsets(board ? 'journeys' : 'alerts', at), sub: 0 };
      const { ids, next } = board
        ? view.journeys.list(workspace, filter ?? NO_FILTER, { ...limits, now })
        : view.alerts.list(workspace, { state: UNRESOLVED, kind: null, owner: null, journeyId: null }, limits);
      const texts: string[] = [];
      for (const [index, id] of ids.entries()) {
        if (index && index % ITEMS_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
        const item = board ? view.journeys.committed(workspace, id, at) : view.alerts.committed(workspace, id, at);
        if (item) texts.push(JSON.stringify('stage' in item && 'pace' in item ? presentJourney(item, now) : item));
      }
      return { position, text: `[${texts.join(',')}]`, truncated: next !== null };
    });
  }

  return async function takeSnapshot(workspace, projection, fresh) {
    const { channel, filter } = projection;
    if (channel.kind === 'ops')
      return {
        position: { offsets: new Map(), sub: 0 },
        text: JSON.stringify([latestOps(workspace)]),
        truncated: false,
      };
    if (channel.kind === 'journey') return ofJourney(workspace, channel.id);
    const key = `${workspace}/${channel.kind}/${filter ? filterKey(filter) : ''}`;
    const kept = shared.get(key);
    if (kept && !fresh && clock.monotonic() - kept.at < SHARED_MS) return kept.snapshot;
    const snapshot = ofWorkspace(workspace, projection);
    shared.set(key, { at: clock.monotonic(), snapshot });
    snapshot.catch(() => shared.delete(key));
    return snapshot;
  };
}
