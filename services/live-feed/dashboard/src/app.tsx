import { signal } from '@preact/signals';
import { GROUPS, pageOf } from './pages.ts';
import { query, route } from './router.ts';
import { alerts, feedReason, feedState, lastUpdateAt, now } from './store.ts';
import { duration } from './format.ts';

const menuOpen = signal(false);

/** The frame of every page: where one is, how fresh it is, and the page. */
export function App() {
  const [section = 'board', id] = route.value;
  const Page = pageOf(section);
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById('main')?.focus();
        }}
      >
        Skip to content
      </a>
      <header class="top">
        <a class="brand" href="#/board">
          <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
            <ellipse cx="16" cy="26" rx="12" ry="4" />
            <ellipse cx="16" cy="17.5" rx="8.5" ry="3.6" />
            <ellipse cx="16" cy="9.5" rx="5.5" ry="3.2" />
          </svg>
          Cairn
        </a>
        <button
          type="button"
          class="menu"
          aria-expanded={menuOpen.value}
          aria-controls="pages"
          onClick={() => (menuOpen.value = !menuOpen.value)}
        >
          Menu
        </button>
        <Freshness />
      </header>
      <div class="frame">
        <nav id="pages" aria-label="Pages" class={menuOpen.value ? 'open' : ''}>
          {GROUPS.filter(({ pages }) => pages.some(({ name }) => pageOf(name))).map((group) => (
            <div class="group" key={group.label}>
              <p class="group-name" id={`group-${group.label}`}>
                {group.label}
              </p>
              <ul aria-labelledby={`group-${group.label}`}>
                {group.pages
                  .filter(({ name }) => pageOf(name))
                  .map(({ name, label }) => (
                    <li key={name}>
                      <a
                        href={`#/${name}`}
                        aria-current={isIn(section, name) ? 'page' : undefined}
                        onClick={() => (menuOpen.value = false)}
                      >
                        {label}
                        {name === 'alerts' && <OpenAlerts />}
                      </a>
                    </li>
                  ))}
              </ul>
            </div>
          ))}
        </nav>
        <main id="main" tabIndex={-1}>
          {feedState.value === 'closed' ? (
            <Refused />
          ) : Page ? (
            <Page id={id} key={`${section}/${id ?? ''}${id ? '' : (query.value.get('key') ?? '')}`} />
          ) : (
            <NoSuchPage />
          )}
        </main>
      </div>
    </>
  );
}

/** A journey and a person are found from the board. */
const isIn = (section: string, name: string): boolean =>
  section === name || (name === 'board' && (section === 'journeys' || section === 'people'));

function OpenAlerts() {
  let open = 0;
  for (const alert of alerts.value.values()) if (alert.state === 'open') open++;
  if (open === 0) return null;
  return (
    <span class="count">
      {open}
      <span class="visually-hidden"> open</span>
    </span>
  );
}

const STATES = { connecting: 'Connecting', live: 'Live', recovering: 'Reconnecting', stale: 'Stale', closed: 'Closed' };

function Freshness() {
  const state = feedState.value;
  void now.value;
  const at = lastUpdateAt.value;
  return (
    <p class={`freshness ${state}`}>
      <span class="dot" aria-hidden="true" />
      <span role="status">{STATES[state]}</span>
      {at !== null && <span class="ago">last update {duration(Math.max(0, Date.now() - at))} ago</span>}
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

function NoSuchPage() {
  return (
    <section class="empty">
      <h1>No such page</h1>
      <p>
        Go to the <a href="#/board">Board</a>.
      </p>
    </section>
  );
}
