/** Alert budgets: what was chosen for each owner, what it should bring, and how the day stands. Read when it is opened. */
import { signal } from '@preact/signals';
import { api } from '../api.ts';

interface Budget {
  definition: string;
  owner: string | null;
  count: number;
  per: 'owner' | 'workspace';
  threshold: number;
  chosenAt: string | null;
  expected: { perDay: number; overBudget: boolean; precision: number | null; silences: number; days: number } | null;
  today: { date: string | null; opened: number; waiting: number };
  totals: { opened: number; waited: number; dropped: number; returned: number };
}

const budgets = signal<readonly Budget[] | null>(null);
const fault = signal<string | null>(null);
const percent = (share: number): string => `${Math.round(share * 100)} %`;

async function load(): Promise<void> {
  try {
    budgets.value = (await api<{ items: Budget[] }>('GET', '/api/alerts/budget')).items;
    fault.value = null;
  } catch (error) {
    fault.value = (error as Error).message;
  }
}

function whose({ owner, per }: Budget): string {
  return owner ?? (per === 'workspace' ? 'everybody' : 'no owner yet');
}

function expectation({ expected, chosenAt }: Budget): string {
  if (!expected || chosenAt === null) return 'not enough known';
  const right = expected.precision === null ? '' : `, ${percent(expected.precision)} right`;
  return `${expected.perDay.toFixed(1)} a day${right}${expected.overBudget ? '; more than the budget' : ''}`;
}

export function AlertBudgets() {
  return (
    <details onToggle={(event) => event.currentTarget.open && void load()}>
      <summary>Alert budgets</summary>
      {fault.value && (
        <p class="fault" role="alert">
          {fault.value}
        </p>
      )}
      {budgets.value?.length === 0 && <p class="soft">No definition has an alert budget, or no alert was due yet.</p>}
      {budgets.value !== null && budgets.value.length > 0 && (
        <table>
          <caption class="visually-hidden">Alert budgets by definition and owner</caption>
          <thead>
            <tr>
              <th scope="col">Definition</th>
              <th scope="col">Owner</th>
              <th scope="col" class="number">
                A day at most
              </th>
              <th scope="col" class="number">
                Opens at
              </th>
              <th scope="col">Expected</th>
              {['Last day', 'Waiting', 'Opened', 'Dropped', 'Came back'].map((name) => (
                <th key={name} scope="col" class="number">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {budgets.value.map((budget) => (
              <tr key={`${budget.definition} ${budget.owner ?? ''}`}>
                <td>{budget.definition}</td>
                <td>{whose(budget)}</td>
                <td class="number">{budget.count}</td>
                <td class="number">{percent(budget.threshold)}</td>
                <td>{expectation(budget)}</td>
                <td class="number">{budget.today.opened}</td>
                <td class="number">{budget.today.waiting}</td>
                <td class="number">{budget.totals.opened}</td>
                <td class="number">{budget.totals.dropped}</td>
                <td class="number">{budget.totals.returned}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </details>
  );
}
