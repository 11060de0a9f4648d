import type { Alert } from '@cairn/contracts/generated/alert.ts';
import type { HistoryTable } from '../history.ts';
import { PERSON_COLUMNS, SUBJECT_COLUMNS } from '../tables.ts';

/** Whether a row tells of somebody who was erased: by the columns of the registry, and within what an alert says. Pure. */
export function namesErased(
  table: HistoryTable,
  row: Readonly<Record<string, unknown>>,
  isErased: (id: string) => boolean,
): boolean {
  const columns = [...(PERSON_COLUMNS[table] ?? []), ...(SUBJECT_COLUMNS[table] ?? [])];
  if (columns.some((column) => isErased(String(row[column])))) return true;
  return table === 'alert_facts' && peopleIn(row.alert).some(isErased);
}

function peopleIn(text: unknown): string[] {
  if (typeof text !== 'string' || text === '') return [];
  const { subject, reason } = JSON.parse(text) as Pick<Alert, 'subject' | 'reason'>;
  const named = [subject.id, reason.quietPersonId, ...reason.lastTouchpoints.map(({ personId }) => personId)];
  return named.filter((id) => id !== null);
}
