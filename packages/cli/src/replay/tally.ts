/** Counts and rates for summary.json. */
import type { ActionFact } from '@cairn/contracts/generated/action.ts';
import type { AlertFact } from '@cairn/contracts/generated/alert.ts';
import type { AlertBudgetState, BudgetTold } from '@cairn/contracts/generated/budget.ts';
import type { JourneyChanged } from '@cairn/contracts/generated/journey.ts';

export interface Tally {
  alert(fact: AlertFact): void;
  action(fact: ActionFact): void;
  budget(fact: BudgetTold): void;
  change(fact: JourneyChanged): void;
  /** Of a journey at the end. */
  journey(status: string): void;
  counts(): Record<string, unknown>;
  /** Shares of the journeys, and alerts a week, over the time between two instants (epoch ms). */
  rates(from: number | null, to: number | null): Record<string, number | null>;
}

const WEEK_MS = 7 * 86_400_000;

export function createTally(): Tally {
  const journeys = { total: 0, active: 0, stalled: 0, won: 0, lost: 0, absorbed: 0 } as Record<string, number>;
  const alerts: Record<string, number> = {};
  const kinds: Record<string, number> = {};
  const resolved: Record<string, number> = {};
  const actions: Record<string, number> = {};
  const transitions: Record<string, number> = {};
  /** By owner: how each budget stands at the end. */
  const budgets = new Map<string | null, AlertBudgetState>();
  const add = (counts: Record<string, number>, name: string): void => void (counts[name] = (counts[name] ?? 0) + 1);
  return {
    alert({ type, alert }) {
      add(alerts, type);
      if (type === 'alert.opened') add(kinds, alert.kind);
      if (type === 'alert.resolved') add(resolved, alert.resolvedBy ?? 'unknown');
    },
    action: ({ type }) => add(actions, type),
    budget: ({ budget }) => void budgets.set(budget.owner, budget),
    change({ events }) {
      for (const event of events) {
        add(transitions, `journey.${event}`);
        if (event === 'absorbed') add(journeys, 'absorbed');
      }
    },
    journey(status) {
      add(journeys, 'total');
      add(journeys, status);
    },
    counts: () => ({
      journeys,
      alerts,
      alertsOpenedByKind: kinds,
      alertsResolvedBy: resolved,
      ...(budgets.size > 0 ? { alertBudgets: [...budgets.values()] } : {}),
      actions,
      transitions,
    }),
    rates(from, to) {
      const share = (count: number | undefined): number | null =>
        journeys.total === 0 ? null : (count ?? 0) / journeys.total!;
      const weeks = from === null || to === null ? 0 : (to - from) / WEEK_MS;
      return {
        won: share(journeys.won),
        lost: share(journeys.lost),
        stalled: share(journeys.stalled),
        alertsPerJourney: share(alerts['alert.opened']),
        alertsPerWeek: weeks === 0 ? null : (alerts['alert.opened'] ?? 0) / weeks,
      };
    },
  };
}
