/**
 * Admit → stitch → advance over a file, on a virtual clock: the one loop behind `cairn replay`, `dry-run` and `evaluate`. Says what
 * happens when; the deciding is in the services' cores. Ticks only look: they change nothing that is learned or alerted.
 */
import type { ActionFact } from '@cairn/contracts/generated/action.ts';
import type { AlertFact } from '@cairn/contracts/generated/alert.ts';
import type { BudgetTold } from '@cairn/contracts/generated/budget.ts';
import type { JourneyDefinition } from '@cairn/contracts/generated/journey-definition.ts';
import type { JourneyChanged } from '@cairn/contracts/generated/journey.ts';
import type { Touchpoint } from '@cairn/contracts/generated/touchpoint.ts';
import { compileDefinition, type CompiledDefinition } from '@cairn/orchestrator/core/definition/compile-definition.ts';
import type { TaskOutput } from '@cairn/task/task.ts';
import { createReplayWorld, type ReplayWorld } from '@cairn/replay/replay-world.ts';
import { createJourneys, nameOfSubject, readJourney, type Journeys, type SubjectName } from '@cairn/replay/subjects.ts';
import { tickTimes, type TickSettings } from './tick-times.ts';

export interface ReplaySettings {
  workspace: string;
  definition: JourneyDefinition;
  /** Epoch ms: nothing later is read, and time goes on until then. Null: the end is the last touchpoint. */
  until: number | null;
  ticks: TickSettings | null;
  /** The event after which a journey is scored. */
  scoreOn: string | null;
}

/** Told in the order of virtual time. */
export interface ReplayListener {
  onAlert?(fact: AlertFact, subject: SubjectName): void;
  /** An owner's alert budget after a change. */
  onBudget?(fact: BudgetTold): void;
  onAction?(fact: ActionFact, subject: SubjectName): void;
  onChange?(fact: JourneyChanged, subjectOf: () => SubjectName): void;
  /** A journey to be scored: at a tick, or after the event that was asked for. */
  onScore?(run: ReplayRun, stateKey: string, at: number): void;
  onTick?(at: number): void;
  onFailure?(error: unknown, at: number): void;
  onRow?(count: number): void;
}

export interface ReplayRun {
  readonly world: ReplayWorld;
  readonly journeys: Journeys;
  readonly definition: CompiledDefinition;
}

export interface ReplayCounts {
  touchpoints: number;
  duplicates: number;
  refused: Record<string, number>;
  failures: number;
  ticks: number;
  /** Of the touchpoints, epoch ms; null: there were none. */
  firstAt: number | null;
  lastAt: number | null;
  /** How far time went. */
  endAt: number | null;
}

/** Made of touchpoints that are admitted already, or of rows by `admitRow`; in order of time. */
export function runReplay(
  settings: ReplaySettings,
  touchpoints: Iterable<Touchpoint>,
  listener: ReplayListener,
): { run: ReplayRun; counts: ReplayCounts } {
  const { workspace, until, scoreOn } = settings;
  const definition = compileDefinition(settings.definition, 1);
  const counts: ReplayCounts = {
    touchpoints: 0,
    duplicates: 0,
    refused: {},
    failures: 0,
    ticks: 0,
    firstAt: null,
    lastAt: null,
    endAt: null,
  };
  const journeys = createJourneys();
  const world = createReplayWorld(workspace, {
    onFacts,
    onFailure(error, _input, at) {
      counts.failures++;
      listener.onFailure?.(error, at);
    },
  });
  const run: ReplayRun = { world, journeys, definition };
  /** Journeys that the touchpoint under way has moved. */
  let touched: string[] = [];

  function onFacts(outputs: readonly TaskOutput[]): void {
    for (const { topic, key, value } of outputs) if (topic === 'journeys') seeChange(key, value as JourneyChanged);
    for (const { topic, value } of outputs) {
      if (topic === 'journeys') {
        const fact = value as JourneyChanged;
        listener.onChange?.(fact, () => subjectOf(fact.journey.id, fact.journey));
        if (fact.touchpoint) touched.push(fact.journey.id);
      } else if (topic === 'alerts') {
        const fact = value as AlertFact;
        if (fact.alert) listener.onAlert?.(fact, subjectOf(fact.alert.journeyId, fact.alert));
      } else if (topic === 'actions') {
        const fact = value as ActionFact | BudgetTold;
        if (fact.type === 'budget.told') listener.onBudget?.(fact);
        else if (fact.action) listener.onAction?.(fact, subjectOf(fact.action.journeyId, fact.action));
      }
    }
  }

  /** The record's key is workspace, slot and definition; the first two are where the subject's state is. */
  function seeChange(key: string, { journey }: JourneyChanged): void {
    const { status } = journey;
    const isOpen = status === 'active' || status === 'stalled';
    journeys.see(journey.id, key.slice(0, key.lastIndexOf('/')), isOpen);
  }

  function subjectOf(
    journeyId: string,
    { subject }: { subject: { unit: 'account' | 'person'; id: string } },
  ): SubjectName {
    const stateKey = journeys.stateKey(journeyId);
    const found = stateKey === undefined ? null : readJourney(world.state, stateKey, definition.name);
    return found ? nameOfSubject(found.subject) : { unit: subject.unit, key: subject.id };
  }

  function tick(at: number): void {
    world.until(at);
    counts.ticks++;
    listener.onTick?.(at);
    if (listener.onScore) for (const [, stateKey] of journeys.open()) listener.onScore(run, stateKey, at);
  }

  let ticks: Iterator<number> | null = null;
  let nextTick = Infinity;
  function ticksUntil(at: number, inclusive: boolean): void {
    while (nextTick < at || (inclusive && nextTick === at)) {
      tick(nextTick);
      nextTick = (ticks!.next().value as number | undefined) ?? Infinity;
    }
  }

  let time = -Infinity;
  for (const touchpoint of touchpoints) {
    const at = touchpoint.timestamp;
    if (until !== null && at > until) break;
    if (at < time) throw new Error(`touchpoint ${touchpoint.messageId} goes back in time`);
    if (time === -Infinity) {
      world.define(settings.definition, 1, at);
      counts.firstAt = at;
      if (settings.ticks) {
        ticks = tickTimes(settings.ticks, settings.definition.timezone ?? 'UTC', at);
        nextTick = (ticks.next().value as number | undefined) ?? Infinity;
      }
    }
    time = at;
    // A tick has seen what came up to its moment, so it waits for all of that moment.
    ticksUntil(at, false);
    touched = [];
    if (world.take(touchpoint)) counts.touchpoints++;
    else counts.duplicates++;
    if (scoreOn !== null && touchpoint.event === scoreOn && listener.onScore)
      for (const id of touched) listener.onScore(run, journeys.stateKey(id)!, at);
    listener.onRow?.(1);
  }
  if (time === -Infinity) return { run, counts };
  const endAt = until ?? time;
  ticksUntil(endAt, true);
  world.until(endAt);
  return { run, counts: { ...counts, lastAt: time, endAt } };
}
