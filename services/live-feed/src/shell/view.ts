/**
 * The view: the current state of every journey, alert, person and dead letter, with the place in the log it was made at. Rebuildable:
 * whoever deletes its folder only makes live-feed read the topics again. Applies facts; decides nothing about clients.
 */
import type { Clock } from '@cairn/clock/clock.ts';
import type { Logger } from 'pino';
import { type ViewActions, createViewActions } from './view-actions.ts';
import { type ViewAlerts, createViewAlerts } from './view-alerts.ts';
import { type ViewBudgets, createViewBudgets } from './view-budgets.ts';
import { type ViewDeadLetters, createViewDeadLetters } from './view-dead-letters.ts';
import { type ViewErasures, createViewErasures } from './view-erase.ts';
import { type ViewJourneys, createViewJourneys } from './view-journeys.ts';
import { type ViewPeople, createViewPeople } from './view-people.ts';
import { type ViewRings, createViewRings } from './view-rings.ts';
import { type ViewStore, openViewStore } from './view-store.ts';
import type { ReadAt } from './view-table.ts';

export interface View {
  journeys: ViewJourneys;
  alerts: ViewAlerts;
  actions: ViewActions;
  budgets: ViewBudgets;
  people: ViewPeople;
  deadLetters: ViewDeadLetters;
  erasures: ViewErasures;
  rings: ViewRings;
  /** Topic → partition → offset of the record that comes next, all that was applied included. A new map for each change. */
  offsets(topic: string): ReadonlyMap<number, bigint>;
  /** As of the last committed write: stamps what was read from ranges. */
  committedOffsets(topic: string, at?: ReadAt): ReadonlyMap<number, bigint>;
  /** Notes that a record was applied. */
  passed(topic: string, partition: number, offset: bigint): void;
  store: ViewStore;
}

/** `origin`: see `openViewStore`. */
export function openView(path: string, origin: string, clock: Clock, logger: Logger): View {
  const store = openViewStore(path, origin, clock, logger);
  const places = store.table<string>('places', 'json');
  const offsets = new Map<string, ReadonlyMap<number, bigint>>();

  function committedOffsets(topic: string, at?: ReadAt): ReadonlyMap<number, bigint> {
    const found = new Map<number, bigint>();
    for (const { key, value } of places.range({ start: [topic, 0], end: [topic, Infinity], at }))
      found.set(key[1] as number, BigInt(value));
    return found;
  }

  function offsetsOf(topic: string): ReadonlyMap<number, bigint> {
    let found = offsets.get(topic);
    if (!found) offsets.set(topic, (found = committedOffsets(topic)));
    return found;
  }
  const parts = {
    alerts: createViewAlerts(store),
    actions: createViewActions(store),
    people: createViewPeople(store),
    deadLetters: createViewDeadLetters(store),
  };
  return {
    store,
    journeys: createViewJourneys(store),
    ...parts,
    budgets: createViewBudgets(store),
    erasures: createViewErasures(store, parts),
    rings: createViewRings(store),
    offsets: offsetsOf,
    committedOffsets,
    passed(topic, partition, offset) {
      const next = offset + 1n;
      const before = offsetsOf(topic);
      if ((before.get(partition) ?? 0n) >= next) return;
      const after = new Map(before).set(partition, next);
      // In the order of the partitions, so that one position has one text on every node.
      offsets.set(topic, before.has(partition) ? after : new Map([...after].sort(([a], [b]) => a - b)));
      places.put([topic, partition], String(next));
    },
  };
}
