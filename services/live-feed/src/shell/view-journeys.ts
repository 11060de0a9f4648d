/** The view's journeys: the newest state of each, by id and listed by stage, with the references of its channel. */
import type { Journey } from '@cairn/contracts/generated/journey.ts';
import type { ChangeHead } from '@cairn/contracts/journey-head.ts';
import type { BoardFilter, JourneyCard } from '../core/board-filter.ts';
import { cardOf, passes } from '../core/board-filter.ts';
import { appendReference, lastReference, withoutMarks } from '../core/references.ts';
import { createGenerations } from './generations.ts';
import { type JourneyHead, decodeFact, decodeHead, encodeRow } from './journey-row.ts';
import { type ListPlace, mergeRanges } from './merge-ranges.ts';
import type { ViewStore } from './view-store.ts';
import type { ReadAt } from './view-table.ts';

export interface ViewJourneys {
  /** Takes a fact; returns what the journey's card was before, or null. A fact that was taken before changes nothing and is `false`. */
  apply(
    change: ChangeHead,
    bytes: Uint8Array,
    partition: number,
    offset: bigint,
  ): { before: JourneyCard | null } | false;
  /** Forgets an erased journey. */
  remove(workspace: string, id: string): void;
  head(workspace: string, id: string): JourneyHead | undefined;
  /** All there are, of every workspace, in turns; `next`: null at the end. Committed state only. */
  page(
    from: string | null,
    limit: number,
  ): { journeys: { workspace: string; journey: Journey }[]; next: string | null };
  get(workspace: string, id: string): Journey | undefined;
  /** As `get`, as of the last committed write: fits together with `list`. */
  committed(workspace: string, id: string, at?: ReadAt): Journey | undefined;
  /** The journeys that were absorbed by this one, however many steps ago; bounded. */
  absorbed(workspace: string, id: string): readonly string[];
  /**
   * Ids that pass the filter, those that entered their stage last first, from after `from`. Looks at no more than `budget` entries: `next` says where
   * to go on, null at the end. Committed state only.
   */
  list(
    workspace: string,
    filter: BoardFilter,
    options: { from: ListPlace | null; limit: number; budget: number; now: number; at?: ReadAt },
  ): { ids: string[]; next: ListPlace | null };
  /** How many journeys pass the filter, by definition, stage and status; as `list`, in turns. */
  count(
    workspace: string,
    filter: BoardFilter,
    options: { from: ListPlace | null; budget: number; now: number },
  ): { counts: JourneyCount[]; next: ListPlace | null };
}

export interface JourneyCount {
  definition: string;
  stage: string;
  status: JourneyCard['status'];
  journeys: number;
}

/** What a list filters by without looking at the row. Changes seldom. */
type Entry = Pick<JourneyCard, 'definition' | 'status' | 'owner' | 'text'>;

/** 20,000 heads are some 20 MB and cover the journeys that are hot. */
const HEADS_CACHED = 20_000;
/** More than the 300 messages that are always recovered, and the newest touchpoints of the timeline. */
export const JOURNEY_REFERENCES = 320;
const ABSORBED_MAX = 200;
/** Sorts after every number. */
const AFTER_NUMBERS = '~';

export function createViewJourneys(store: ViewStore): ViewJourneys {
  const rows = store.table<Uint8Array>('journeys', 'binary');
  const board = store.table<Entry>('board', 'json');
  const absorptions = store.table<1>('absorbed', 'json');
  const heads = createGenerations<JourneyHead>(HEADS_CACHED);

  function head(workspace: string, id: string): JourneyHead | undefined {
    const name = `${workspace}/${id}`;
    const cached = heads.get(name);
    if (cached) return cached;
    const row = rows.get(name);
    if (!row) return undefined;
    const found = decodeHead(row);
    heads.set(name, found);
    return found;
  }

  function stagesOf(workspace: string, at?: ReadAt): string[] {
    const stages: string[] = [];
    for (let start: (string | number)[] = [workspace]; ;) {
      const [first] = board.range({ start, end: [workspace, AFTER_EVERYTHING], limit: 1, at });
      if (!first) return stages;
      const stage = first.key[1] as string;
      stages.push(stage);
      start = [workspace, stage, AFTER_NUMBERS];
    }
  }

  function index(id: string, before: JourneyHead | undefined, after: JourneyHead): void {
    const key = keyOf(id, after);
    if (before) {
      const old = keyOf(id, before);
      if (old.join('/') !== key.join('/')) board.remove(old);
      else if (isSameEntry(before.card, after.card)) return;
    }
    const { definition, status, owner, text } = after.card;
    board.put(key, { definition, status, owner, text });
  }

  /** Whether an entry of the board passes; the score is looked up in the row, last. */
  function filterFor(workspace: string, filter: BoardFilter, now: number) {
    const slow = { ...filter, minScore: null };
    return (entry: Entry, at: ListPlace, stage: string): boolean => {
      if (!passes(slow, { ...entry, ...NO_SCORE, stage, stageSince: -at.order }, now)) return false;
      if (filter.minScore === null) return true;
      const current = head(workspace, at.id);
      return current !== undefined && passes(filter, current.card, now);
    };
  }

  function rangesOf(workspace: string, filter: BoardFilter, moment?: ReadAt) {
    const stages = stagesOf(workspace, moment).filter((stage) => !filter.stage || filter.stage.includes(stage));
    return stages.map((stage) => ({ prefix: [workspace, stage], stage }));
  }

  return {
    head,
    apply(change, bytes, partition, offset) {
      const { head: changed, workspace } = change;
      const name = `${workspace}/${changed.id}`;
      const before = head(workspace, changed.id);
      if (before && offset <= lastReference(before.references)) return false;
      const hole = changed.seq !== (before ? before.seq + 1 : 1);
      const after: JourneyHead = {
        workspace,
        partition,
        seq: changed.seq,
        absorbedInto: changed.absorbedInto,
        card: cardOf(changed),
        references: appendReference(
          // Derived anew: the history says which touchpoints are its own.
          before && change.events.includes('rederived')
            ? withoutMarks(before.references)
            : (before?.references ?? null),
          { offset, marked: changed.touch !== null },
          JOURNEY_REFERENCES,
          hole,
        ),
      };
      heads.set(name, after);
      rows.put(name, encodeRow(after, bytes));
      index(changed.id, before, after);
      if (after.absorbedInto && !before?.absorbedInto) absorptions.put([workspace, after.absorbedInto, changed.id], 1);
      return { before: before?.card ?? null };
    },
    remove(workspace, id) {
      const found = head(workspace, id);
      if (!found) return;
      heads.delete(`${workspace}/${id}`);
      rows.remove(`${workspace}/${id}`);
      board.remove(keyOf(id, found));
    },
    page(from, limit) {
      const found = [...rows.range({ start: from ?? '', end: AFTER_EVERYTHING, limit: limit + 1 })];
      const journeys = found.slice(0, limit).map(({ value }) => {
        const { workspace, journey } = decodeFact(value);
        return { workspace, journey };
      });
      return { journeys, next: found.length > limit ? (found[limit]!.key as string) : null };
    },
    get(workspace, id) {
      const row = rows.get(`${workspace}/${id}`);
      return row && decodeFact(row).journey;
    },
    committed(workspace, id, at) {
      const row = rows.committed(`${workspace}/${id}`, at);
      return row && decodeFact(row).journey;
    },
    absorbed(workspace, id) {
      const found = new Set<string>();
      for (let wave = [id]; wave.length && found.size < ABSORBED_MAX;) {
        const next: string[] = [];
        for (const into of wave)
          for (const { key } of absorptions.range({
            start: [workspace, into],
            end: [workspace, into, AFTER_EVERYTHING],
            limit: ABSORBED_MAX,
          })) {
            const from = key[2] as string;
            // A journey that lives again (a split) is absorbed no more.
            if (from !== id && !found.has(from) && head(workspace, from)?.absorbedInto === into) next.push(from);
          }
        for (const from of next) found.add(from);
        wave = next;
      }
      return [...found];
    },
    list(workspace, filter, { from, limit, budget, now, at: moment }) {
      const isIn = filterFor(workspace, filter, now);
      const ids: string[] = [];
      const ranges = rangesOf(workspace, filter, moment);
      let looked = 0;
      let place: ListPlace | null = from;
      for (const { range, value, at } of mergeRanges(board, ranges, from, moment)) {
        if (looked++ >= budget) return { ids, next: place };
        if (isIn(value, at, range.stage)) {
          // A page ends before the entry that would be one too many, so that `next` is null exactly at the end.
          if (ids.length >= limit) return { ids, next: place };
          ids.push(at.id);
        }
        place = at;
      }
      return { ids, next: null };
    },
    count(workspace, filter, { from, budget, now }) {
      const isIn = filterFor(workspace, filter, now);
      const counts = new Map<string, JourneyCount>();
      let looked = 0;
      let place: ListPlace | null = from;
      for (const { range, value, at } of mergeRanges(board, rangesOf(workspace, filter), from)) {
        if (looked++ >= budget) return { counts: [...counts.values()], next: place };
        if (isIn(value, at, range.stage)) {
          const { definition, status } = value;
          const key = `${definition}/${range.stage}/${status}`;
          const known = counts.get(key);
          if (known) known.journeys++;
          else counts.set(key, { definition, stage: range.stage, status, journeys: 1 });
        }
        place = at;
      }
      return { counts: [...counts.values()], next: null };
    },
  };
}

const NO_SCORE = { engagement: 0, fit: 0, halfLifeMs: null, updatedAt: 0 };
/** A text that sorts after every other one we write. */
const AFTER_EVERYTHING = '\u{10ffff}';

/** Newest first: the time is negative. */
const keyOf = (id: string, head: JourneyHead): (string | number)[] => [
  head.workspace,
  head.card.stage,
  -head.card.stageSince,
  id,
];

function isSameEntry(a: JourneyCard, b: JourneyCard): boolean {
  return a.definition === b.definition && a.status === b.status && a.owner === b.owner && a.text === b.text;
}
