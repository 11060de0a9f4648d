/**
 * What a channel has said: found by the references that the view keeps, read from memory or from the log. Serves resuming and the HTTP catch-up. The
 * same on every node and after every restart, because a reference is a place in the log.
 */
import { headOfChange } from '@cairn/contracts/journey-head.ts';
import { journeyId } from '@cairn/contracts/ids.ts';
import { decodeJson } from '@cairn/contracts/json.ts';
import type { AlertFact } from '@cairn/contracts/generated/alert.ts';
import type { JourneyChanged } from '@cairn/contracts/generated/journey.ts';
import type { LogRecord } from '@cairn/log/log.ts';
import { type JourneyCard, cardOf, passes } from '../core/board-filter.ts';
import type { Offsets, Position } from '../core/cursor.ts';
import { unpackReferences } from '../core/references.ts';
import type { History } from '../core/resume.ts';
import { type Change, type Frame, type Projection, showChange } from '../core/show-change.ts';
import type { ReadRecords, Wanted } from './read-records.ts';
import type { View } from './view.ts';

export interface ChannelHistory {
  /**
   * The frames from the position on, at most those of `recordsMax` records (`more`: there are others; `until` then stops short of them).
   * 'gone': something in between can no longer be read.
   */
  since(
    workspace: string,
    projection: Projection,
    position: Position,
    recordsMax: number,
  ): Promise<(History<Frame> & { more: boolean }) | 'gone'>;
  /** Where the channel stands now; null: there is no such channel. */
  now(workspace: string, projection: Projection): Position | null;
  /** The oldest position from which `since` is complete. */
  oldest(workspace: string, projection: Projection): Position | null;
}

interface Kept {
  wanted: Wanted[];
  completeFrom: Offsets;
  until: Offsets;
}

export function createChannelHistory(view: View, readRecords: ReadRecords): ChannelHistory {
  /** All references of the channel, in the log's order within each partition. */
  function keptOf(workspace: string, { channel }: Projection): Kept | null {
    if (channel.kind === 'ops') return { wanted: [], completeFrom: new Map(), until: new Map() };
    if (channel.kind === 'journey') {
      const head = view.journeys.head(workspace, channel.id);
      if (!head) return null;
      const { partition, references } = head;
      const { list, completeFrom } = unpackReferences(references);
      const wanted = list.map(({ offset }) => ({ topic: 'journeys', partition, offset }));
      const next = (list.at(-1)?.offset ?? -1n) + 1n;
      return { wanted, completeFrom: new Map([[partition, completeFrom]]), until: new Map([[partition, next]]) };
    }
    const topic = channel.kind === 'board' ? 'journeys' : 'alerts';
    const until = view.offsets(topic);
    const wanted: Wanted[] = [];
    const complete = new Map<number, bigint>();
    for (const partition of until.keys()) {
      const { list, completeFrom } = unpackReferences(view.rings.get(channel.kind, workspace, partition));
      complete.set(partition, completeFrom);
      for (const { offset } of list) wanted.push({ topic, partition, offset });
    }
    return { wanted, completeFrom: complete, until };
  }

  /** As it was written, without whoever was erased since. */
  const shown = (fact: JourneyChanged | AlertFact): JourneyChanged | AlertFact | null =>
    fact.type === 'journey.changed' ? view.erasures.shownJourney(fact) : view.erasures.shownAlert(fact);

  async function framesOf(workspace: string, projection: Projection, records: readonly LogRecord[]): Promise<Frame[]> {
    const frames: Frame[] = [];
    const cards = new Map<string, JourneyCard>();
    for (const record of records) {
      const { partition, offset } = record;
      if (record.value === null) {
        frames.push(...erasedFrames(projection, record));
        continue;
      }
      const fact = shown(factOf(record));
      if (!fact) continue;
      let change: Change;
      if (fact.type === 'journey.changed') {
        const head = headOfChange(fact);
        const card = cardOf(head.head);
        let before = cards.get(fact.journey.id) ?? null;
        if (!before && projection.filter && !passes(projection.filter, card, fact.at))
          before = await cardBefore(workspace, fact.journey.id, record);
        cards.set(fact.journey.id, card);
        change = { type: 'journey', head, fact: () => fact, before, partition, offset };
      } else change = { type: 'alert', fact, partition, offset };
      frames.push(...showChange(projection, change));
    }
    return frames;
  }

  /** What a journey was before a record: whether it has left a filter depends on it. */
  async function cardBefore(workspace: string, id: string, record: LogRecord): Promise<JourneyCard | null> {
    const head = view.journeys.head(workspace, id);
    const { list } = unpackReferences(head?.references ?? null);
    const previous = list.filter(({ offset }) => offset < record.offset).at(-1);
    if (!previous) return null;
    const [found] = await readRecords([{ topic: 'journeys', partition: record.partition, offset: previous.offset }]);
    return found?.value ? cardOf(headOfChange(factOf(found) as JourneyChanged).head) : null;
  }

  return {
    now(workspace, projection) {
      const kept = keptOf(workspace, projection);
      return kept && { offsets: kept.until, sub: 0 };
    },
    oldest(workspace, projection) {
      const kept = keptOf(workspace, projection);
      return kept && { offsets: kept.completeFrom, sub: 0 };
    },
    async since(workspace, projection, position, recordsMax) {
      const kept = keptOf(workspace, projection);
      if (!kept) return 'gone';
      const missed = kept.wanted.filter(({ partition, offset }) => offset >= (position.offsets.get(partition) ?? 0n));
      const taken = missed.slice(0, recordsMax);
      const read = await readRecords(taken);
      // A tombstone on the board: the journey was erased.
      const present = read.filter((record): record is LogRecord => record !== null);
      // On the board a newer change of the same journey stands in for one that was compacted away; elsewhere it is a hole.
      if (present.length < read.length && projection.channel.kind !== 'board') return 'gone';
      // Log time never falls within a partition, so this keeps each partition's order.
      present.sort((a, b) => a.at - b.at);
      const until = new Map(kept.until);
      for (const { partition, offset } of missed.slice(taken.length).reverse()) until.set(partition, offset);
      const frames = await framesOf(workspace, projection, present);
      return { frames, completeFrom: kept.completeFrom, until, more: missed.length > taken.length };
    },
  };
}

function erasedFrames(projection: Projection, { key, at, partition, offset }: LogRecord): readonly Frame[] {
  const [workspace = '', subject = '', definition = ''] = key.split('/');
  const id = journeyId(workspace, definition, subject);
  return showChange(projection, { type: 'erased', id, definition, at, partition, offset });
}

/** A thousand readers that come back at once read the same records: each is parsed once. */
const facts = new WeakMap<LogRecord, JourneyChanged | AlertFact>();

function factOf(record: LogRecord): JourneyChanged | AlertFact {
  let fact = facts.get(record);
  if (!fact) facts.set(record, (fact = decodeJson(record.value!) as JourneyChanged | AlertFact));
  return fact;
}
