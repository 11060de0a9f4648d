/**
 * An owner's slots of a day: who gets one, who waits for the next working day, who has waited too long. One desk an owner and definition,
 * in one partition, so the cap is exact. Decides nothing of when a silence is due.
 */
import type { BudgetAsked, BudgetToday, BudgetTotals } from '@cairn/contracts/generated/budget.ts';
import type { Expectation } from './choose-threshold.ts';

/** A silence that is due and has no slot yet. */
export type Waiting = Pick<BudgetAsked, 'journeyId' | 'place' | 'subjectId' | 'probability'> & { askedAt: number };

export interface BudgetDesk {
  workspace: string;
  definition: string;
  owner: string;
  /** The day that was last counted, in days of the wall clock since 1970. */
  day: number;
  opened: number;
  /** In the order in which they get a slot. */
  waiting: readonly Waiting[];
  totals: BudgetTotals;
  /** Null: the default threshold holds. */
  chosen: { threshold: number; at: number; expected: Expectation } | null;
}

export type BudgetEvents = Readonly<Partial<Record<'opened' | 'waiting' | 'dropped' | 'returned' | 'chosen', number>>>;

export interface DeskStep {
  desk: BudgetDesk;
  granted: readonly Waiting[];
  /** What happened, for the metric; empty: nothing. */
  what: BudgetEvents;
}

/** An alert that is older is news to nobody. */
export const WAITS_AT_MOST_MS = 5 * 86_400_000;
/** Five days give five times the slots at most; twice that, so that those whose buyers return leave somebody in their place. */
const WAITING_PER_SLOT = 10;
const WAITING_AT_LEAST = 100;

const NO_TOTALS: BudgetTotals = { opened: 0, waited: 0, dropped: 0, returned: 0 };

export function openDesk(workspace: string, definition: string, owner: string): BudgetDesk {
  return { workspace, definition, owner, day: -1, opened: 0, waiting: [], totals: NO_TOTALS, chosen: null };
}

/** Asked twice by one journey, the newer question counts. Whoever waited since an earlier day comes first. */
export function takeAsk(before: BudgetDesk, ask: Waiting, count: number, day: number): DeskStep {
  if (day <= before.day) return takeInTurn(before, ask, count);
  const started = startDay(before, count, day, ask.askedAt);
  const step = takeInTurn(started.desk, ask, count);
  return { desk: step.desk, granted: [...started.granted, ...step.granted], what: both(started.what, step.what) };
}

function takeInTurn(desk: BudgetDesk, ask: Waiting, count: number): DeskStep {
  const others = desk.waiting.filter(({ journeyId }) => journeyId !== ask.journeyId);
  if (desk.opened < count) return grant({ ...desk, waiting: others }, [ask], 0);
  const line = [...others, ask].sort(inLine);
  const most = Math.max(WAITING_AT_LEAST, WAITING_PER_SLOT * count);
  const dropped = Math.max(0, line.length - most);
  const { totals } = desk;
  return {
    desk: {
      ...desk,
      waiting: line.slice(0, most),
      totals: { ...totals, waited: totals.waited + 1, dropped: totals.dropped + dropped },
    },
    granted: [],
    what: { waiting: 1, ...(dropped ? { dropped } : {}) },
  };
}

/** The silence is over. One that has its slot by now goes on with it, or has lost it: a slot is never given twice. */
export function takeWithdrawal(desk: BudgetDesk, journeyId: string, askedAt: number): DeskStep {
  const waiting = desk.waiting.filter((one) => one.journeyId !== journeyId || one.askedAt !== askedAt);
  if (waiting.length === desk.waiting.length) return { desk, granted: [], what: {} };
  const totals = { ...desk.totals, returned: desk.totals.returned + 1 };
  return { desk: { ...desk, waiting, totals }, granted: [], what: { returned: 1 } };
}

/** A working day begins: the likeliest first, and whoever has waited too long leaves. */
export function startDay(before: BudgetDesk, count: number, day: number, now: number): DeskStep {
  const desk = onDay(before, day);
  const line = desk.waiting.filter(({ askedAt }) => askedAt + WAITS_AT_MOST_MS > now);
  const dropped = desk.waiting.length - line.length;
  const free = Math.max(0, count - desk.opened);
  const totals = { ...desk.totals, dropped: desk.totals.dropped + dropped };
  return grant({ ...desk, waiting: line.slice(free), totals }, line.slice(0, free), dropped);
}

export function todayOf({ day, opened, waiting }: BudgetDesk, dateOf: (day: number) => string): BudgetToday {
  return { date: day < 0 ? null : dateOf(day), opened, waiting: waiting.length };
}

function grant(desk: BudgetDesk, granted: readonly Waiting[], dropped: number): DeskStep {
  const { length } = granted;
  const totals = { ...desk.totals, opened: desk.totals.opened + length };
  const what = { ...(length ? { opened: length } : {}), ...(dropped ? { dropped } : {}) };
  return { desk: { ...desk, opened: desk.opened + length, totals }, granted, what };
}

function both(a: BudgetEvents, b: BudgetEvents): BudgetEvents {
  const sums: Record<string, number> = { ...a };
  for (const [name, count] of Object.entries(b)) sums[name] = (sums[name] ?? 0) + count;
  return sums;
}

/** Log time only rises, and a day that was over does not come back. */
function onDay(desk: BudgetDesk, day: number): BudgetDesk {
  return day > desk.day ? { ...desk, day, opened: 0 } : desk;
}

/** Of two that are as likely, the one that has waited longer. */
function inLine(a: Waiting, b: Waiting): number {
  return b.probability - a.probability || a.askedAt - b.askedAt || (a.journeyId < b.journeyId ? -1 : 1);
}
