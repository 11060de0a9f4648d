/** One online pass over a log: what was said of each open journey at each tick, what was alerted, and what then happened. */
import type { Touchpoint } from '@cairn/contracts/generated/touchpoint.ts';
import { predictionsOf } from '../replay/predictions.ts';
import { runReplay, type ReplayCounts, type ReplaySettings } from '../replay/run-replay.ts';
import { readJourney } from '@cairn/replay/subjects.ts';

/** Of one journey at one tick. */
export interface Look {
  at: number;
  journey: number;
  /** P(no inbound touchpoint in the next 3, 7, 30 days). */
  silence: readonly [three: number, seven: number, thirty: number];
  /** P(won); null: too little is known yet. */
  win: number | null;
  /** Since the last inbound touchpoint, or the start (ms). */
  idleMs: number;
  /** The journey's own mean pause until now (ms); null: it has had none. */
  ownGapMs: number | null;
}

/** What happened, as far as the log tells. */
export interface Course {
  startedAt: number;
  /** Of inbound touchpoints that were no outcome, rising. */
  inbound: number[];
  endedAt: number | null;
  outcome: 'won' | 'lost' | null;
}

export interface Collected {
  looks: Look[];
  courses: Course[];
  alerts: { at: number; journey: number }[];
  counts: ReplayCounts;
}

const HORIZONS = ['P3D', 'P7D', 'P30D'] as const;

export function collect(settings: ReplaySettings, touchpoints: Iterable<Touchpoint>): Collected {
  const numbers = new Map<string, number>();
  const collected: Omit<Collected, 'counts'> = { looks: [], courses: [], alerts: [] };

  function numberOf(journeyId: string, at: number): number {
    let number = numbers.get(journeyId);
    if (number === undefined) {
      numbers.set(journeyId, (number = collected.courses.length));
      collected.courses.push({ startedAt: at, inbound: [], endedAt: null, outcome: null });
    }
    return number;
  }

  const { counts } = runReplay(settings, touchpoints, {
    onChange({ at, journey, touchpoint, events }) {
      const course = collected.courses[numberOf(journey.id, at)]!;
      const isOutcome = events.includes('won') || events.includes('lost');
      if (isOutcome) {
        course.endedAt ??= at;
        course.outcome = events.includes('won') ? 'won' : 'lost';
      }
      if (!isOutcome && touchpoint?.direction === 'inbound' && course.endedAt === null) course.inbound.push(at);
    },
    onAlert({ type, at, alert }) {
      if (type !== 'alert.opened' || alert.kind !== 'stall') return;
      // One that comes back from a snooze is the same alert.
      if (alert.history.length > 1) return;
      collected.alerts.push({ at, journey: numberOf(alert.journeyId, at) });
    },
    onScore({ world, definition }, stateKey, at) {
      const found = readJourney(world.state, stateKey, definition.name);
      if (!found) return;
      const { journey } = found;
      const { workspace } = settings;
      const said = predictionsOf({ ...found, state: world.state, workspace, definition, at, explain: false });
      const [three, seven, thirty] = HORIZONS.map((horizon) => said.silenceProbability[horizon]!);
      collected.looks.push({
        at,
        journey: numberOf(journey.id, at),
        silence: [three!, seven!, thirty!],
        win: said.winProbability,
        idleMs: at - (journey.inboundAt ?? journey.startedAt),
        ownGapMs: journey.pauses[0] === 0 ? null : journey.pauses[1] / journey.pauses[0],
      });
    },
  });
  return { ...collected, counts };
}

/** Whether nothing inbound came in (at, at + ms]; null: the log ends before that is known. A journey that ends without one was silent. */
export function wasSilent(course: Course, at: number, ms: number, logEndsAt: number): boolean | null {
  const next = nextInbound(course, at);
  if (next !== null && next <= at + ms) return false;
  if (course.endedAt !== null && course.endedAt <= logEndsAt) return true;
  return at + ms <= logEndsAt ? true : null;
}

/** The first inbound touchpoint after `at`, null for none. */
export function nextInbound({ inbound }: Course, at: number): number | null {
  let from = 0;
  let to = inbound.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (inbound[middle]! <= at) from = middle + 1;
    else to = middle;
  }
  return inbound[from] ?? null;
}

/** The last inbound touchpoint at `at` or before, else the start. */
export function lastInbound(course: Course, at: number): number {
  let last = course.startedAt;
  for (const time of course.inbound) {
    if (time > at) break;
    last = time;
  }
  return last;
}
