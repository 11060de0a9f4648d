/** One pass over touchpoints with two definitions side by side: stitched once, advanced twice, each with its own state and models. */
import type { ActionFact } from '@cairn/contracts/generated/action.ts';
import type { AlertFact } from '@cairn/contracts/generated/alert.ts';
import type { JourneyDefinition } from '@cairn/contracts/generated/journey-definition.ts';
import type { JourneyChanged } from '@cairn/contracts/generated/journey.ts';
import type { Touchpoint } from '@cairn/contracts/generated/touchpoint.ts';
import type { TaskOutput, TaskState } from '@cairn/task/task.ts';
import { createReplayWorld, type ReplayObserver } from '../replay-world.ts';
import { nameOfSubject, readJourney } from '../subjects.ts';
import { compareOccurrences, type Difference, type Occurrence } from './compare.ts';

export interface DryRunSettings {
  workspace: string;
  /** Null: there is none yet, and everything is new. */
  before: JourneyDefinition | null;
  after: JourneyDefinition;
  /** What came before this is learned from and not reported; epoch ms, from the end backwards. */
  sinceMs: number;
  /** Time goes on until then (epoch ms), so that what fell due since the last touchpoint is there. Null: the end is the last touchpoint. */
  until?: number | null;
}

export interface DryRun {
  /** Taken in; duplicates are none. */
  touchpoints: number;
  /** What is reported lies between, epoch ms; null: there were no touchpoints. */
  from: number | null;
  to: number | null;
  alerts: Compared;
  transitions: Compared;
  actions: Compared;
}

export type Compared = Difference & { before: number; after: number };

/** What one definition made of the touchpoints, in the order of time. */
export interface Side {
  alerts: Occurrence[];
  transitions: Occurrence[];
  actions: Occurrence[];
}

/** A run that is handed its touchpoints one after the other, in the order of their times. */
export interface DryRunning {
  take(touchpoint: Touchpoint): void;
  /** No more come. */
  finish(): DryRun;
}

export function runDryRun(
  settings: DryRunSettings,
  touchpoints: Iterable<Touchpoint>,
  onRow: (count: number) => void = () => {},
): DryRun {
  const running = startDryRun(settings);
  for (const touchpoint of touchpoints) {
    running.take(touchpoint);
    onRow(1);
  }
  return running.finish();
}

export function startDryRun(settings: DryRunSettings): DryRunning {
  const { workspace, before, after } = settings;
  const run = startSides(workspace, [before, after]);
  return {
    take: run.take,
    finish() {
      const { sides, ...taken } = run.finish(settings.until ?? null);
      return compareSides(settings, taken, sides[0]!, sides[1]!);
    },
  };
}

/** What was taken in; duplicates are not counted. Times are epoch ms, null: there were no touchpoints. */
export interface TakenIn {
  touchpoints: number;
  startAt: number | null;
  endAt: number | null;
}

export interface SidesRunning {
  take(touchpoint: Touchpoint): void;
  finish(until: number | null): TakenIn & { sides: Side[] };
}

/** One pass: stitched once, advanced once for each definition (null: none, nothing comes of it). */
export function startSides(workspace: string, definitions: readonly (JourneyDefinition | null)[]): SidesRunning {
  const sides: Side[] = definitions.map(() => ({ alerts: [], transitions: [], actions: [] }));
  const [first, ...others] = definitions.map((definition, i) =>
    observe(sides[i]!, definition?.name ?? '', () => world.states[i]!),
  );
  const world = createReplayWorld(workspace, first!, { others });
  let startAt: number | null = null;
  let last: number | null = null;
  let count = 0;
  return {
    take(touchpoint) {
      const at = touchpoint.timestamp;
      startAt ??= at;
      if (last === null)
        definitions.forEach((definition, i) => {
          if (definition) world.define(definition, 1, at, i);
        });
      last = at;
      if (world.take(touchpoint)) count++;
    },
    finish(until) {
      const endAt = last === null ? null : Math.max(last, until ?? last);
      if (endAt !== null) world.until(endAt);
      return { touchpoints: count, startAt, endAt, sides };
    },
  };
}

export function compareSides(
  { sinceMs }: Pick<DryRunSettings, 'sinceMs'>,
  { touchpoints, startAt, endAt }: TakenIn,
  before: Side,
  after: Side,
): DryRun {
  const from = endAt === null ? null : Math.max(startAt!, endAt - sinceMs);
  const compare = (kind: keyof Side): Compared => {
    const [old, now] = [before, after].map((side) => side[kind].filter(({ at }) => from !== null && at >= from));
    return { ...compareOccurrences(old!, now!), before: old!.length, after: now!.length };
  };
  return {
    touchpoints,
    from,
    to: endAt,
    alerts: compare('alerts'),
    transitions: compare('transitions'),
    actions: compare('actions'),
  };
}

type Told = Pick<Occurrence, 'at' | 'what' | 'stage' | 'text'> & Partial<Pick<Occurrence, 'silentSince'>>;

function observe(side: Side, definition: string, stateOf: () => TaskState): ReplayObserver {
  const places = new Map<string, string>();

  function occurrenceOf(journeyId: string, rest: Told): Occurrence {
    const place = places.get(journeyId);
    const found = place === undefined ? null : readJourney(stateOf(), place, definition);
    return {
      silentSince: found?.journey.inboundAt ?? null,
      ...rest,
      journeyId,
      subject: found ? nameOfSubject(found.subject).key : journeyId,
    };
  }

  return {
    onFacts(outputs: readonly TaskOutput[]) {
      for (const { topic, key, value } of outputs)
        if (topic === 'journeys') places.set((value as JourneyChanged).journey.id, key.slice(0, key.lastIndexOf('/')));
      for (const { topic, value } of outputs) {
        if (topic === 'journeys') {
          const { at, events, from, journey } = value as JourneyChanged;
          if (!events.includes('stage_changed') || from === null) continue;
          // The first time into a stage goes with the first time, whenever that was.
          const told = { at, what: journey.stage, stage: from, text: `${from} → ${journey.stage}`, silentSince: null };
          side.transitions.push(occurrenceOf(journey.id, told));
        } else if (topic === 'alerts') {
          const { type, at, alert } = value as AlertFact;
          if (type !== 'alert.opened' || alert.history.length > 1) continue;
          const { kind: what, stage, reason } = alert;
          side.alerts.push(occurrenceOf(alert.journeyId, { at, what, stage, text: reason.text }));
        } else if (topic === 'actions') {
          const { type, at, action, journey } = value as ActionFact;
          if (type !== 'action.requested') continue;
          const stage = typeof journey['stage'] === 'string' ? journey['stage'] : '';
          side.actions.push(occurrenceOf(action.journeyId, { at, what: action.name, stage, text: action.title }));
        }
      }
    },
    onFailure(error) {
      throw error;
    },
  };
}
