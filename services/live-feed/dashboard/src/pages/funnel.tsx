/** The funnel: how many journeys came how far, how long it took them, and where the others are. */
import { words } from '../format.ts';
import { CsvButton } from '../parts/csv.tsx';
import { count, Fault, Means, NothingYet, ScopeBar, share, spell, useInsight, type About } from '../parts/insight.tsx';

interface FunnelAnswer extends About {
  journeys: number;
  won: number;
  lost: number;
  open: number;
  wonShare: number | null;
  medianToWon: string | null;
  steps: {
    stage: string;
    title: string | null;
    reached: number;
    reachedShare: number | null;
    entered: number;
    onward: number;
    onwardShare: number | null;
    lostIn: number;
    stalledIn: number;
    here: number;
    medianTime: string | null;
    p90Time: string | null;
    medianFromStart: string | null;
  }[];
  moves: { from: string; to: string; journeys: number; medianTime: string | null }[];
}

export function FunnelPage() {
  const { data, fault, busy } = useInsight<FunnelAnswer>('/api/funnel');
  return (
    <>
      <div class="toolbar">
        <h1>Funnel</h1>
        {data && (
          <p class="figures">
            {count(data.journeys)} journeys began · {count(data.won)} won ({share(data.wonShare)}) · {count(data.lost)}{' '}
            lost · {count(data.open)} open
          </p>
        )}
      </div>
      <p class="note">How far the journeys that began within the range have come, and how long each stage took them.</p>
      <ScopeBar busy={busy}>{data && <CsvButton name="funnel" head={CSV_HEAD} rows={() => csvRows(data)} />}</ScopeBar>
      <Fault text={fault} />
      {data && data.journeys === 0 && <NothingYet what="No journeys began here yet" />}
      {data && data.journeys > 0 && (
        <>
          <Steps data={data} />
          <Moves data={data} />
          <Means data={data} />
        </>
      )}
    </>
  );
}

function Steps({ data }: { data: FunnelAnswer }) {
  return (
    <div class="scroller" tabIndex={0} role="region" aria-label="Funnel">
      <table class="funnel-table">
        <thead>
          <tr>
            <th scope="col">Stage</th>
            <th scope="col">Came so far</th>
            <th scope="col" class="number">
              Went onward
            </th>
            <th scope="col" class="number">
              Median time
            </th>
            <th scope="col" class="number">
              Slowest tenth
            </th>
            <th scope="col" class="number">
              From the start
            </th>
            <th scope="col" class="number">
              Lost
            </th>
            <th scope="col" class="number">
              Stalled
            </th>
            <th scope="col" class="number">
              Here now
            </th>
          </tr>
        </thead>
        <tbody>
          {data.steps.map((step) => (
            <tr key={step.stage}>
              <th scope="row">{step.title ?? words(step.stage)}</th>
              <td class="bar-cell">
                <strong>{count(step.reached)}</strong> <span class="soft">{share(step.reachedShare)}</span>
                <span class="bar" style={`--share: ${step.reachedShare ?? 0}`} />
              </td>
              <td class="number">{share(step.onwardShare)}</td>
              <td class="number">{spell(step.medianTime)}</td>
              <td class="number">{slowest(step.p90Time)}</td>
              <td class="number">{spell(step.medianFromStart)}</td>
              <td class="number">{count(step.lostIn)}</td>
              <td class="number">{count(step.stalledIn)}</td>
              <td class="number">{count(step.here)}</td>
            </tr>
          ))}
          <tr>
            <th scope="row">Won</th>
            <td class="bar-cell">
              <strong>{count(data.won)}</strong> <span class="soft">{share(data.wonShare)}</span>
              <span class="bar" style={`--share: ${data.wonShare ?? 0}; background: var(--won)`} />
            </td>
            <td colSpan={3} />
            <td class="number">{spell(data.medianToWon)}</td>
            <td colSpan={3} />
          </tr>
        </tbody>
      </table>
    </div>
  );
}

function Moves({ data }: { data: FunnelAnswer }) {
  const order = new Map(data.steps.map(({ stage }, i) => [stage, i]));
  const isBack = (from: string, to: string): boolean => (order.get(to) ?? Infinity) < (order.get(from) ?? -1);
  return (
    <details class="more">
      <summary>Every move from stage to stage, with times</summary>
      <table class="sheet">
        <thead>
          <tr>
            <th scope="col">From</th>
            <th scope="col">To</th>
            <th scope="col" class="number">
              Journeys
            </th>
            <th scope="col" class="number">
              Median time before
            </th>
          </tr>
        </thead>
        <tbody>
          {data.moves.map(({ from, to, journeys, medianTime }) => (
            <tr key={`${from} ${to}`}>
              <td>{words(from)}</td>
              <td>
                {words(to)}
                {isBack(from, to) && <span class="warn"> (back)</span>}
              </td>
              <td class="number">{count(journeys)}</td>
              <td class="number">{spell(medianTime)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

const CSV_HEAD = [
  'stage',
  'reached',
  'entered',
  'onward',
  'lost',
  'stalled',
  'here now',
  'median time',
  '90 % time',
  'median from start',
];
const csvRows = ({ steps }: FunnelAnswer): (string | number | null)[][] =>
  steps.map((step) => [
    step.stage,
    step.reached,
    step.entered,
    step.onward,
    step.lostIn,
    step.stalledIn,
    step.here,
    step.medianTime,
    step.p90Time,
    step.medianFromStart,
  ]);

/** A tenth took at least so long; where even they took no time, there is nothing to be over. */
const slowest = (p90: string | null): string => {
  const said = spell(p90);
  return p90 === null || said === 'at once' ? said : `over ${said}`;
};
