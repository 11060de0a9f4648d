import { signal } from '@preact/signals';
import { api } from '../api.ts';
import { alerts, journeys, now } from '../store.ts';
import { duration, when, words } from '../format.ts';
import type { Alert } from '../types.ts';

const fault = signal<string | null>(null);

/** Milliseconds of the snooze button: until tomorrow's same time. */
const SNOOZE_MS = 86_400_000;

async function act(
  alert: Alert,
  command: 'acknowledge' | 'snooze' | 'resolve',
  body: Record<string, unknown> = {},
): Promise<void> {
  fault.value = null;
  try {
    await api('POST', `/api/alerts/${alert.id}/${command}`, body);
  } catch (error) {
    fault.value = (error as Error).message;
  }
}

/** The inbox: what needs a person now, newest first, each with its reason and what can be done about it. */
export function AlertsPage() {
  const open = [...alerts.value.values()].sort((a, b) => (a.openedAt < b.openedAt ? 1 : -1));
  return (
    <>
      <div class="toolbar">
        <h1>Alerts</h1>
        <p class="figures">{open.length} open</p>
      </div>
      {fault.value && (
        <p class="fault" role="alert">
          {fault.value}
        </p>
      )}
      {open.length === 0 ? (
        <section class="empty">
          <h2>Nobody is unusually quiet</h2>
          <p>An alert opens here within a second of a journey going silent for longer than its stage allows.</p>
        </section>
      ) : (
        <ul class="alerts">
          {open.map((alert) => (
            <AlertRow key={alert.id} alert={alert} />
          ))}
        </ul>
      )}
    </>
  );
}

function AlertRow({ alert }: { alert: Alert }) {
  const journey = journeys.get(alert.journeyId)?.value;
  return (
    <li class={`alert ${alert.state}`}>
      <div>
        <a href={`#/journeys/${alert.journeyId}`}>
          <strong>{journey?.name ?? journey?.people[0]?.email ?? 'Journey'}</strong>
        </a>
        <span class="kind">{words(alert.kind)}</span>
        {alert.state !== 'open' && <span class="state">{words(alert.state)}</span>}
        <p class="reason">{alert.reason.text}</p>
        <p class="since">
          In {words(alert.stage)} · opened {when(alert.openedAt)} (
          {duration(Math.max(0, now.value - Date.parse(alert.openedAt)))} ago)
          {alert.owner && ` · ${alert.owner}`}
        </p>
      </div>
      <div class="controls">
        {alert.state === 'open' && (
          <button type="button" onClick={() => void act(alert, 'acknowledge')}>
            Acknowledge
          </button>
        )}
        <button
          type="button"
          onClick={() => void act(alert, 'snooze', { until: new Date(now.value + SNOOZE_MS).toISOString() })}
        >
          Snooze
        </button>
        <button type="button" onClick={() => void act(alert, 'resolve', { verdict: 'already-handled' })}>
          Resolve
        </button>
        <button type="button" onClick={() => void act(alert, 'resolve', { verdict: 'not-a-stall' })}>
          Not a stall
        </button>
      </div>
    </li>
  );
}
