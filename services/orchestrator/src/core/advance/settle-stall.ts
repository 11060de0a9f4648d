/** Keeps a journey's stall clock true after anything that may have moved it, and opens the alert when it has run out. */
import { openAlert } from '../alert.ts';
import { learnedStallOf } from '../learn/predict.ts';
import { deskOwner, isBudgeted, thresholdNow } from '../stall/budget/budget-owner.ts';
import { silentSince, stallDeadline, tellStall } from '../stall/fixed-stall.ts';
import { learnedStallAt, tellLearnedStall } from '../stall/learned/learned-stall.ts';
import { suspendedUntil } from '../meeting.ts';
import { alertMoment, ownersTime } from '../owner-hours.ts';
import { judgedFloor, tellJudged } from '../verdict.ts';
import { renderLastTouchpoints } from '../render-touchpoint.ts';
import type { AlertKind, JourneyState } from '../state.ts';
import { assignOwner, closeAlert, setTimer, tellAlert, type Draft } from './draft.ts';
import { askForSlot, watchHorizon, withdrawAsk } from './follow-budget.ts';

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
  if (isToldOf(draft, move)) return;
  if (deadline === journey.stall.at) return deadline === null ? endLeftOver(draft, move) : undefined;
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
function deadlineOf({ definition, journey, models, subject }: Draft): number | null {
  const fixed = stallDeadline(definition, journey);
  const deadline = learnedStallOf(definition, journey.stage)
    ? earlier(
        fixed,
        learnedStallAt(definition, models(), journey, thresholdNow(definition, models(), subject, journey.stage)),
      )
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

/** The stall timer is due: the journey is stalled, and its alert opens now or when work begins. */
export function fireStall(draft: Draft): void {
  const { journey, definition, now } = draft;
  const { due, settled, asked } = journey.stall;
  if (due === null || settled || hasEnded(journey)) return;
  if (due > now) return setTimer(draft, 'stall', due);
  // It waited for a slot for as long as an alert is news. The desk has dropped it by the same count.
  if (asked && !asked.granted) return settleWithout(draft);
  if (journey.status !== 'stalled' && journey.stall.since !== undefined) {
    // More was learned since the moment was foretold.
    const at = deadlineOf(draft);
    if (at !== null && at + journey.stall.lag > now)
      return arm(draft, { ...journey.stall, at, due: at + journey.stall.lag });
  }
  if (journey.status !== 'stalled') watchHorizon(draft);
  markStalled(draft);
  // Whose hours count must be known before they are waited for.
  if (definition.ownerHours.size > 0) assignOwner(draft);
  const opensAt = alertMoment(definition, draft.subject, journey, now);
  if (opensAt > now) return arm(draft, { ...journey.stall, due: opensAt });
  if (!asked && isBudgeted(definition, journey.stage)) return askForSlot(draft);
  settleWithout(draft);
  openStallAlert(draft);
}

/** There is a slot for the alert that was asked for then. */
export function grantStall(draft: Draft, askedAt: number): void {
  const { journey, definition, subject, now } = draft;
  const { asked, settled } = journey.stall;
  if (asked?.at !== askedAt || settled || hasEnded(journey)) return;
  // The account has another owner since: it is the new one's slot that counts.
  if (asked.owner !== deskOwner(definition, subject, journey)) return askForSlot(draft);
  // A budget of everybody's counts the definition's days; the owner's hours may begin later.
  const opensAt = alertMoment(definition, subject, journey, now);
  if (opensAt > now) return arm(draft, { ...journey.stall, due: opensAt, asked: { ...asked, granted: true } });
  settleWithout(draft);
  setTimer(draft, 'stall', null);
  openStallAlert(draft);
}

/** The alert waits for an owner's hours, and the account may have another owner by now. */
export function waitForOwner(draft: Draft): void {
  const { journey, definition, subject, now } = draft;
  const { due, settled, asked } = journey.stall;
  if (definition.ownerHours.size === 0 || journey.status !== 'stalled' || settled || due === null) return;
  if (asked && !asked.granted) return;
  const opensAt = Math.max(now + 1, alertMoment(definition, subject, journey, now));
  if (opensAt !== due) arm(draft, { ...journey.stall, due: opensAt });
}

/** The journey is closed here: nobody waits for a slot of it any more. */
export function leaveStall(draft: Draft): void {
  const before = draft.journey.stall;
  draft.journey.stall = { ...before, asked: undefined };
  withdrawAsk(draft, before);
}

/** This silence gets no alert beyond what it has. */
function settleWithout({ journey }: Draft): void {
  journey.stall = { ...journey.stall, due: null, settled: true, asked: undefined };
}

export function hasEnded(journey: Pick<JourneyState, 'status'>): boolean {
  return journey.status === 'won' || journey.status === 'lost';
}

/** The clock of an alert that nobody acknowledged. */
export function armEscalation(draft: Draft, kind: AlertKind, openedAt: number): void {
  const { definition, subject, journey, now } = draft;
  if (!definition.escalateAfter) return;
  const at = ownersTime(definition, subject, journey).add(openedAt, definition.escalateAfter);
  const due = alertMoment(definition, subject, journey, at);
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

/** A version without a stall here kept the alert of the one before: it ends as any other, by a return or an outcome. */
function endLeftOver(draft: Draft, move: ClockMove): void {
  const { journey } = draft;
  const alert = journey.alerts.stall;
  if (!alert || move.by === 'definition' || move.by === 'merge') return;
  if (hasEnded(journey) || silentSince(journey) > alert.openedAt) endSilence(draft, move);
}

function arm(draft: Draft, stall: JourneyState['stall']): void {
  const before = draft.journey.stall;
  draft.journey.stall = stall;
  withdrawAsk(draft, before);
  if (stall.due !== before.due) setTimer(draft, 'stall', stall.due);
}
