/** Which channel is owed how much, by seven models side by side, and what the holdout says of effects. */
import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { api } from '../api.ts';
import { CsvButton } from '../parts/csv.tsx';
import { count, Fault, Means, NothingYet, ScopeBar, scope, share, useInsight, type About } from '../parts/insight.tsx';

interface AttributionAnswer extends About {
  conversions: number;
  unattributed: number;
  journeys: number;
  models: Record<string, Record<string, number>>;
}

const MODELS: readonly [string, string][] = [
  ['first', 'First'],
  ['last', 'Last'],
  ['linear', 'Linear'],
  ['position', 'Position'],
  ['timeDecay', 'Time decay'],
  ['markov', 'Markov'],
  ['shapley', 'Shapley'],
];

export function AttributionPage() {
  const { data, fault, busy } = useInsight<AttributionAnswer>('/api/attribution');
  const channels = data ? channelsOf(data) : [];
  return (
    <>
      <div class="toolbar">
        <h1>Attribution</h1>
        {data && (
          <p class="figures">
            {count(data.conversions + data.unattributed)} won of {count(data.journeys)} journeys that ended
          </p>
        )}
      </div>
      <div class="caution" role="note">
        <strong>Credit, not effect.</strong> Each model shares out the journeys that were won among the channels on
        their way. None can tell what would have been lost without a channel: only a holdout can, and what it says
        stands below.
      </div>
      <ScopeBar busy={busy}>
        {data && (
          <CsvButton
            name="attribution"
            head={['channel', ...MODELS.map(([name]) => name)]}
            rows={() => csvRows(data)}
          />
        )}
      </ScopeBar>
      <Fault text={fault} />
      {data && data.conversions === 0 && (
        <NothingYet
          what={
            data.unattributed > 0
              ? `${count(data.unattributed)} journeys were won, but none of their touches has a channel`
              : 'Nothing was won here yet, so there is no credit to share'
          }
        />
      )}
      {data && data.conversions > 0 && (
        <>
          <div class="scroller" tabIndex={0} role="region" aria-label="Credit by channel and model">
            <table>
              <caption class="visually-hidden">Conversions credited to each channel, by model</caption>
              <thead>
                <tr>
                  <th scope="col">Channel</th>
                  {MODELS.map(([name, label]) => (
                    <th scope="col" key={name} title={data.means[name]}>
                      {label}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {channels.map((channel) => (
                  <tr key={channel}>
                    <th scope="row">{channel}</th>
                    {MODELS.map(([name]) => {
                      const credit = data.models[name]?.[channel] ?? 0;
                      return (
                        <td key={name} class="bar-cell">
                          {credit.toFixed(1)} <span class="soft">{share(credit / data.conversions)}</span>
                          <span class="bar" style={`--share: ${credit / data.conversions}`} />
                        </td>
                      );
                    })}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          {data.unattributed > 0 && (
            <p class="note">
              {count(data.unattributed)} more were won without a touch that has a channel: nobody is credited for them.
            </p>
          )}
        </>
      )}
      <Holdout />
      {data && <Means data={data} />}
    </>
  );
}

interface ActionReport {
  definition: string;
  actions: {
    name: string;
    requested: number;
    held: number;
    outcomes: { labelled: number; replyRate: number | null };
    holdout: { labelled: number; replyRate: number | null };
    lift: { value: number; low: number; high: number } | null;
    note: string | null;
  }[];
}

function Holdout() {
  const report = useSignal<ActionReport[] | null>(null);
  const definition = scope.value.definition;
  useEffect(() => {
    api<{ items: ActionReport[] }>('GET', `/api/actions/report?definition=${encodeURIComponent(definition)}`).then(
      ({ items }) => (report.value = items),
      () => (report.value = []),
    );
  }, [definition]);
  const actions = report.value?.flatMap((one) => one.actions) ?? [];
  return (
    <section>
      <h2>What the holdout says: effect of actions</h2>
      {actions.length === 0 ? (
        <p class="note">
          No action has been tried against a holdout yet. Give the definition <code>actions</code> and a{' '}
          <code>holdout: 0.1</code>: a tenth of the buyers then gets none of them, and the difference is the effect.
        </p>
      ) : (
        <div class="scroller" tabIndex={0} role="region" aria-label="Effect of actions against the holdout">
          <table>
            <thead>
              <tr>
                <th scope="col">Action</th>
                <th scope="col" class="number">
                  Requested
                </th>
                <th scope="col" class="number">
                  Replied
                </th>
                <th scope="col" class="number">
                  Held out
                </th>
                <th scope="col" class="number">
                  Replied
                </th>
                <th scope="col">Effect</th>
              </tr>
            </thead>
            <tbody>
              {actions.map((action) => (
                <tr key={action.name}>
                  <th scope="row">{action.name}</th>
                  <td class="number">{count(action.requested)}</td>
                  <td class="number">{share(action.outcomes.replyRate)}</td>
                  <td class="number">{count(action.held)}</td>
                  <td class="number">{share(action.holdout.replyRate)}</td>
                  <td>
                    {action.lift
                      ? `${points(action.lift.value)} (from ${points(action.lift.low)} to ${points(action.lift.high)}, 95 %)`
                      : (action.note ?? 'not enough data')}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

const points = (value: number): string => `${value > 0 ? '+' : ''}${(value * 100).toFixed(1)} points`;

function channelsOf({ models }: AttributionAnswer): string[] {
  const linear = models['linear'] ?? {};
  const all = new Set(Object.values(models).flatMap((credits) => Object.keys(credits)));
  return [...all].sort((a, b) => (linear[b] ?? 0) - (linear[a] ?? 0) || (a < b ? -1 : 1));
}

const csvRows = (data: AttributionAnswer): (string | number)[][] =>
  channelsOf(data).map((channel) => [channel, ...MODELS.map(([name]) => data.models[name]?.[channel] ?? 0)]);
