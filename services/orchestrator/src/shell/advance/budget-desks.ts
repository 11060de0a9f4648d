/**
 * Alert budgets in the advance task: each owner's desk lives in one partition, where what its journeys ask and tell arrives in order. Says
 * which message is which step of the core, and arms the two timers of a desk: the next working day while somebody waits, and midnight while
 * silences are counted. A desk with neither costs nothing.
 */
import { formatInstant, formatInstantOrNull } from '@cairn/clock/calendar.ts';
import type {
  AlertBudgetState,
  BudgetAsked,
  BudgetChosen,
  BudgetGranted,
  BudgetSilence,
  BudgetTold,
  BudgetWithdrawn,
} from '@cairn/contracts/generated/budget.ts';
import { keyOf, partitionOf } from '@cairn/contracts/topics.ts';
import type { BusinessTime } from '../../core/business-time.ts';
import type { BudgetOutput } from '../../core/journey-input.ts';
import { DEFAULT_PROBABILITY, type CompiledDefinition } from '../../core/definition/compile-definition.ts';
import type { JourneyPlace } from '../../core/render-journey.ts';
import {
  openDesk,
  startDay,
  takeAsk,
  takeWithdrawal,
  todayOf,
  type BudgetDesk,
  type BudgetEvents,
  type DeskStep,
} from '../../core/stall/budget/budget-desk.ts';
import { deskTime, hasDaysOff, NOBODY, ownersBehind } from '../../core/stall/budget/budget-owner.ts';
import { chooseThreshold, tallied, withoutOldDays, type Tally } from '../../core/stall/budget/choose-threshold.ts';
import { DAY_MS } from '../../core/zone.ts';
import { advanceKeys } from './advance-keys.ts';
import type { AdvanceScope } from './advance-subject.ts';

export type BudgetMessage = BudgetAsked | BudgetWithdrawn | BudgetSilence;

/** What came of an owner's silences. */
interface KeptTally {
  workspace: string;
  definition: string;
  owner: string;
  /** The first day that was ever counted. */
  since: number;
  days: Tally;
}

type Place = Pick<KeptTally, 'workspace' | 'definition' | 'owner'>;

const DAY = 'day';
const CHOOSE = 'choose';
/** A record of these is read with every journey of the definition: further owners keep the default. */
const THRESHOLDS_KEPT = 1_000;

/** What a journey has to say to its owner's budget, on its way there. */
export function sendToBudget(
  { work, partitions }: Pick<AdvanceScope, 'work' | 'partitions'>,
  { workspace, definition, subject }: JourneyPlace,
  journeyId: string,
  output: BudgetOutput,
  at: number,
): void {
  const to = { workspace, definition: definition.name, owner: output.owner, at };
  const key = advanceKeys.budgetDesk(workspace, definition.name, output.owner);
  const partition = partitionOf(key, partitions('journey-inbox'));
  const place = advanceKeys.subject(workspace, subject);
  const value: BudgetMessage =
    output.type === 'budget.asked'
      ? { ...output, ...to, place, subjectId: subject.host ?? subject.id, journeyId }
      : output.type === 'budget.withdrawn'
        ? { ...output, ...to, journeyId }
        : { ...output, ...to };
  work.output({ topic: 'journey-inbox', partition, key, value });
}

export function takeBudgetMessage(scope: AdvanceScope, message: BudgetMessage): void {
  const definition = budgetedOf(scope, message.definition);
  if (!definition) return;
  if (message.type === 'budget.silence') return countSilence(scope, definition, message);
  const desk = deskOf(scope, message);
  if (message.type === 'budget.withdrawn')
    return settleDesk(scope, definition, desk, takeWithdrawal(desk, message.journeyId, message.askedAt));
  const { journeyId, place, subjectId, probability, at } = message;
  const ask = { journeyId, place, subjectId, probability, askedAt: at };
  settleDesk(
    scope,
    definition,
    desk,
    takeAsk(desk, ask, definition.budget!.count, dayOf(deskTime(definition, desk.owner), scope.now)),
  );
}

/** A new threshold of an owner's journeys. They take it up as they next move, or when the clock that was set by the old one runs out. */
export function takeChosen({ work }: AdvanceScope, { workspace, definition, owner, threshold }: BudgetChosen): void {
  const key = advanceKeys.thresholds(workspace, definition);
  const { [owner]: before, ...others } = work.get<Record<string, number>>(key) ?? {};
  if (threshold === null) return work.set(key, Object.keys(others).length > 0 ? others : null);
  if (before === undefined && Object.keys(others).length >= THRESHOLDS_KEPT) return;
  work.set(key, { ...others, [owner]: threshold });
}

export function takeBudgetTimer(scopeOf: (workspace: string) => AdvanceScope, key: string, purpose: string): void {
  const place = scopeOf('').work.get<Place>(key);
  if (!place) return;
  const scope = scopeOf(place.workspace);
  const definition = budgetedOf(scope, place.definition);
  // The definition has no budget any more: its journeys have been set anew with it.
  if (!definition) {
    if (purpose === CHOOSE) tellChosen(scope, place, null);
    return scope.work.set(key, null);
  }
  if (purpose === CHOOSE) return choose(scope, definition, place as KeptTally);
  const desk = place as BudgetDesk;
  const { now } = scope;
  settleDesk(
    scope,
    definition,
    desk,
    startDay(desk, definition.budget!.count, dayOf(deskTime(definition, desk.owner), now), now),
  );
}

function settleDesk(scope: AdvanceScope, definition: CompiledDefinition, before: BudgetDesk, step: DeskStep): void {
  const { work, partitions, workspace, now } = scope;
  const { desk, granted, what } = step;
  const key = advanceKeys.budget(workspace, definition.name, desk.owner);
  if (desk !== before) work.set(key, desk);
  for (const { place, journeyId, askedAt, subjectId } of granted) {
    const to = keyOf.subject(workspace, subjectId);
    const value: BudgetGranted = {
      type: 'budget.granted',
      workspace,
      definition: definition.name,
      place,
      journeyId,
      askedAt,
      at: now,
    };
    work.output({ topic: 'journey-inbox', partition: partitionOf(to, partitions('journey-inbox')), key: to, value });
  }
  if (desk !== before)
    work.timer(key, DAY, desk.waiting.length > 0 ? nextStart(deskTime(definition, desk.owner), desk.day, now) : null);
  if (Object.keys(what).length > 0) tell(scope, definition, desk, what);
}

function countSilence(scope: AdvanceScope, definition: CompiledDefinition, message: BudgetSilence): void {
  const { work, workspace, now } = scope;
  const { owner, probability, stalled, due } = message;
  const key = advanceKeys.tally(workspace, definition.name, owner);
  const time = deskTime(definition, owner);
  const day = dayOf(time, due);
  const kept = work.get<KeptTally>(key) ?? { workspace, definition: definition.name, owner, since: day, days: {} };
  const days = tallied(kept.days, day, probability, stalled);
  if (days === kept.days) return;
  work.set(key, { ...kept, since: Math.min(kept.since, day), days });
  work.timer(key, CHOOSE, nextMidnight(time, now));
}

/** A day is over. */
function choose(scope: AdvanceScope, definition: CompiledDefinition, kept: KeptTally): void {
  const { work, workspace, now } = scope;
  const { owner } = kept;
  const time = deskTime(definition, owner);
  const today = dayOf(time, now);
  const days = withoutOldDays(kept.days, today);
  const isEmpty = Object.keys(days).length === 0;
  const key = advanceKeys.tally(workspace, definition.name, owner);
  work.set(key, isEmpty ? null : { ...kept, days });
  if (!isEmpty) work.timer(key, CHOOSE, nextMidnight(time, now));
  const found = chooseThreshold({
    tally: days,
    since: kept.since,
    today,
    workingDays: (count) => (hasDaysOff(definition, owner) ? time.daysBetween(now - count * DAY_MS, now) : count),
    count: definition.budget!.count,
    share: ownersBehind(definition, owner),
  });
  const before = deskOf(scope, kept);
  if (!found && !before.chosen) return;
  const desk: BudgetDesk = { ...before, chosen: found && { ...found, at: now } };
  work.set(advanceKeys.budget(workspace, definition.name, owner), desk);
  if (found?.threshold !== before.chosen?.threshold) tellChosen(scope, kept, found?.threshold ?? null);
  tell(scope, definition, desk, { chosen: 1 });
}

function tellChosen({ work, partitions, now }: AdvanceScope, place: Place, threshold: number | null): void {
  const { workspace, definition, owner } = place;
  const value: BudgetChosen = { type: 'budget.chosen', workspace, definition, owner, threshold, at: now };
  const key = advanceKeys.budgetDesk(workspace, definition, owner);
  for (let partition = 0; partition < partitions('journey-inbox'); partition++)
    work.output({ topic: 'journey-inbox', partition, key, value });
}

function tell(scope: AdvanceScope, definition: CompiledDefinition, desk: BudgetDesk, what: BudgetEvents): void {
  const { work, partitions, workspace, now } = scope;
  const key = advanceKeys.budgetDesk(workspace, definition.name, desk.owner);
  const value: BudgetTold = {
    type: 'budget.told',
    workspace,
    at: now,
    what,
    budget: rendered(scope, definition, desk),
  };
  work.output({ topic: 'actions', partition: partitionOf(key, partitions('actions')), key, value });
}

function rendered(
  { work, workspace }: AdvanceScope,
  definition: CompiledDefinition,
  desk: BudgetDesk,
): AlertBudgetState {
  const { owner, chosen, totals } = desk;
  const { name, budget } = definition;
  const thresholds = work.get<Record<string, number>>(advanceKeys.thresholds(workspace, name)) ?? {};
  return {
    definition: name,
    owner: owner === NOBODY ? null : owner,
    ...budget!,
    // Of owners who take turns, one is chosen for all.
    threshold: chosen?.threshold ?? thresholds[owner] ?? thresholds[NOBODY] ?? DEFAULT_PROBABILITY,
    chosenAt: formatInstantOrNull(chosen?.at),
    expected: chosen?.expected ?? null,
    today: todayOf(desk, (day) => formatInstant(day * DAY_MS).slice(0, 10)),
    totals,
  };
}

function deskOf({ work }: AdvanceScope, { workspace, definition, owner }: Place): BudgetDesk {
  return (
    work.get<BudgetDesk>(advanceKeys.budget(workspace, definition, owner)) ?? openDesk(workspace, definition, owner)
  );
}

function budgetedOf({ definitions }: AdvanceScope, name: string): CompiledDefinition | undefined {
  return definitions.find((definition) => definition.name === name && definition.budget !== null);
}

function dayOf(time: BusinessTime, at: number): number {
  return Math.floor(time.wallOf(at) / DAY_MS);
}

/** An hour off where the clocks change: then it is looked at again. */
function nextMidnight(time: BusinessTime, now: number): number {
  const wall = time.wallOf(now);
  return now + DAY_MS - (((wall % DAY_MS) + DAY_MS) % DAY_MS);
}

/** When work begins on a day after `counted`. */
function nextStart(time: BusinessTime, counted: number, now: number): number {
  let at = now;
  while (dayOf(time, at) <= counted) at = nextMidnight(time, at);
  return time.nextWorkingMoment(at);
}
