/** The ways that journeys go, as a picture and as a table. */
import { useSignal } from '@preact/signals';
import { words } from '../format.ts';
import { CsvButton } from '../parts/csv.tsx';
import { Choice, count, Fault, Means, NothingYet, ScopeBar, share, useInsight, type About } from '../parts/insight.tsx';
import { SankeyChart, type Flow } from '../parts/sankey-chart.tsx';

interface PathsAnswer extends About, Flow {
  by: By;
  journeys: number;
  top: { steps: string[]; goesOn: boolean; end: 'won' | 'lost' | 'open'; journeys: number; share: number }[];
  other: { paths: number; journeys: number; share: number };
}
type By = 'stage' | 'event' | 'channel';

export function PathsPage() {
  const by = useSignal<By>('stage');
  const steps = useSignal('5');
  const { data, fault, busy } = useInsight<PathsAnswer>('/api/paths', { by: by.value, steps: steps.value });
  return (
    <>
      <div class="toolbar">
        <h1>Paths</h1>
        {data && <p class="figures">{count(data.journeys)} journeys</p>}
      </div>
      <p class="note">
        The ways that journeys went, from their first step on the left to what became of them. A wider band is more
        journeys; a step that comes back later is drawn again, further right.
      </p>
      <ScopeBar busy={busy}>
        <Choice
          label="Steps are"
          value={by.value}
          options={[
            ['stage', 'Stages'],
            ['event', 'Touchpoints'],
            ['channel', 'Channels'],
          ]}
          onChoose={(value) => (by.value = value)}
        />
        <label>
          Steps shown
          <select value={steps.value} onChange={(event) => (steps.value = event.currentTarget.value)}>
            {['3', '4', '5', '6', '8'].map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
        {data && <CsvButton name="paths" head={['path', 'end', 'journeys', 'share']} rows={() => csvRows(data)} />}
      </ScopeBar>
      <Fault text={fault} />
      {data && data.journeys === 0 && <NothingYet what="No paths yet" />}
      {data && data.journeys > 0 && (
        <>
          <div class="scroller" tabIndex={0} role="region" aria-label="Paths, drawn">
            <SankeyChart flow={data} />
          </div>
          <h2>The most frequent paths</h2>
          <div class="scroller" tabIndex={0} role="region" aria-label="Paths, as a table">
            <table>
              <thead>
                <tr>
                  <th scope="col">Path</th>
                  <th scope="col">Then</th>
                  <th scope="col">Journeys</th>
                </tr>
              </thead>
              <tbody>
                {data.top.map((path, i) => (
                  <tr key={i}>
                    <td>
                      {path.steps.map((step) => (data.by === 'stage' ? words(step) : step)).join(' → ')}
                      {path.goesOn && <span class="soft"> → more steps</span>}
                    </td>
                    <td>{words(path.end)}</td>
                    <td class="bar-cell">
                      {count(path.journeys)} <span class="soft">{share(path.share)}</span>
                      <span class="bar" style={`--share: ${path.share}`} />
                    </td>
                  </tr>
                ))}
                {data.other.paths > 0 && (
                  <tr>
                    <td>All {count(data.other.paths)} other paths</td>
                    <td />
                    <td class="bar-cell">
                      {count(data.other.journeys)} <span class="soft">{share(data.other.share)}</span>
                      <span class="bar" style={`--share: ${data.other.share}`} />
                    </td>
                  </tr>
                )}
              </tbody>
            </table>
          </div>
          <Means data={data} />
        </>
      )}
    </>
  );
}

const csvRows = ({ top, other }: PathsAnswer): (string | number)[][] => [
  ...top.map((path) => [path.steps.join(' > ') + (path.goesOn ? ' > …' : ''), path.end, path.journeys, path.share]),
  ...(other.paths > 0 ? [['(all others)', '', other.journeys, other.share]] : []),
];
