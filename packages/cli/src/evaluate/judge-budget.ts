/** What an alert budget promised beside what came: alerts an owner and day, and the share that was right, over one replay. */
import type { AlertBudgetState } from '@cairn/contracts/generated/budget.ts';
import type { Touchpoint } from '@cairn/contracts/generated/touchpoint.ts';
import { runReplay, type ReplaySettings } from '../replay/run-replay.ts';

export interface BudgetFigures {
  /** The most alerts that any owner had on any day (of UTC). */
  mostADay: number;
  /** Alerts opened while a threshold was chosen, and due, waiting ones included. */
  alerts: number;
  due: number;
  /** As many as were expected to be due. */
  expectedDue: number;
  /** Of the alerts that opened: the mean of what was promised that day, and what came. */
  expectedPrecision: number;
  precision: number;
  /** How often each threshold was chosen. */
  thresholds: Record<string, number>;
}

const DAY_MS = 86_400_000;

/** `horizonMs`: of every stage. An alert is right where nothing inbound came for so long after the touch before it. */
export function judgeBudget(
  settings: Omit<ReplaySettings, 'ticks' | 'scoreOn'>,
  touchpoints: Iterable<Touchpoint>,
  { horizonMs, owners }: { horizonMs: number; owners: number },
): BudgetFigures {
  const inbound = new Map<string, number[]>();
  const opened: { at: number; journeyId: string; expected: number | null }[] = [];
  const perDay = new Map<string, number>();
  const thresholds: Record<string, number> = {};
  let chosen: AlertBudgetState | null = null;
  /** By owner: alerts that were due so far, and before a threshold was chosen. */
  const dues = new Map<string | null, number>();
  let dueBefore = 0;
  let expectedDue = 0;
  runReplay({ ...settings, ticks: null, scoreOn: null }, touchpoints, {
    onBudget({ what, budget, at }) {
      const { opened: had, dropped, returned } = budget.totals;
      dues.set(budget.owner, had + dropped + returned + budget.today.waiting);
      if (!chosen) dueBefore = sumOf(dues);
      if (what['chosen']) {
        chosen = budget;
        thresholds[budget.threshold] = (thresholds[budget.threshold] ?? 0) + 1;
        // Chosen as the day begins. It expects so many on a working day; 1 January 1970 was a Thursday.
        const weekday = (Math.floor((at + DAY_MS / 2) / DAY_MS) + 4) % 7;
        if (weekday !== 0) expectedDue += (budget.expected?.perDay ?? 0) * owners;
      }
    },
    onChange({ at, journey, touchpoint, events }) {
      if (events.includes('won') || events.includes('lost') || touchpoint?.direction !== 'inbound') return;
      const times = inbound.get(journey.id);
      if (times) times.push(at);
      else inbound.set(journey.id, [at]);
    },
    onAlert({ type, at, alert }) {
      if (type !== 'alert.opened') return;
      opened.push({ at, journeyId: alert.journeyId, expected: chosen?.expected?.precision ?? null });
      const day = `${alert.owner} ${Math.floor(at / DAY_MS)}`;
      perDay.set(day, (perDay.get(day) ?? 0) + 1);
    },
  });
  const judged = opened.filter(({ expected }) => expected !== null);
  const right = judged.filter(({ at, journeyId }) => {
    const times = inbound.get(journeyId) ?? [];
    const place = times.findIndex((time) => time > at);
    const last = times[(place < 0 ? times.length : place) - 1] ?? at;
    const next = place < 0 ? Infinity : times[place]!;
    return next > last + horizonMs;
  });
  return {
    mostADay: Math.max(0, ...perDay.values()),
    alerts: judged.length,
    due: sumOf(dues) - dueBefore,
    expectedDue: Math.round(expectedDue),
    expectedPrecision: judged.reduce((sum, { expected }) => sum + expected!, 0) / judged.length,
    precision: right.length / judged.length,
    thresholds,
  };
}

function sumOf(counts: ReadonlyMap<unknown, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}
