/** The field's standard figures, each with its definition beside it. */
import { day } from '../format.ts';
import { CsvButton } from '../parts/csv.tsx';
import { count, Fault, Means, NothingYet, Said, ScopeBar, share, useInsight, type About } from '../parts/insight.tsx';
import { WeeksChart, type Week } from '../parts/weeks-chart.tsx';

interface MetricsAnswer extends About {
  metrics: Record<string, { value: number | null; of: number }>;
  weeks: Week[];
}

type Shown = (value: number) => string;
const number: Shown = (value) => value.toLocaleString(undefined, { maximumFractionDigits: 1 });
const signed: Shown = (value) => `${value > 0 ? '+' : ''}${Math.round(value)}`;

/** What each is called, how it is written, and what it is made of. */
const CARDS: readonly [string, string, Shown, string][] = [
  ['acquisition', 'Acquisition', number, 'journeys'],
  ['conversion', 'Conversion', share, 'ended journeys'],
  ['engagement', 'Engagement', number, 'journeys with a touch'],
  ['bounce', 'Bounce', share, 'journeys'],
  ['abandonment', 'Abandonment', share, 'journeys past the first stage'],
  ['retention7', 'Retention, 7 days', share, 'journeys'],
  ['retention30', 'Retention, 30 days', share, 'journeys'],
  ['nps', 'NPS', signed, 'answers'],
  ['csat', 'CSAT', share, 'answers'],
  ['ces', 'CES', number, 'answers'],
  ['clv', 'CLV', number, 'customers'],
];

export function MetricsPage() {
  const { data, fault, busy } = useInsight<MetricsAnswer>('/api/metrics');
  return (
    <>
      <div class="toolbar">
        <h1>Metrics</h1>
      </div>
      <p class="note">The field’s standard figures of these journeys, each with what it means.</p>
      <ScopeBar busy={busy}>
        {data && <CsvButton name="metrics" head={['metric', 'value', 'of', 'definition']} rows={() => csvRows(data)} />}
      </ScopeBar>
      <Fault text={fault} />
      {data && data.weeks.length === 0 && (
        <NothingYet what="Nothing to measure yet" properties={{ csat: 5, revenue: 120 }} />
      )}
      {data && data.weeks.length > 0 && (
        <>
          <div class="figure-cards">
            {CARDS.map(([name, label, shown, of]) => {
              const metric = data.metrics[name];
              return (
                <article key={name}>
                  <h2>{label}</h2>
                  <p class="value">{metric?.value === null || !metric ? '–' : shown(metric.value)}</p>
                  <p>
                    {metric?.value === null || !metric
                      ? 'No data yet. '
                      : name === 'acquisition'
                        ? ''
                        : `Of ${count(metric.of)} ${of}. `}
                    <Said text={data.means[name] ?? ''} />
                  </p>
                </article>
              );
            })}
          </div>
          <h2>Journeys by week</h2>
          <WeeksChart weeks={data.weeks} />
          <details class="more">
            <summary>The same as a table</summary>
            <CsvButton
              name="weeks"
              head={['week', 'began', 'won', 'lost']}
              rows={() => data.weeks.map(({ week, began, won, lost }) => [week, began, won, lost])}
            />
            <table class="sheet">
              <thead>
                <tr>
                  <th scope="col">Week from</th>
                  <th scope="col" class="number">
                    Began
                  </th>
                  <th scope="col" class="number">
                    Won
                  </th>
                  <th scope="col" class="number">
                    Lost
                  </th>
                </tr>
              </thead>
              <tbody>
                {data.weeks.map(({ week, began, won, lost }) => (
                  <tr key={week}>
                    <td>{day(Date.parse(week))}</td>
                    <td class="number">{count(began)}</td>
                    <td class="number">{count(won)}</td>
                    <td class="number">{count(lost)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </details>
          <Means data={data} names={{ nps: 'NPS', csat: 'CSAT', ces: 'CES', clv: 'CLV' }} />
        </>
      )}
    </>
  );
}

const csvRows = (data: MetricsAnswer): (string | number | null)[][] =>
  CARDS.map(([name, label]) => [
    label,
    data.metrics[name]?.value ?? null,
    data.metrics[name]?.of ?? 0,
    data.means[name] ?? '',
  ]);
