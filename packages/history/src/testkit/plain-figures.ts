/**
 * The figures of the map, the funnel, paths and attribution, worked out the long way round: from rows of a log and rules in plain words,
 * with loops and sorts. For tests; shares no code with the queries it is compared with, and must stay so.
 */

export interface Row {
  journey: string;
  at: number;
  event: string;
  channel: string;
  direction: 'inbound' | 'outbound';
}

export interface Rules {
  stages: string[];
  /** Event → the stage it enters. */
  enters: Record<string, string>;
  won: string[];
  lost: string[];
}

export interface PlainTouch extends Row {
  /** The stage after it. */
  stage: string;
  /** Whether the journey had ended before it, in the order of the rows. */
  afterEnd: boolean;
}

export interface PlainJourney {
  id: string;
  touches: PlainTouch[];
  visits: { stage: string; at: number }[];
  status: 'active' | 'won' | 'lost';
  endedAt: number | null;
}

/** Rows of a journey must come in the order of their times. */
export function plainJourneys(rows: readonly Row[], rules: Rules): PlainJourney[] {
  const journeys = new Map<string, PlainJourney>();
  for (const row of rows) {
    let journey = journeys.get(row.journey);
    if (!journey) {
      journey = { id: row.journey, touches: [], visits: [], status: 'active', endedAt: null };
      journey.visits.push({ stage: rules.stages[0]!, at: row.at });
      journeys.set(row.journey, journey);
    }
    const before = journey.touches.at(-1);
    if (before && before.at > row.at) throw new Error(`the rows of ${row.journey} are not in order`);
    if (rules.won.includes(row.event) || rules.lost.includes(row.event)) {
      journey.status = rules.won.includes(row.event) ? 'won' : 'lost';
      journey.endedAt = row.at;
    }
    const enters = rules.enters[row.event];
    if (enters && enters !== journey.visits.at(-1)!.stage) journey.visits.push({ stage: enters, at: row.at });
    journey.touches.push({ ...row, stage: journey.visits.at(-1)!.stage, afterEnd: journey.status !== 'active' });
  }
  return [...journeys.values()];
}

const lefts = ({ visits, endedAt }: PlainJourney): (number | null)[] =>
  visits.map((visit, i) => visits[i + 1]?.at ?? (endedAt === null ? null : Math.max(endedAt, visit.at)));

function wentOnward(journey: PlainJourney, stage: string, { stages }: Rules): boolean {
  const first = journey.visits.findIndex((visit) => visit.stage === stage);
  if (first < 0) return false;
  if (journey.status === 'won') return true;
  return journey.visits.slice(first + 1).some((visit) => stages.indexOf(visit.stage) > stages.indexOf(stage));
}

export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
}

export interface PlainCell {
  volume: number;
  journeys: number;
  onwardShare: number;
  repeatShare: number;
  dropOffShare: number;
  waitMs: number | null;
  timeInStageMs: number | null;
}

/** Stage / touchpoint → its figures. */
export function plainMap(journeys: readonly PlainJourney[], rules: Rules): Map<string, PlainCell> {
  const cells = new Map<
    string,
    { waits: number[]; volume: number; perJourney: Map<PlainJourney, number>; dropped: number }
  >();
  for (const journey of journeys) {
    const before = journey.touches.filter((touch) => journey.endedAt === null || touch.at < journey.endedAt);
    const last = before.at(-1);
    journey.touches.forEach((touch, i) => {
      const key = `${touch.stage} / ${touch.event}`;
      const cell = cells.get(key) ?? { waits: [], volume: 0, perJourney: new Map<PlainJourney, number>(), dropped: 0 };
      cells.set(key, cell);
      cell.volume++;
      cell.perJourney.set(journey, (cell.perJourney.get(journey) ?? 0) + 1);
      if (i > 0) cell.waits.push(touch.at - journey.touches[i - 1]!.at);
      if (touch === last && journey.status === 'lost') cell.dropped++;
    });
  }
  const found = new Map<string, PlainCell>();
  for (const [key, cell] of cells) {
    const stage = key.split(' / ')[0]!;
    const of = [...cell.perJourney.keys()];
    const times: number[] = [];
    for (const journey of of) {
      const ends = lefts(journey);
      const own = journey.visits.flatMap((visit, i) =>
        visit.stage === stage && ends[i] !== null ? [ends[i]! - visit.at] : [],
      );
      if (own.length) times.push(own.reduce((sum, time) => sum + time, 0));
    }
    found.set(key, {
      volume: cell.volume,
      journeys: of.length,
      onwardShare: of.filter((journey) => wentOnward(journey, stage, rules)).length / of.length,
      repeatShare: [...cell.perJourney.values()].filter((times) => times > 1).length / of.length,
      dropOffShare: cell.dropped / of.length,
      waitMs: median(cell.waits),
      timeInStageMs: median(times),
    });
  }
  return found;
}

export interface PlainStep {
  stage: string;
  reached: number;
  entered: number;
  onward: number;
  wonIn: number;
  lostIn: number;
  here: number;
  medianTimeMs: number | null;
  medianFromStartMs: number | null;
}

export function plainFunnel(journeys: readonly PlainJourney[], rules: Rules): PlainStep[] {
  return rules.stages.map((stage, place) => {
    const entered = journeys.filter(({ visits }) => visits.some((visit) => visit.stage === stage));
    const here = journeys.filter(({ visits }) => visits.at(-1)!.stage === stage);
    return {
      stage,
      reached: journeys.filter(({ visits }) => visits.some((visit) => rules.stages.indexOf(visit.stage) >= place))
        .length,
      entered: entered.length,
      onward: entered.filter((journey) => wentOnward(journey, stage, rules)).length,
      wonIn: here.filter(({ status }) => status === 'won').length,
      lostIn: here.filter(({ status }) => status === 'lost').length,
      here: here.filter(({ status }) => status === 'active').length,
      medianTimeMs: median(
        entered.flatMap((journey) => {
          const ends = lefts(journey);
          return journey.visits.flatMap((visit, i) =>
            visit.stage === stage && ends[i] !== null ? [ends[i]! - visit.at] : [],
          );
        }),
      ),
      medianFromStartMs: median(
        entered.map(({ visits }) => visits.find((visit) => visit.stage === stage)!.at - visits[0]!.at),
      ),
    };
  });
}

/** The first `steps` steps joined by ' > ', with what became of the journey → how many went so. */
export function plainPaths(
  journeys: readonly PlainJourney[],
  by: 'event' | 'stage',
  steps: number,
): Map<string, number> {
  const found = new Map<string, number>();
  for (const { touches, visits, status, endedAt } of journeys) {
    const names = by === 'stage' ? visits.map(({ stage }) => stage) : [];
    if (by === 'event')
      for (const touch of touches)
        if ((endedAt === null || touch.at <= endedAt) && names.at(-1) !== touch.event) names.push(touch.event);
    const way = `${names.slice(0, steps).join(' > ')}${names.length > steps ? ' …' : ''} = ${status === 'active' ? 'open' : status}`;
    found.set(way, (found.get(way) ?? 0) + 1);
  }
  return found;
}

export const PLAIN_MODELS = ['first', 'last', 'linear', 'position', 'timeDecay', 'markov', 'shapley'] as const;
type PlainModels = Record<(typeof PLAIN_MODELS)[number], Record<string, number>>;
const WEEK_MS = 7 * 24 * 60 * 60 * 1000;

/** Credit by channel, as API.md section 7 says it. */
export function plainAttribution(journeys: readonly PlainJourney[]): { conversions: number; models: PlainModels } {
  const models = Object.fromEntries(PLAIN_MODELS.map((model) => [model, {}])) as unknown as PlainModels;
  const credit = (model: keyof PlainModels, channel: string, share: number): void => {
    models[model][channel] = (models[model][channel] ?? 0) + share;
  };
  const ways: { channels: string[]; won: boolean }[] = [];
  let conversions = 0;
  for (const { touches, status, endedAt } of journeys) {
    if (status === 'active') continue;
    const own = touches.filter(
      (touch) =>
        touch.direction === 'inbound' &&
        touch.channel !== '' &&
        (touch.at < endedAt! || (touch.at === endedAt && !touch.afterEnd)),
    );
    if (own.length === 0) continue;
    ways.push({ channels: own.map(({ channel }) => channel), won: status === 'won' });
    if (status !== 'won') continue;
    conversions++;
    credit('first', own[0]!.channel, 1);
    credit('last', own.at(-1)!.channel, 1);
    // Worth half for each week before the last one.
    const worth = own.map(({ at }) => 0.5 ** ((own.at(-1)!.at - at) / WEEK_MS));
    const all = worth.reduce((sum, each) => sum + each, 0);
    own.forEach(({ channel }, i) => {
      credit('linear', channel, 1 / own.length);
      const atEnd = i === 0 || i === own.length - 1;
      const share = own.length === 1 ? 1 : own.length === 2 ? 0.5 : atEnd ? 0.4 : 0.2 / (own.length - 2);
      credit('position', channel, share);
      credit('timeDecay', channel, worth[i]! / all);
    });
    const different = own.map(({ channel }) => channel).filter((channel, i, list) => list.indexOf(channel) === i);
    for (const channel of different) credit('shapley', channel, 1 / different.length);
  }
  for (const [channel, share] of plainMarkov(ways)) credit('markov', channel, share * conversions);
  return { conversions, models };
}

/**
 * Each channel's share of the removal effects. The chain is walked: walkers set out from the start and are moved on until as good as none is under
 * way; those who win are counted, once with all channels and once with each channel a dead end.
 */
function plainMarkov(ways: readonly { channels: string[]; won: boolean }[]): Map<string, number> {
  const moves = new Map<string, string[]>();
  for (const { channels, won } of ways) {
    const states = ['(start)', ...channels, won ? '(won)' : '(lost)'];
    for (let i = 1; i < states.length; i++) {
      const from = states[i - 1]!;
      if (!moves.has(from)) moves.set(from, []);
      moves.get(from)!.push(states[i]!);
    }
  }
  const chances = new Map<string, Map<string, number>>();
  for (const [from, to] of moves) {
    const counts = new Map<string, number>();
    for (const state of to) counts.set(state, (counts.get(state) ?? 0) + 1 / to.length);
    chances.set(from, counts);
  }
  const winners = (deadEnd: string | null): number => {
    let walkers = new Map([['(start)', 1]]);
    let won = 0;
    for (let left = 1; left > 1e-14;) {
      const moved = new Map<string, number>();
      for (const [state, many] of walkers)
        for (const [to, chance] of chances.get(state) ?? []) {
          if (to === '(won)') won += many * chance;
          else if (to !== '(lost)' && to !== deadEnd) moved.set(to, (moved.get(to) ?? 0) + many * chance);
        }
      walkers = moved;
      left = [...walkers.values()].reduce((sum, many) => sum + many, 0);
    }
    return won;
  };
  const all = winners(null);
  const effects = new Map<string, number>();
  for (const channel of chances.keys())
    if (channel !== '(start)') effects.set(channel, all === 0 ? 0 : 1 - winners(channel) / all);
  const together = [...effects.values()].reduce((sum, effect) => sum + effect, 0);
  return new Map([...effects].map(([channel, effect]) => [channel, together === 0 ? 0 : effect / together]));
}
