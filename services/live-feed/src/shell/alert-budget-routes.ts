/** `GET /api/alerts/budget`: what was chosen for each alert budget, what is expected of it, and how it stands. Tells what the orchestrator told. */
import type { Express } from 'express';
import type { Clock } from '@cairn/clock/clock.ts';
import { authorise } from '@cairn/service-kit/authorise.ts';
import type { ControlMirror } from '@cairn/service-kit/control-mirror.ts';
import { listAnswer, readTexts } from './paging.ts';
import type { View } from './view.ts';

export interface AlertBudgetDeps {
  view: View;
  clock: Clock;
  control: Pick<ControlMirror, 'grantOf'>;
}

/** Before the routes of single alerts: `budget` is no id. */
export function addAlertBudgetRoutes(app: Express, { view, clock, control }: AlertBudgetDeps): void {
  app.get('/api/alerts/budget', async (request, response) => {
    const { workspace } = authorise({ control, clock }, request, 'read');
    const owner = readTexts(request, 'owner');
    const definition = readTexts(request, 'definition');
    await view.store.settle();
    const items = view.budgets
      .list(workspace)
      .filter((budget) => !definition || definition.includes(budget.definition))
      .filter((budget) => !owner || (budget.owner !== null && owner.includes(budget.owner)));
    response.json(listAnswer(items, null));
  });
}
