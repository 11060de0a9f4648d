/** What was said of alerts, week by week: a table, read when it is opened. */
import { signal } from '@preact/signals';
import { api } from '../api.ts';
import { words } from '../format.ts';

interface Row {
  week: string;
  kind: string;
  opened: number;
  verdicts: { real: number; notAStall: number; alreadyHandled: number };
  precision: { value: number; low: number; high: number; judged: number } | null;
}

const rows = signal<readonly Row[] | null>(null);
const fault = signal<string | null>(null);
const percent = (share: number): string => `${Math.round(share * 100)} %`;

async function load(): Promise<void> {
  try {
    rows.value = (await api<{ items: Row[] }>('GET', '/api/alerts/report?by=kind')).items;
    fault.value = null;
  } catch (error) {
    fault.value = (error as Error).message;
  }
}

export function AlertReport() {
  return (
    <details onToggle={(event) => event.currentTarget.open && void load()}>
      <summary>Verdicts by week</summary>
      {fault.value && (
        <p class="fault" role="alert">
          {fault.value}
        </p>
      )}
      {rows.value?.length === 0 && <p class="soft">No alert has opened in the last twelve weeks.</p>}
      {rows.value !== null && rows.value.length > 0 && (
        <table>
          <caption class="visually-hidden">Alerts of each week, and what people said of them</caption>
          <thead>
            <tr>
              <th scope="col">Week of</th>
              <th scope="col">Kind</th>
              {['Opened', 'Real', 'Handled already', 'False alarm', 'No false alarm'].map((name) => (
                <th key={name} scope="col" class="number">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.value.map(({ week, kind, opened, verdicts, precision }) => (
              <tr key={`${week} ${kind}`}>
                <td>{week}</td>
                <td>{words(kind)}</td>
                <td class="number">{opened}</td>
                <td class="number">{verdicts.real}</td>
                <td class="number">{verdicts.alreadyHandled}</td>
                <td class="number">{verdicts.notAStall}</td>
                <td class="number">
                  {precision === null
                    ? 'not judged'
                    : `${percent(precision.value)} (${percent(precision.low)} to ${percent(precision.high)})`}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </details>
  );
}
