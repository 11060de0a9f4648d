/** Keeps a journey's stall clock true after anything that may have moved it, and opens the alert when it has run out. */
import { openAlert } from '../alert.ts';
import type { CompiledDefinition } from '../definition/compile-definition.ts';
import { learnedStallOf, SHIPPED_MODELS, type JourneyModels } from '../learn/predict.ts';
import { silentSince, stallDeadline, tellStall } from '../stall/fixed-stall.ts';
import { learnedStallAt, tellLearnedStall } from '../stall/learned/learned-stall.ts';
import { suspendedUntil } from '../meeting.ts';
import { judgedFloor, tellJudged } from '../verdict.ts';
import { renderLastTouchpoints } from '../render-touchpoint.ts';
import type { AlertKind, JourneyState } from '../state.ts';
import { closeAlert, setTimer, tellAlert, type Draft } from './draft.ts';

export interface ClockMove {
  /** Whose doing it was: a return of the buyer resolves an alert, a new definition or a merge leaves it. */
  by: 'buyer' | 'person' | 'outcome' | 'definition' | 'merge';
  /** Imported history: a stall that is due already is state, not an alert. */
  imported: boolean;
  /** Milliseconds that the pipeline was behind. */
  lag: number;
}

/**
 * A touchpoint that was old when it came may have others right behind it: so long is waited before its stall, long due, is one.
 * Never longer than the limit itself.
 */
const SETTLING_MS = 5_000;

export function settleStall(draft: Draft, move: ClockMove): void {
  const { journey, now } = draft;
  const deadline = hasEnded(journey) ? null : deadlineOf(draft);
  if (deadline === journey.stall.at || isToldOf(draft, move)) return;
  const hasAlert = journey.alerts.stall !== undefined;
  if (hasAlert && move.by === 'definition' && !hasEnded(journey)) {
    journey.stall = { ...journey.stall, at: deadline };
    return;
  }
  const due = deadline === null ? null : deadline + move.lag;
  if (deadline === null || due === null || due > now) {
    endSilence(draft, move);
    arm(draft, { at: deadline, due, lag: move.lag, settled: false, ...sinceOf(draft) });
    return;
  }
  const settled = move.imported || hasAlert || (move.by !== 'buyer' && journey.stall.settled);
  if (settled) markStalled(draft);
  // Nothing is waited for where no touchpoint came: the limit was changed.
  const wait = move.by === 'definition' ? 1 : Math.max(1, Math.min(SETTLING_MS, deadline - silentSince(journey)));
  arm(draft, { at: deadline, due: settled ? null : now + wait, lag: move.lag, settled, ...sinceOf(draft) });
}

/** The fixed limit, or the moment that is learned, whichever comes first; not while a meeting lies ahead. */
function deadlineOf({ definition, journey, models }: Draft): number | null {
  const fixed = stallDeadline(definition, journey);
  const deadline = learnedStallOf(definition, journey.stage)
    ? earlier(fixed, learnedStallAt(definition, models(), journey))
    : fixed;
  if (deadline === null) return null;
  const judged = Math.max(deadline, judgedFloor(definition, journey) ?? deadline);
  if (journey.meetingAt === undefined) return judged;
  return Math.max(judged, suspendedUntil(definition.meetings, definition.businessTime, journey.meetingAt));
}

function earlier(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}

/** A learned moment moves with all that is known; the silence itself has had its alert, or waits for working hours to have it. */
function isToldOf({ definition, journey }: Draft, move: ClockMove): boolean {
  if (hasEnded(journey) || move.by === 'merge' || move.by === 'definition') return false;
  if (!journey.stall.settled && journey.status !== 'stalled') return false;
  return learnedStallOf(definition, journey.stage) !== null && journey.stall.since === silentSince(journey);
}

function sinceOf({ definition, journey }: Draft): { since?: number } {
  return hasEnded(journey) || !learnedStallOf(definition, journey.stage) ? {} : { since: silentSince(journey) };
}

/** When the stall timer of a journey would be due under a definition that it has not met yet; null: it needs none, or none sooner. */
export function soonerUnder(
  definition: CompiledDefinition,
  journey: JourneyState,
  now: number,
  models: JourneyModels = SHIPPED_MODELS,
): number | null {
  if (hasEnded(journey) || journey.alerts.stall || journey.stall.settled) return null;
  const deadline = earlier(stallDeadline(definition, journey), learnedStallAt(definition, models, journey));
  if (deadline === null) return null;
  const floor = judgedFloor(definition, journey) ?? deadline;
  const due = Math.max(Math.max(deadline, floor) + journey.stall.lag, now + SETTLING_MS);
  return journey.stall.due === null || due < journey.stall.due ? due : null;
}

/** The stall timer is due: the journey is stalled, and its alert opens now or when work begins. */
export function fireStall(draft: Draft): void {
  const { journey, definition, now } = draft;
  const { due, settled } = journey.stall;
  if (due === null || settled || hasEnded(journey)) return;
  if (due > now) return setTimer(draft, 'stall', due);
  if (journey.status !== 'stalled' && journey.stall.since !== undefined) {
    // More was learned since the moment was foretold.
    const at = deadlineOf(draft);
    if (at !== null && at + journey.stall.lag > now)
      return arm(draft, { ...journey.stall, at, due: at + journey.stall.lag });
  }
  markStalled(draft);
  const opensAt = definition.withinHours ? definition.businessTime.nextWorkingMoment(now) : now;
  if (opensAt > now) return arm(draft, { ...journey.stall, due: opensAt });
  journey.stall = { ...journey.stall, due: null, settled: true };
  openStallAlert(draft);
}

export function hasEnded(journey: Pick<JourneyState, 'status'>): boolean {
  return journey.status === 'won' || journey.status === 'lost';
}

/** The clock of an alert that nobody acknowledged. */
export function armEscalation(draft: Draft, kind: AlertKind, openedAt: number): void {
  const { definition, now } = draft;
  if (!definition.escalateAfter) return;
  const at = definition.businessTime.add(openedAt, definition.escalateAfter);
  const due = definition.withinHours ? definition.businessTime.nextWorkingMoment(at) : at;
  setTimer(draft, `escalate-${kind}`, Math.max(due, now + 1));
}

function openStallAlert(draft: Draft): void {
  const { journey, definition, now, journeyId } = draft;
  const told = tellLearnedStall(definition, draft.models(), journey, now) ?? {
    ...tellStall(definition, journey, now),
    probability: null,
  };
  const isHeldBack = journey.stall.at !== null && journey.stall.at === judgedFloor(definition, journey);
  const alert = openAlert({
    journeyId,
    seq: journey.seq,
    kind: 'stall',
    stage: journey.stage,
    at: now,
    reason: {
      ...told,
      ...(isHeldBack ? { text: told.text + tellJudged(journey, now) } : {}),
      quietPersonId: quietPerson(journey),
      lastTouchpoints: renderLastTouchpoints(journey.last, draft.subject.account?.id ?? null),
    },
  });
  tellAlert(draft, 'alert.opened', alert);
  armEscalation(draft, 'stall', now);
}

/** Who went quiet: whoever was heard of last. */
function quietPerson(journey: JourneyState): string | null {
  let quiet: string | null = null;
  let latest = -Infinity;
  for (const { id, inboundAt } of journey.people) {
    if (inboundAt === null || inboundAt < latest || (inboundAt === latest && quiet !== null && id > quiet)) continue;
    quiet = id;
    latest = inboundAt;
  }
  return quiet;
}

function markStalled(draft: Draft): void {
  if (draft.journey.status === 'stalled') return;
  draft.journey.status = 'stalled';
  draft.events.push('stalled');
  draft.changed = true;
}

function endSilence(draft: Draft, move: ClockMove): void {
  const { journey } = draft;
  const resolvedBy = hasEnded(journey) ? 'outcome' : move.by === 'person' ? 'person' : 'buyer';
  closeAlert(draft, 'stall', resolvedBy, resolvedBy);
  if (journey.status !== 'stalled') return;
  journey.status = 'active';
  draft.events.push('resumed');
  draft.changed = true;
}

function arm(draft: Draft, stall: JourneyState['stall']): void {
  const before = draft.journey.stall.due;
  draft.journey.stall = stall;
  if (stall.due !== before) setTimer(draft, 'stall', stall.due);
}
