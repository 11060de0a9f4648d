/** The inbox: what needs a person now, each with its reason and what can be done about it. Made for the keyboard. */
import { computed, signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { api, apiAll } from '../api.ts';
import { duration, plural, when, words } from '../format.ts';
import { AlertBudgets } from '../parts/alert-budgets.tsx';
import { AlertReport } from '../parts/alert-report.tsx';
import { NextBestAction, readAction } from '../parts/next-action.tsx';
import { query } from '../router.ts';
import { alerts, journeys, now } from '../store.ts';
import { type Alert, nameOf } from '../types.ts';

const DAY_MS = 86_400_000;
const VERDICTS = [
  ['real', 'Real stall'],
  ['not-a-stall', 'Not a stall'],
  ['already-handled', 'Already handled'],
] as const;
const SNOOZES = [
  ['1 day', DAY_MS],
  ['3 days', 3 * DAY_MS],
  ['1 week', 7 * DAY_MS],
] as const;
const ME = 'cairn.me';

const fault = signal<string | null>(null);
const said = signal('');
const show = signal<'all' | 'open' | 'acknowledged' | 'snoozed' | 'resolved'>('all');
const me = signal(readMe());
const mine = signal(false);
const chosen = signal<ReadonlySet<string>>(new Set());
const current = signal<string | null>(null);
/** Which row asks for a time or a verdict. */
const asking = signal<{ id: string; what: 'snooze' | 'resolve' } | null>(null);
const resolved = signal<readonly Alert[]>([]);

const listed = computed(() => {
  const source = show.value === 'resolved' ? resolved.value : [...alerts.value.values()];
  return source
    .filter((alert) => show.value === 'all' || alert.state === show.value)
    .filter((alert) => !mine.value || (me.value !== '' && alert.owner === me.value))
    .sort((a, b) => Number(b.state === 'open') - Number(a.state === 'open') || (a.openedAt < b.openedAt ? 1 : -1));
});
const owners = computed(() => [...new Set([...alerts.value.values()].flatMap((alert) => alert.owner ?? []))].sort());

export async function actOnAlert(
  id: string,
  command: 'acknowledge' | 'snooze' | 'resolve',
  body: Record<string, unknown> = {},
): Promise<void> {
  await api('POST', `/api/alerts/${encodeURIComponent(id)}/${command}`, body);
}

async function act(
  ids: readonly string[],
  command: 'acknowledge' | 'snooze' | 'resolve',
  body: Record<string, unknown> = {},
): Promise<void> {
  fault.value = null;
  asking.value = null;
  const results = await Promise.allSettled(ids.map((id) => actOnAlert(id, command, body)));
  const failed = results.filter((result) => result.status === 'rejected');
  if (failed.length) fault.value = (failed[0]!.reason as Error).message;
  const done = results.length - failed.length;
  if (done) said.value = `${plural(done, 'alert')} ${DONE[command]}`;
  chosen.value = new Set([...chosen.value].filter((id) => !ids.includes(id)));
}
const DONE = { acknowledge: 'acknowledged', snooze: 'snoozed', resolve: 'resolved' };

/** What a key is for: the chosen ones, or the one that is marked. */
const targets = (): string[] => (chosen.value.size ? [...chosen.value] : current.value ? [current.value] : []);

function onKey(event: KeyboardEvent): void {
  const target = event.target as HTMLElement;
  if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName)) return;
  const at = listed.value.findIndex(({ id }) => id === current.value);
  const step = (by: number): void => {
    const next = listed.value[Math.min(Math.max(at + by, 0), listed.value.length - 1)];
    if (!next) return;
    current.value = next.id;
    document.getElementById(next.id)?.scrollIntoView({ block: 'nearest' });
    document.getElementById(next.id)?.focus({ preventScroll: true });
  };
  const keys: Record<string, () => void> = {
    j: () => step(1),
    k: () => step(-1),
    x: () => current.value && toggle(current.value),
    a: () =>
      void act(
        targets().filter((id) => alerts.value.get(id)?.state === 'open'),
        'acknowledge',
      ),
    s: () => current.value && (asking.value = { id: current.value, what: 'snooze' }),
    r: () => current.value && (asking.value = { id: current.value, what: 'resolve' }),
    Escape: () => (asking.value = null),
  };
  const found = keys[event.key];
  if (!found || listed.value.length === 0) return;
  event.preventDefault();
  found();
}

function toggle(id: string): void {
  const next = new Set(chosen.value);
  if (!next.delete(id)) next.add(id);
  chosen.value = next;
}

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
              onInput={(event) => {
                me.value = event.currentTarget.value;
                localStorage.setItem(ME, me.value);
              }}
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

function Bulk() {
  return (
    <div class="bulk" role="group" aria-label="Chosen alerts">
      <strong>{plural(chosen.value.size, 'alert')} chosen</strong>
      <button type="button" onClick={() => void act([...chosen.value], 'acknowledge')}>
        Acknowledge all
      </button>
      <button type="button" onClick={() => void act([...chosen.value], 'snooze', { until: until(DAY_MS) })}>
        Snooze all for 1 day
      </button>
      {VERDICTS.map(([verdict, label]) => (
        <button type="button" key={verdict} onClick={() => void act([...chosen.value], 'resolve', { verdict })}>
          Resolve all: {label}
        </button>
      ))}
      <button type="button" class="quiet" onClick={() => (chosen.value = new Set())}>
        Choose none
      </button>
    </div>
  );
}

const until = (ms: number): string => new Date(now.value + ms).toISOString();

function AlertRow({ alert }: { alert: Alert }) {
  const journey = journeys.get(alert.journeyId)?.value;
  const quiet = journey?.people.find((person) => person.id === alert.reason.quietPersonId);
  const asked = asking.value?.id === alert.id ? asking.value.what : null;
  const isCurrent = current.value === alert.id;
  const action = readAction(alert.nextBestAction);
  return (
    <li
      class={`alert ${alert.state} ${isCurrent ? 'current' : ''}`}
      id={alert.id}
      tabIndex={-1}
      onFocusIn={() => (current.value = alert.id)}
    >
      <label class="choose">
        <span class="visually-hidden">Choose</span>
        <input type="checkbox" checked={chosen.value.has(alert.id)} onChange={() => toggle(alert.id)} />
      </label>
      <div class="what">
        <a href={`#/journeys/${alert.journeyId}`}>
          <strong>{journey ? nameOf(journey) : 'Journey'}</strong>
        </a>
        <span class="kind">{words(alert.kind)}</span>
        <span class={`state ${alert.state}`}>{words(alert.state)}</span>
        {alert.verdict && <span class="state">{words(alert.verdict)}</span>}
        <p class="reason">{alert.reason.text}</p>
        <p class="since">
          {quiet && <>Quiet: {quiet.name ?? quiet.email ?? 'anonymous'} · </>}
          In {words(alert.stage)} · opened {when(alert.openedAt)} (
          {duration(Math.max(0, now.value - Date.parse(alert.openedAt)))} ago)
          {alert.owner && ` · ${alert.owner}`}
          {alert.state === 'snoozed' &&
            ` · until ${alert.snoozedUntil ? when(alert.snoozedUntil) : 'the buyer does something'}`}
          {alert.resolvedBy && ` · resolved by ${alert.resolvedBy}`}
        </p>
        {isCurrent && <Details alert={alert} />}
        {isCurrent && action && <NextBestAction action={action} />}
      </div>
      {alert.state !== 'resolved' && (
        <div class="controls">
          {asked === null && alert.state === 'open' && (
            <button
              type="button"
              class={isCurrent ? 'primary' : ''}
              onClick={() => void act([alert.id], 'acknowledge')}
            >
              Acknowledge
            </button>
          )}
          {asked === null && (
            <>
              <button type="button" onClick={() => (asking.value = { id: alert.id, what: 'snooze' })}>
                Snooze
              </button>
              <button type="button" onClick={() => (asking.value = { id: alert.id, what: 'resolve' })}>
                Resolve
              </button>
            </>
          )}
          {asked === 'snooze' && (
            <div role="group" aria-label="Snooze for" class="controls">
              {SNOOZES.map(([label, ms], index) => (
                <button
                  type="button"
                  key={label}
                  autoFocus={index === 0}
                  onClick={() => void act([alert.id], 'snooze', { until: until(ms) })}
                >
                  {label}
                </button>
              ))}
              <button type="button" onClick={() => void act([alert.id], 'snooze', { until: 'activity' })}>
                Until activity
              </button>
              <Back />
            </div>
          )}
          {asked === 'resolve' && (
            <div role="group" aria-label="Resolve as" class="controls">
              {VERDICTS.map(([verdict, label], index) => (
                <button
                  type="button"
                  key={verdict}
                  autoFocus={index === 0}
                  onClick={() => void act([alert.id], 'resolve', { verdict })}
                >
                  {label}
                </button>
              ))}
              <Back />
            </div>
          )}
        </div>
      )}
    </li>
  );
}

const Back = () => (
  <button type="button" class="quiet" onClick={() => (asking.value = null)}>
    Cancel
  </button>
);

/** What was seen last, and what became of the alert. */
function Details({ alert }: { alert: Alert }) {
  const last = alert.reason.lastTouchpoints;
  return (
    <dl class="details">
      {last.length > 0 && (
        <>
          <dt>Last seen</dt>
          <dd>
            {last.slice(0, 3).map((item) => (
              <span key={item.id}>
                {item.event ?? words(item.type)} ({words(item.direction)}), {when(item.timestamp)}
                <br />
              </span>
            ))}
          </dd>
        </>
      )}
      <dt>History</dt>
      <dd>
        {alert.history.map((step) => (
          <span key={`${step.at}${step.state}`}>
            {words(step.state)} {step.by && `by ${step.by}`}, {when(step.at)}
            <br />
          </span>
        ))}
      </dd>
    </dl>
  );
}

function readMe(): string {
  try {
    return localStorage.getItem(ME) ?? '';
  } catch {
    return '';
  }
}
