import { computed, signal } from '@preact/signals';
import { lazy } from './parts/lazy.tsx';
import { Board } from './pages/board.tsx';
import { feedReason, feedState, lastUpdateAt, now, alerts } from './store.ts';
import { duration } from './format.ts';

const JourneyPage = lazy(() => import('./pages/journey.tsx').then((module) => module.JourneyPage));
const AlertsPage = lazy(() => import('./pages/alerts.tsx').then((module) => module.AlertsPage));
const DeliveriesPage = lazy(() => import('./pages/deliveries.tsx').then((module) => module.DeliveriesPage));
const DeadLettersPage = lazy(() => import('./pages/dead-letters.tsx').then((module) => module.DeadLettersPage));

const path = signal(location.hash.slice(1) || '/board');
addEventListener('hashchange', () => {
  path.value = location.hash.slice(1) || '/board';
  document.getElementById('main')?.focus();
});
const route = computed(() => path.value.split('?')[0]!.split('/').filter(Boolean));

const LINKS = [
  ['board', 'Board'],
  ['alerts', 'Alerts'],
  ['deliveries', 'Deliveries'],
  ['dead-letters', 'Dead letters'],
] as const;

/** The frame of every page: where one is, how fresh it is, and the page. */
export function App() {
  const [section = 'board', id] = route.value;
  return (
    <>
      <a class="skip" href="#main" onClick={() => document.getElementById('main')?.focus()}>
        Skip to content
      </a>
      <header class="top">
        <a class="brand" href="#/board">
          <svg viewBox="0 0 32 32" width="22" height="22" aria-hidden="true">
            <ellipse cx="16" cy="26" rx="12" ry="4" />
            <ellipse cx="16" cy="17.5" rx="8.5" ry="3.6" />
            <ellipse cx="16" cy="9.5" rx="5.5" ry="3.2" />
          </svg>
          Cairn
        </a>
        <nav aria-label="Pages">
          {LINKS.map(([name, label]) => (
            <a key={name} href={`#/${name}`} aria-current={section === name ? 'page' : undefined}>
              {label}
              {name === 'alerts' && alerts.value.size > 0 && (
                <span class="count" aria-label={`${alerts.value.size} open`}>
                  {alerts.value.size}
                </span>
              )}
            </a>
          ))}
        </nav>
        <Freshness />
      </header>
      <main id="main" tabIndex={-1}>
        {feedState.value === 'closed' && <Refused />}
        {section === 'journeys' && id ? (
          <JourneyPage id={id} key={id} />
        ) : section === 'alerts' ? (
          <AlertsPage />
        ) : section === 'deliveries' ? (
          <DeliveriesPage id={id} />
        ) : section === 'dead-letters' ? (
          <DeadLettersPage />
        ) : (
          <Board />
        )}
      </main>
    </>
  );
}

const STATES = { connecting: 'Connecting', live: 'Live', recovering: 'Reconnecting', stale: 'Stale', closed: 'Closed' };

function Freshness() {
  const state = feedState.value;
  void now.value;
  const at = lastUpdateAt.value;
  return (
    <p class={`freshness ${state}`} role="status">
      <span class="dot" aria-hidden="true" />
      {STATES[state]}
      {at !== null && <span class="ago"> · last update {duration(Math.max(0, Date.now() - at))} ago</span>}
    </p>
  );
}

function Refused() {
  return (
    <section class="empty">
      <h1>Not logged in</h1>
      <p>{feedReason.value}</p>
      <p>
        Open the dashboard link that <code>npm start</code> printed; it is also in <code>first-run.json</code> of the
        data directory.
      </p>
    </section>
  );
}
