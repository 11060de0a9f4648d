import type { Alert } from '@cairn/contracts/generated/alert.ts';
import { peopleIn } from '@cairn/contracts/erased-letter.ts';
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
  if (table === 'alert_facts' && peopleOf(row.alert).some(isErased)) return true;
  const text = TEXTS[table];
  const said = text && row[text];
  return typeof said === 'string' && peopleIn(said).some(isErased);
}

/** Where ids may stand in whatever else is said: an action's person, a webhook that could not be delivered, what a receiver answered. */
const TEXTS: Readonly<Partial<Record<HistoryTable, string>>> = {
  alert_facts: 'alert',
  dead_letters: 'raw',
  delivery_attempts: 'answer',
};

function peopleOf(text: unknown): string[] {
  if (typeof text !== 'string' || text === '') return [];
  const { subject, reason } = JSON.parse(text) as Pick<Alert, 'subject' | 'reason'>;
  const named = [subject.id, reason.quietPersonId, ...reason.lastTouchpoints.map(({ personId }) => personId)];
  return named.filter((id) => id !== null);
}
