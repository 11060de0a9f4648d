import type { GraphReader } from '@cairn/stitcher/core/identity-graph.ts';
import { stitchTouchpoint } from '@cairn/stitcher/core/stitch-touchpoint.ts';
import { touchpointOf } from '@cairn/stitcher/testkit/touchpoint-of.ts';
import type { Witnessed } from './ground-truth.ts';

/** How well the stitcher's people are the town's: over all pairs of touchpoints, and person by person. */
export interface Judgement {
  touchpoints: number;
  people: number;
  found: number;
  /** Of pairs put together: how many belong together. */
  precision: number;
  /** Of pairs that belong together: how many were put together. */
  recall: number;
  /**
   * The same among people who are known by more than devices. Whoever stands before a kiosk without signing in is the kiosk's own
   * anonymous person: thousands of pairs that nobody could tell apart, and no merge.
   */
  precisionOfKnown: number;
  recallOfKnown: number;
  /** Known people who hold touchpoints of several. */
  overMerged: number;
  /** People whose touchpoints are on several. */
  underMerged: number;
  /** Share of touchpoints whose person has another id in the end than when they came. */
  idChurn: number;
}

const WORKSPACE = 'town';
const STARTED_AT = Date.UTC(2026, 0, 5);

export function judge(town: readonly Witnessed[]): Judgement {
  const state = new Map<string, unknown>();
  const graph: GraphReader = { get: <T>(key: string) => state.get(key) as T | undefined };
  const stamped: { who: number; person: string }[] = [];
  const into = new Map<string, string>();
  const living = (id: string): string => {
    let at = id;
    for (let next = into.get(at); next !== undefined; next = into.get(at)) at = next;
    return at;
  };
  town.forEach(({ call, who }, index) => {
    const now = STARTED_AT + (call.at ?? 0);
    const touchpoint = touchpointOf(call, index, WORKSPACE, STARTED_AT, now);
    const { changes, outputs } = stitchTouchpoint(graph, touchpoint, STARTED_AT + index);
    for (const { key, value } of changes) {
      if (value === null) state.delete(key);
      else state.set(key, value);
    }
    for (const { to, message } of outputs) {
      if (to === 'identities' && message?.type === 'person.merged') into.set(message.from, message.into);
      if (to === 'subject' && message.type === 'touchpoint.stitched' && who !== null && message.person)
        stamped.push({ who, person: message.person.id });
    }
  });

  const ended = stamped.map(({ who, person }) => ({ who, person: living(person), before: person }));
  const isKnown = (person: string): boolean => {
    const { ids = [] } = (state.get(`w/${WORKSPACE}/person/${person}`) ?? {}) as { ids?: string[] };
    return ids.some((key) => key.startsWith('userId:') || key.startsWith('email:'));
  };
  const known = ended.filter(({ person }) => isKnown(person));
  const all = compare(ended);
  const ofKnown = compare(known);
  return {
    touchpoints: stamped.length,
    people: all.people,
    found: all.found,
    precision: all.precision,
    recall: all.recall,
    precisionOfKnown: ofKnown.precision,
    recallOfKnown: ofKnown.recall,
    overMerged: ofKnown.overMerged,
    underMerged: ofKnown.underMerged,
    idChurn: round(ended.filter(({ person, before }) => person !== before).length / ended.length),
  };
}

interface Comparison {
  people: number;
  found: number;
  precision: number;
  recall: number;
  overMerged: number;
  underMerged: number;
}

function compare(touches: readonly { who: number; person: string }[]): Comparison {
  const cells = new Map<string, number>();
  const [truth, found] = [new Map<number, number>(), new Map<string, number>()];
  for (const { who, person } of touches) {
    count(cells, `${who} ${person}`);
    count(truth, who);
    count(found, person);
  }
  const together = pairs(cells.values());
  const [ofFound, ofTruth] = [new Map<string, number>(), new Map<string, number>()];
  for (const cell of cells.keys()) {
    const [who = '', person = ''] = cell.split(' ');
    count(ofFound, person);
    count(ofTruth, who);
  }
  const several = (map: Map<string, number>): number => [...map.values()].filter((number) => number > 1).length;
  return {
    people: truth.size,
    found: found.size,
    precision: round(together / pairs(found.values())),
    recall: round(together / pairs(truth.values())),
    overMerged: several(ofFound),
    underMerged: several(ofTruth),
  };
}

function count<K>(map: Map<K, number>, key: K): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}

function pairs(sizes: Iterable<number>): number {
  let sum = 0;
  for (const size of sizes) sum += (size * (size - 1)) / 2;
  return sum;
}

const round = (share: number): number => Math.round(share * 10_000) / 10_000;
