/** How fast things move and what waits: the workspace's own flow from the feed, the installation's from its metrics. */
import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { percent, time, words } from '../format.ts';
import { CsvButton } from '../parts/csv.tsx';
import { Sparkline } from '../parts/sparkline.tsx';
import { ops, opsLog } from '../store.ts';

const LOOK_EVERY_MS = 5_000;

interface Sample {
  name: string;
  labels: Readonly<Record<string, string>>;
  value: number;
}

/** Prometheus' text; what cannot be read is passed over. */
export function parseMetrics(text: string): Sample[] {
  return text.split('\n').flatMap((line): Sample[] => {
    const match = /^([a-z_:][\w:]*)(?:\{(.*)\})? ([-+\w.]+)$/i.exec(line);
    if (!match) return [];
    const labels: Record<string, string> = {};
    for (const [, name = '', value = ''] of (match[2] ?? '').matchAll(/(\w+)="([^"]*)"/g)) labels[name] = value;
    return [{ name: match[1]!, labels, value: Number(match[3]) }];
  });
}

/** The value below which `share` of a histogram lies, in its unit; null while it is empty. */
function quantile(
  samples: readonly Sample[],
  name: string,
  share: number,
  by: Partial<Record<string, string>> = {},
): number | null {
  const sums = new Map<number, number>();
  for (const sample of samples) {
    if (sample.name !== `${name}_bucket`) continue;
    if (Object.entries(by).some(([label, value]) => sample.labels[label] !== value)) continue;
    const le = sample.labels.le === '+Inf' ? Infinity : Number(sample.labels.le);
    sums.set(le, (sums.get(le) ?? 0) + sample.value);
  }
  const buckets = [...sums].sort(([a], [b]) => a - b);
  const all = buckets.at(-1)?.[1] ?? 0;
  return all === 0 ? null : (buckets.find(([, count]) => count >= all * share)?.[0] ?? null);
}

const FLOW = [
  ['admittedPerSecond', 'Admitted'],
  ['stitchedPerSecond', 'Stitched'],
  ['advancedPerSecond', 'Advanced'],
] as const;

/** In the order in which a touchpoint passes them. */
const READERS = [
  ['stitcher', 'Stitching: who it is'],
  ['orchestrator', 'Advancing: where they stand'],
  ['deliverer', 'Delivering: webhooks'],
  ['live-feed', 'This dashboard'],
  ['history', 'History: map, funnel, timelines'],
] as const;

export function OperationsPage() {
  const samples = useSignal<Sample[]>([]);
  const fault = useSignal<string | null>(null);
  useEffect(() => {
    const look = async (): Promise<void> => {
      const response = await fetch('/metrics');
      if (!response.ok) throw new Error(`/metrics answered ${response.status}`);
      samples.value = parseMetrics(await response.text());
    };
    const guarded = (): void =>
      void look().then(
        () => (fault.value = null),
        (error: Error) => (fault.value = error.message),
      );
    guarded();
    const timer = setInterval(guarded, LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  const log = opsLog.value;
  const waits = samples.value.filter(({ name }) => /lag_records|effects_pending|view_pending/.test(name));
  const times = [
    ['Commit', 'cairn_commit_seconds'],
    ['Cycle', 'cairn_cycle_seconds'],
    ['Append', 'cairn_append_seconds'],
    ['Webhook', 'cairn_delivery_seconds'],
  ] as const;
  return (
    <>
      <div class="toolbar">
        <h1>Operations</h1>
        <p class="figures">
          {ops.value && (
            <>
              {ops.value.connections} connected · {ops.value.lag['live-feed'] ?? 0} waiting to be shown
            </>
          )}
        </p>
      </div>
      {fault.value && (
        <p class="fault" role="alert">
          {fault.value}
        </p>
      )}
      <div class="facts">
        {FLOW.map(([key, label]) => (
          <section key={key} aria-label={label}>
            <h2>{label}</h2>
            <p class="figure">
              {(ops.value?.[key] ?? 0).toFixed(1)} <span class="soft">a second</span>
            </p>
            <Sparkline values={log.map((sample) => sample[key])} label={`${label} a second, the last five minutes`} />
          </section>
        ))}
        <section aria-label="Webhook attempts">
          <h2>Webhook attempts</h2>
          <p class="figure">
            {(ops.value?.deliveries.attemptsPerSecond ?? 0).toFixed(1)} <span class="soft">a second</span>
          </p>
          <Sparkline
            values={log.map((sample) => sample.deliveries.attemptsPerSecond ?? 0)}
            label="Webhook attempts a second, the last five minutes"
          />
        </section>
      </div>
      <div class="facts">
        <section aria-label="How long things take">
          <h2>How long things take</h2>
          <table>
            <thead>
              <tr>
                <th scope="col">What</th>
                <th scope="col" class="number">
                  Half within
                </th>
                <th scope="col" class="number">
                  {percent(0.99)} within
                </th>
              </tr>
            </thead>
            <tbody>
              {times.map(([label, name]) => (
                <tr key={name}>
                  <td>{label}</td>
                  <td class="number">{seconds(quantile(samples.value, name, 0.5))}</td>
                  <td class="number">{seconds(quantile(samples.value, name, 0.99))}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
        <section aria-label="What waits of this workspace">
          <h2>What waits, of this workspace</h2>
          {ops.value ? (
            <table>
              <thead>
                <tr>
                  <th scope="col">Before</th>
                  <th scope="col" class="number">
                    Records
                  </th>
                </tr>
              </thead>
              <tbody>
                {READERS.filter(([key]) => ops.value?.lag[key] !== undefined).map(([key, label]) => (
                  <tr key={key}>
                    <td>{label}</td>
                    <td class="number">{ops.value?.lag[key]}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          ) : (
            <p class="soft">Nothing is told yet.</p>
          )}
        </section>
        <section aria-label="What waits">
          <h2>What waits, of all workspaces</h2>
          {waits.length === 0 ? (
            <p class="soft">Nothing is told.</p>
          ) : (
            <table>
              <thead>
                <tr>
                  <th scope="col">Where</th>
                  <th scope="col" class="number">
                    Records
                  </th>
                </tr>
              </thead>
              <tbody>
                {waits.map(({ name, labels, value }) => (
                  <tr key={name + JSON.stringify(labels)}>
                    <td>{waitingWhere(name, labels)}</td>
                    <td class="number">{value}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </section>
      </div>
      <details class="more">
        <summary>The last minutes as a table</summary>
        <CsvButton
          name="operations"
          head={['at', ...FLOW.map(([key]) => key), 'connections', 'attemptsPerSecond']}
          rows={() =>
            log.map((sample) => [
              new Date(sample.at).toISOString(),
              ...FLOW.map(([key]) => sample[key]),
              sample.connections,
              sample.deliveries.attemptsPerSecond ?? 0,
            ])
          }
        />
        <table>
          <thead>
            <tr>
              <th scope="col">At</th>
              {FLOW.map(([key, label]) => (
                <th scope="col" class="number" key={key}>
                  {label}/s
                </th>
              ))}
              <th scope="col" class="number">
                Connected
              </th>
            </tr>
          </thead>
          <tbody>
            {[...log]
              .reverse()
              .filter((_, index) => index % 10 === 0)
              .map((sample) => (
                <tr key={sample.at}>
                  <td>{time(sample.at)}</td>
                  {FLOW.map(([key]) => (
                    <td class="number" key={key}>
                      {sample[key].toFixed(1)}
                    </td>
                  ))}
                  <td class="number">{sample.connections}</td>
                </tr>
              ))}
          </tbody>
        </table>
      </details>
    </>
  );
}

const seconds = (value: number | null): string =>
  value === null ? '–' : value === Infinity ? 'longer' : value < 1 ? `${Math.round(value * 1_000)} ms` : `${value} s`;

const TASKS: Readonly<Record<string, string>> = {
  stitch: 'stitching',
  control: 'definitions and endpoints',
  advance: 'advancing journeys',
  deliver: 'delivering webhooks',
};

/** A measure of the installation in words; what has none is called as Prometheus calls it. */
function waitingWhere(name: string, labels: Readonly<Record<string, string>>): string {
  const values = Object.values(labels);
  const who = values.map((value) => TASKS[value] ?? value).join(', ');
  if (name === 'cairn_view_pending_records') return 'Records before the view of this dashboard';
  if (name === 'cairn_lag_records') return `Records before ${who}`;
  if (name === 'cairn_effects_pending') return `Begun and not answered: ${who}`;
  return `${words(name.replace(/^cairn_/, '').replaceAll('_', ' '))} ${values.join(' ')}`;
}
