/** What the advance task counts. Counted as it is handled: a cycle that is done again after a fault counts again. */
import type { BudgetTold } from '@cairn/contracts/generated/budget.ts';
import type { Metrics } from '@cairn/service-kit/metrics.ts';
import type { TaskInput, TaskOutcome } from '@cairn/task/task.ts';

export interface AdvanceMetrics {
  advanced(input: TaskInput, outcome: TaskOutcome): void;
}

export function createAdvanceMetrics(metrics: Metrics): AdvanceMetrics {
  const touchpoints = metrics.counter('cairn_touchpoints_advanced_total', 'Touchpoints that journeys advanced by');
  const alerts = metrics.counter('cairn_alerts_total', 'Facts of alerts', ['kind', 'type']);
  const timers = metrics.counter('cairn_timers_fired_total', 'Timers of journeys that fired');
  const handOvers = metrics.counter('cairn_journeys_absorbed_total', 'Journeys that another one absorbed');
  const budgets = metrics.counter('cairn_alert_budget_total', 'Alerts that budgets opened, held back, dropped', [
    'what',
  ]);
  return {
    advanced(input, outcome) {
      if (input.type === 'timer') timers.inc();
      else if ((input.message as { type?: string } | null)?.type === 'touchpoint.stitched') touchpoints.inc();
      for (const { topic, value } of outcome.outputs ?? []) {
        // A tombstone.
        if (value === null) continue;
        const fact = value as Partial<BudgetTold> & {
          type: string;
          alert?: { kind: string };
          events?: readonly string[];
        };
        if (fact.what) for (const [what, count] of Object.entries(fact.what)) budgets.inc({ what }, count);
        if (topic === 'alerts' && fact.alert) alerts.inc({ kind: fact.alert.kind, type: fact.type });
        else if (topic === 'journeys' && fact.events?.includes('absorbed')) handOvers.inc();
      }
    },
  };
}
