/** The view's alert budgets: how each owner's stands, as last told. */
import { idOf } from '@cairn/contracts/ids.ts';
import type { AlertBudgetState, BudgetTold } from '@cairn/contracts/generated/budget.ts';
import type { ViewStore } from './view-store.ts';

export interface ViewBudgets {
  apply(fact: BudgetTold): void;
  /** Of a workspace, by definition and owner, whom nobody owns first. Committed state only. */
  list(workspace: string): AlertBudgetState[];
}

/** A key of the store has room for some hundred bytes, and a CRM for names of any length. */
const OWNER_CHARS = 100;

export function createViewBudgets(store: ViewStore): ViewBudgets {
  const budgets = store.table<AlertBudgetState>('budgets', 'json');
  return {
    apply({ workspace, budget }) {
      const owner = budget.owner ?? '';
      const place = owner.length <= OWNER_CHARS ? owner : idOf('own', owner);
      budgets.put([workspace, budget.definition, place], budget);
    },
    list: (workspace) =>
      [...budgets.range({ start: [workspace], end: [workspace, '\uffff'] })].map(({ value }) => value),
  };
}
