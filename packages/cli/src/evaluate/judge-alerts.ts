/**
 * Alerts against what came of the silences: a stall is a silence that reaches seven days (or in which the journey ends). Right is an alert
 * within one; lead is how long before the seven days are over it came.
 */
import { lastInbound, nextInbound, type Collected, type Course, type Look } from './collect.ts';
import { medianOf } from './measures.ts';

export interface AlertFigures {
  alerts: number;
  /** Share of alerts that were right; of stalls that had an alert before they were one. */
  precision: number | null;
  recall: number | null;
  leadDays: number | null;
  falsePerWeekPer100: number | null;
}

export interface Alert {
  at: number;
  journey: number;
}

export const STALL_MS = 7 * 86_400_000;
const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;

export interface JudgedPeriod {
  from: number;
  to: number;
  /** Mean number of open journeys. */
  openJourneys: number;
}

export function judgeAlerts(
  { courses }: Pick<Collected, 'courses'>,
  alerts: readonly Alert[],
  period: JudgedPeriod,
): AlertFigures {
  const { from, to, openJourneys } = period;
  const judged = alerts.filter(({ at }) => at >= from && at <= to);
  const right = judged.filter(({ at, journey }) => becomesStall(courses[journey]!, lastInbound(courses[journey]!, at)));
  const first = new Map<string, number>();
  for (const { at, journey } of judged) {
    const silence = `${journey} ${lastInbound(courses[journey]!, at)}`;
    if (!first.has(silence)) first.set(silence, at);
  }
  let stalls = 0;
  const leads: number[] = [];
  courses.forEach((course, journey) => {
    for (const since of silencesOf(course)) {
      if (since < from || since + STALL_MS > to || !becomesStall(course, since)) continue;
      stalls++;
      const alertAt = first.get(`${journey} ${since}`);
      if (alertAt !== undefined && alertAt < since + STALL_MS) leads.push((since + STALL_MS - alertAt) / DAY_MS);
    }
  });
  const weeks = (to - from) / WEEK_MS;
  return {
    alerts: judged.length,
    precision: judged.length === 0 ? null : right.length / judged.length,
    recall: stalls === 0 ? null : leads.length / stalls,
    leadDays: medianOf(leads),
    falsePerWeekPer100:
      weeks === 0 || openJourneys === 0 ? null : ((judged.length - right.length) / weeks / openJourneys) * 100,
  };
}

/** One alert a silence: at the first look at which the figure reaches the threshold. */
export function alertsAt(looks: readonly Look[], figures: readonly number[], threshold: number): Alert[] {
  const alerted = new Map<number, number>();
  const alerts: Alert[] = [];
  looks.forEach(({ at, journey, idleMs }, i) => {
    const since = at - idleMs;
    if (figures[i]! < threshold || alerted.get(journey) === since) return;
    alerted.set(journey, since);
    alerts.push({ at, journey });
  });
  return alerts;
}

/** The figure that, as a limit, gives as many alerts as asked for, or next to. */
export function thresholdFor(looks: readonly Look[], figures: readonly number[], alerts: number): number {
  const candidates = [...new Set(figures)].sort((a, b) => a - b);
  let from = 0;
  let to = candidates.length - 1;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (alertsAt(looks, figures, candidates[middle]!).length > alerts) from = middle + 1;
    else to = middle;
  }
  return candidates[from] ?? Infinity;
}

function becomesStall(course: Course, since: number): boolean {
  const next = nextInbound(course, since);
  return next === null || next > since + STALL_MS;
}

function silencesOf({ startedAt, inbound, endedAt }: Course): number[] {
  return [...new Set([startedAt, ...inbound])].filter((at) => endedAt === null || at < endedAt);
}
