import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { api, apiAll } from '../api.ts';
import { duration, when } from '../format.ts';
import { AttemptsChart } from '../parts/attempts-chart.tsx';
import { DeliveryRow } from '../parts/delivery-row.tsx';
import type { DeliveryItem, DeliveryReport, EndpointHealth, EndpointItem } from '../parts/delivery-types.ts';
import './deliveries.css';

/** What changes by itself is read again this often, while somebody looks. */
const REFRESH_MS = 5_000;
const STATES = ['pending', 'delivered', 'exhausted', 'expired', 'suppressed', 'superseded', 'aborted', 'failed'];
const DAY_MS = 86_400_000;

/** Where webhooks go, how each endpoint is doing, and what became of each message. `id`: the endpoint that is looked at. */
export function DeliveriesPage({ id }: { id?: string | undefined }) {
  const endpoints = useSignal<EndpointItem[] | null>(null);
  const fault = useSignal<string | null>(null);
  useRefresh(async () => {
    try {
      endpoints.value = await apiAll<EndpointItem>('/api/endpoints', 1_000);
      fault.value = null;
    } catch (error) {
      fault.value = (error as Error).message;
    }
  }, '');
  const shown = endpoints.value?.find((endpoint) => endpoint.id === id) ?? endpoints.value?.[0];
  return (
    <>
      <div class="toolbar">
        <h1>Deliveries</h1>
        <p class="figures">
          {endpoints.value === null
            ? ''
            : `${endpoints.value.length} endpoint${endpoints.value.length === 1 ? '' : 's'}`}
        </p>
      </div>
      {fault.value && (
        <p class="fault" role="alert">
          {fault.value}
        </p>
      )}
      {endpoints.value === null ? (
        <p class="loading">Loading …</p>
      ) : !shown ? (
        <NoEndpoints />
      ) : (
        <div class="deliveries">
          <nav class="endpoints" aria-label="Endpoints">
            {endpoints.value.map((endpoint) => (
              <a
                key={endpoint.id}
                href={`#/deliveries/${endpoint.id}`}
                aria-current={endpoint.id === shown.id ? 'true' : undefined}
                class={endpoint.state}
              >
                <strong>{shortUrl(endpoint.url)}</strong>
                <span>{endpoint.types.join(', ')}</span>
                {endpoint.state === 'disabled' && <span class="mark">Disabled</span>}
              </a>
            ))}
          </nav>
          <Endpoint key={shown.id} endpoint={shown} />
        </div>
      )}
    </>
  );
}

function Endpoint({ endpoint }: { endpoint: EndpointItem }) {
  const health = useSignal<EndpointHealth | null>(null);
  const report = useSignal<DeliveryReport | null>(null);
  const items = useSignal<DeliveryItem[] | null>(null);
  const state = useSignal('');
  const said = useSignal<{ text: string; bad: boolean } | null>(null);
  const path = `/api/endpoints/${endpoint.id}`;

  async function load(): Promise<void> {
    const wanted = state.value;
    const from = new Date(Date.now() - DAY_MS).toISOString();
    const [now, list, day] = await Promise.all([
      api<EndpointHealth>('GET', `${path}/health`),
      api<{ items: DeliveryItem[] }>('GET', `${path}/deliveries?limit=100${wanted ? `&state=${wanted}` : ''}`),
      // A node without a history has no report: the rest is worth seeing all the same.
      api<DeliveryReport>('GET', `/api/delivery-report?endpoint=${endpoint.id}&from=${from}`).catch(() => null),
    ]);
    if (wanted !== state.value) return;
    health.value = now;
    items.value = list.items;
    report.value = day;
  }
  useRefresh(() => load().catch((error: Error) => (said.value = { text: error.message, bad: true })), state.value);

  async function ask(what: string, body: unknown, done: string): Promise<void> {
    try {
      await api('POST', what, body);
      said.value = { text: done, bad: false };
      await load();
    } catch (error) {
      said.value = { text: (error as Error).message, bad: true };
    }
  }

  return (
    <section aria-label={shortUrl(endpoint.url)}>
      <header class="endpoint-head">
        <h2>{endpoint.url}</h2>
        <button
          type="button"
          disabled={endpoint.state === 'disabled'}
          onClick={() => void ask(`${path}/test`, {}, 'A test event is on its way.')}
        >
          Send a test event
        </button>
      </header>
      {endpoint.state === 'disabled' && (
        <Disabled endpoint={endpoint} enable={(mode) => ask(`${path}/enable`, { mode }, 'Enabled.')} />
      )}
      {endpoint.warnings?.map((warning) => (
        <p key={warning} class="fault">
          {warning}
        </p>
      ))}
      <p class={said.value?.bad ? 'fault' : 'said'} role="status">
        {said.value?.text}
      </p>
      {health.value && <Figures health={health.value} report={report.value} />}
      {report.value && report.value.attempts > 0 && <AttemptsChart report={report.value} />}
      <div class="toolbar">
        <h2>Messages</h2>
        <label>
          State{' '}
          <select value={state.value} onChange={(event) => (state.value = event.currentTarget.value)}>
            <option value="">All</option>
            {STATES.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </div>
      {items.value === null ? (
        <p class="loading">Loading …</p>
      ) : items.value.length === 0 ? (
        <section class="empty">
          <h2>Nothing {state.value || 'was sent'} yet</h2>
          <p>What happens from now on, and is wanted here, stands in this list within a second.</p>
        </section>
      ) : (
        <div class="messages-scroll" tabIndex={0} role="region" aria-label="Messages">
          <table class="touchpoints messages">
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">Type</th>
                <th scope="col">State</th>
                <th scope="col">Attempts</th>
                <th scope="col">Next</th>
                <th scope="col">
                  <span class="visually-hidden">What can be done</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {items.value.map((item) => (
                <DeliveryRow
                  key={item.id}
                  item={item}
                  resend={
                    endpoint.state === 'disabled'
                      ? null
                      : () => ask(`/api/deliveries/${item.id}/resend`, {}, 'One attempt is on its way.')
                  }
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

const BREAKER = { closed: 'Sending', open: 'Paused after failures', probing: 'Trying one message' };

function Figures({ health, report }: { health: EndpointHealth; report: DeliveryReport | null }) {
  const rate = report?.successRate ?? health.successRate;
  const latency = report && report.attempts > 0 ? report.latencyMs : health.latencyMs;
  const failures = Object.entries(report && report.attempts > 0 ? report.failures : health.failures);
  const next = health.probeAt ?? health.heldUntil;
  return (
    <dl class="endpoint-figures">
      <Figure
        name="Arrived"
        value={rate === null ? '–' : `${(rate * 100).toFixed(rate === 1 || rate === 0 ? 0 : 1)} %`}
      />
      <Figure
        name="Answered within"
        value={ms(latency.p50)}
        more={`95 %: ${ms(latency.p95)} · 99 %: ${ms(latency.p99)}`}
      />
      <Figure
        name="Now"
        value={BREAKER[health.breaker]}
        more={next ? `until ${when(next)}` : `${health.sending} under way`}
      />
      <Figure
        name="Waiting"
        value={String(health.pending)}
        more={health.pending ? `oldest ${duration(health.lagMs)}` : ''}
      />
      {health.failingSince && <Figure name="Failing since" value={when(health.failingSince)} />}
      <Figure
        name="Failures"
        value={failures.length === 0 ? 'none' : failures.map(([code, n]) => `${code} ${n}`).join(', ')}
      />
    </dl>
  );
}

function Figure({ name, value, more = '' }: { name: string; value: string; more?: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {value}
        {more && <small>{more}</small>}
      </dd>
    </div>
  );
}

function Disabled({ endpoint, enable }: { endpoint: EndpointItem; enable: (mode: string) => Promise<void> }) {
  const mode = useSignal('resume');
  return (
    <form
      class="fault disabled"
      onSubmit={(event) => {
        event.preventDefault();
        void enable(mode.value);
      }}
    >
      <p>
        Disabled{endpoint.disabledAt ? ` ${when(endpoint.disabledAt)}` : ''}:{' '}
        {endpoint.disabledReason ?? 'no reason was given'}. Nothing is sent.
      </p>
      <label>
        What it missed{' '}
        <select value={mode.value} onChange={(event) => (mode.value = event.currentTarget.value)}>
          <option value="resume">is sent: what waited and what happened meanwhile</option>
          <option value="recover">is sent as far as it was waiting</option>
          <option value="skip">is left out</option>
        </select>
      </label>{' '}
      <button type="submit">Enable</button>
    </form>
  );
}

function NoEndpoints() {
  const curl = `curl -X POST ${location.origin}/api/endpoints \\
  -H 'Authorization: Bearer YOUR_ADMIN_TOKEN' \\
  -H 'Content-Type: application/json' \\
  -d '{ "url": "https://hooks.example.com/cairn", "types": ["alert.*"] }'`;
  return (
    <section class="empty">
      <h2>Nobody is told yet</h2>
      <p>
        An endpoint gets a signed webhook for each alert, stage, outcome and action that it wants. Make one, with your
        own URL; the answer holds the secret that verifies what arrives. The token is in <code>first-run.json</code> of
        the data directory.
      </p>
      <pre tabIndex={0}>{curl}</pre>
      <button type="button" onClick={() => void navigator.clipboard.writeText(curl)}>
        Copy
      </button>
    </section>
  );
}

/** Runs now, when `because` changes, and again and again while the page is visible. */
function useRefresh(run: () => Promise<unknown>, because: string): void {
  useEffect(() => {
    void run();
    const timer = setInterval(() => {
      if (!document.hidden) void run();
    }, REFRESH_MS);
    return () => clearInterval(timer);
  }, [because]);
}

const ms = (value: number | null): string => (value === null ? '–' : value < 1_000 ? `${value} ms` : duration(value));
const shortUrl = (url: string): string => url.replace(/^https?:\/\//, '').replace(/\/$/, '');
