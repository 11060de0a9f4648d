/**
 * A journey's touchpoints, newest first. The newest are answered from the view's references (there within a second of being read), older ones
 * from the history where there is one. `TouchpointHistory` is the port that `packages/history` implements.
 */
import type { TouchpointItem } from '@cairn/contracts/generated/journey.ts';
import type { JourneyChanged } from '@cairn/contracts/generated/journey.ts';
import { decodeJson } from '@cairn/contracts/json.ts';
import { parseInstant } from '@cairn/clock/calendar.ts';
import { unpackReferences } from '../core/references.ts';
import { type TimelinePlace, decodePlace, encodePlace, isAfterPlace, placeOf } from '../core/timeline-place.ts';
import type { ReadRecords } from './read-records.ts';
import type { View } from './view.ts';

export interface TouchpointHistory {
  /**
   * Newest first by (timestamp, id); those of absorbed subjects included. `cursor`: base64url of `<timestamp ms>:<touchpoint id>`, the touchpoint
   * after which to go on; null: from the newest.
   */
  timeline(
    workspace: string,
    journey: { id: string; subjectId: string },
    page: { limit: number; cursor: string | null },
  ): Promise<TimelinePage>;
}

export interface TimelinePage {
  items: readonly TouchpointItem[];
  next: string | null;
}

/** 'bad-cursor': it cannot be read. null: no such journey. */
export type ReadTimeline = (
  workspace: string,
  journeyId: string,
  page: { limit: number; cursor: string | null },
) => Promise<TimelinePage | 'bad-cursor' | null>;

export function createReadTimeline(view: View, readRecords: ReadRecords, history?: TouchpointHistory): ReadTimeline {
  /** What the references of the journey, and of those it absorbed, still lead to. */
  async function kept(workspace: string, journeyId: string): Promise<TouchpointItem[]> {
    const items = new Map<string, TouchpointItem>();
    for (const id of [journeyId, ...view.journeys.absorbed(workspace, journeyId)]) {
      const head = view.journeys.head(workspace, id);
      if (!head) continue;
      const { partition } = head;
      const wanted = unpackReferences(head.references)
        .list.filter(({ marked }) => marked)
        .map(({ offset }) => ({ topic: 'journeys', partition, offset }));
      for (const record of await readRecords(wanted)) {
        const item = record?.value && (decodeJson(record.value) as JourneyChanged).touchpoint;
        if (item && !(item.personId && view.erasures.isErased(workspace, item.personId))) items.set(item.id, item);
      }
    }
    return [...items.values()];
  }

  /** The person who owns it now. */
  const owned = (workspace: string, item: TouchpointItem): TouchpointItem =>
    item.personId === null ? item : { ...item, personId: view.people.living(workspace, item.personId) };

  return async function readTimeline(workspace, journeyId, { limit, cursor }) {
    const journey = view.journeys.get(workspace, journeyId);
    if (!journey) return null;
    const place: TimelinePlace | null = cursor === null ? null : decodePlace(cursor);
    if (cursor !== null && !place) return 'bad-cursor';
    await view.store.settle();
    const recent = (await kept(workspace, journeyId)).filter(
      (item) => !place || isAfterPlace(placeOfItem(item), place),
    );
    const subject = { id: journeyId, subjectId: journey.subject.id };
    const older = history ? await history.timeline(workspace, subject, { limit: limit + 1, cursor }) : NOTHING;
    // The view's item wins: it says the direction that the definition decided.
    const known = new Map([...older.items, ...recent].map((item) => [item.id, item]));
    const items = [...known.values()].sort((a, b) => (isAfterPlace(placeOfItem(a), placeOfItem(b)) ? 1 : -1));
    const page = items.slice(0, limit);
    const more = items.length > limit || older.next !== null;
    return {
      items: page.map((item) => owned(workspace, item)),
      next: more && page.length ? encodePlace(placeOfItem(page.at(-1)!)) : null,
    };
  };
}

const NOTHING: TimelinePage = { items: [], next: null };

const placeOfItem = (item: TouchpointItem): TimelinePlace => placeOf(parseInstant(item.timestamp) ?? 0, item.id);
