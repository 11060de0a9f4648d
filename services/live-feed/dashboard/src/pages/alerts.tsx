/** The inbox: what needs a person now, each with its reason and what can be done about it. Made for the keyboard. */
import { useEffect } from 'preact/hooks';
import { apiAll } from '../api.ts';
import { words } from '../format.ts';
import { AlertBudgets } from '../parts/alert-budgets.tsx';
import { AlertReport } from '../parts/alert-report.tsx';
import { AlertRow } from '../parts/inbox/alert-row.tsx';
import { Bulk } from '../parts/inbox/bulk.tsx';
import {
  chosen,
  current,
  fault,
  listed,
  me,
  mine,
  onKey,
  owners,
  resolved,
  said,
  sayWhoIAm,
  show,
} from '../parts/inbox/inbox.ts';
import { query } from '../router.ts';
import { alerts } from '../store.ts';
import type { Alert } from '../types.ts';

export function AlertsPage() {
  useEffect(() => {
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  useEffect(() => {
    if (show.value === 'resolved')
      void apiAll<Alert>('/api/alerts?state=resolved', 200).then((found) => (resolved.value = found));
  }, [show.value]);
  useEffect(() => {
    const wanted = query.value.get('alert');
    if (!wanted) return;
    show.value = 'all';
    current.value = wanted;
  }, [query.value]);
  const list = listed.value;
  const open = [...alerts.value.values()].filter(({ state }) => state === 'open').length;
  return (
    <>
      <div class="toolbar">
        <h1>Alerts</h1>
        <p class="figures">{open} open</p>
      </div>
      <div class="filters">
        <div class="segments" role="group" aria-label="State">
          {(['all', 'open', 'acknowledged', 'snoozed', 'resolved'] as const).map((state) => (
            <button type="button" key={state} aria-pressed={show.value === state} onClick={() => (show.value = state)}>
              {state === 'all' ? 'Unresolved' : words(state)}
            </button>
          ))}
        </div>
        <div class="segments" role="group" aria-label="Whose">
          <button type="button" aria-pressed={!mine.value} onClick={() => (mine.value = false)}>
            Team
          </button>
          <button type="button" aria-pressed={mine.value} onClick={() => (mine.value = true)}>
            Mine
          </button>
        </div>
        {mine.value && (
          <label>
            I am{' '}
            <input
              list="owners"
              value={me.value}
              placeholder="owner’s name"
              onInput={(event) => sayWhoIAm(event.currentTarget.value)}
            />
            <datalist id="owners">
              {owners.value.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </datalist>
          </label>
        )}
        <p class="keys end" aria-hidden="true">
          <kbd>j</kbd> <kbd>k</kbd> move · <kbd>x</kbd> choose · <kbd>a</kbd> acknowledge · <kbd>s</kbd> snooze ·{' '}
          <kbd>r</kbd> resolve
        </p>
      </div>
      <p class="visually-hidden" role="status">
        {said.value}
      </p>
      {fault.value && (
        <p class="fault" role="alert">
          {fault.value}
        </p>
      )}
      {chosen.value.size > 0 && <Bulk />}
      {list.length === 0 ? (
        <section class="empty">
          <h2>{show.value === 'open' || show.value === 'all' ? 'Nobody is unusually quiet' : 'None here'}</h2>
          <p>An alert opens here within a second of a journey going silent for longer than its stage allows.</p>
          {mine.value && me.value === '' && <p>Say who you are, to see your own.</p>}
        </section>
      ) : (
        <ul class="alerts">
          {list.map((alert) => (
            <AlertRow key={alert.id} alert={alert} />
          ))}
        </ul>
      )}
      <AlertBudgets />
      <AlertReport />
    </>
  );
}
