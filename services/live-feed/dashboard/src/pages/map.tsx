/** The journey map: stages from left to right; what happens in each, how it feels, how long it takes, and where journeys get stuck. */
import { useSignal } from '@preact/signals';
import { parseDuration, words } from '../format.ts';
import { CsvButton } from '../parts/csv.tsx';
import { BehindCell, type ChosenCell } from '../parts/behind-cell.tsx';
import { MoodLine } from '../parts/mood-line.tsx';
import {
  Choice,
  count,
  Fault,
  Means,
  NothingYet,
  ScopeBar,
  share,
  spell,
  useInsight,
  type About,
} from '../parts/insight.tsx';

export interface MapStage {
  stage: string;
  title: string | null;
  volume: number;
  entered: number;
  onwardShare: number | null;
  lostIn: number;
  stalledIn: number;
  here: number;
  medianTime: string | null;
  medianWait: string | null;
  sentiment: { mood: number; answers: number; csat: number | null; nps: number | null; ces: number | null } | null;
  target: { time: string | null; conversion: number | null; sentiment: number | null } | null;
  timeOfTarget: number | null;
}
interface Cell {
  stage: string;
  touchpoint: string;
  volume: number;
  journeys: number;
  onwardShare: number;
  repeatShare: number;
  dropOffShare: number;
  stalledShare: number;
  medianWait: string | null;
  medianTimeInStage: string | null;
  barriers: ('drop-off' | 'repeats' | 'stalls')[];
}
interface MapAnswer extends About {
  sample: number;
  totals: { touches: number; journeys: number };
  stages: MapStage[];
  touchpoints: { name: string; volume: number; outbound: number }[];
  cells: Cell[];
}
type By = 'event' | 'channel';

export function MapPage() {
  const by = useSignal<By>('event');
  const chosen = useSignal<ChosenCell | null>(null);
  const { data, fault, busy } = useInsight<MapAnswer>('/api/map', { by: by.value });
  return (
    <>
      <div class="toolbar">
        <h1>Journey map</h1>
        {data && (
          <p class="figures">
            {count(data.totals.touches)} touches
            {data.sample < 1 ? ` · shares and times from ${share(data.sample)} of the journeys` : ''}
          </p>
        )}
      </div>
      <p class="note">
        Stages run from left to right. A cell says how often a touchpoint happened in a stage, and how many of those
        journeys went onward; a darker cell means more often, and a dashed mark names a barrier. Choose a cell to see
        the journeys behind it.
      </p>
      <ScopeBar busy={busy}>
        <Choice
          label="Rows"
          value={by.value}
          options={[
            ['event', 'Touchpoints'],
            ['channel', 'Channels'],
          ]}
          onChoose={(value) => (by.value = value)}
        />
        {data && <CsvButton name="journey-map" head={CSV_HEAD} rows={() => csvRows(data)} />}
      </ScopeBar>
      <Fault text={fault} />
      {data && data.totals.touches === 0 && <NothingYet what="No touchpoints to map yet" />}
      {data && data.totals.touches > 0 && (
        <>
          <MapTable map={data} by={by.value} onChoose={(cell) => (chosen.value = cell)} />
          <Means data={data} />
          <TargetHelp map={data} />
        </>
      )}
      {chosen.value && <BehindCell cell={chosen.value} onClose={() => (chosen.value = null)} />}
    </>
  );
}

function MapTable({ map, by, onChoose }: { map: MapAnswer; by: By; onChoose: (cell: ChosenCell) => void }) {
  const cells = new Map(map.cells.map((cell) => [`${cell.stage}\n${cell.touchpoint}`, cell]));
  const most = Math.max(...map.cells.map(({ volume }) => volume), 1);
  return (
    <div class="scroller" tabIndex={0} role="region" aria-label="Journey map">
      <table class="journey-map" style={`--stages: ${map.stages.length}`}>
        <colgroup>
          <col class="names" />
          {map.stages.map(({ stage }) => (
            <col key={stage} />
          ))}
        </colgroup>
        <thead>
          <tr>
            <th scope="col">Stage</th>
            {map.stages.map(({ stage, title }) => (
              <th scope="col" key={stage}>
                {title ?? words(stage)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">
              Mood <small>from −1 to 1</small>
            </th>
            <td class="mood" colSpan={map.stages.length}>
              <MoodLine stages={map.stages} />
            </td>
          </tr>
          <StageRow
            name="Journeys that came in"
            stages={map.stages}
            show={(stage) => <strong>{count(stage.entered)}</strong>}
          />
          <StageRow name="Went onward" stages={map.stages} show={(stage) => <Onward stage={stage} />} />
          <StageRow
            name="Time in stage"
            hint="median"
            stages={map.stages}
            show={(stage) => <TimeInStage stage={stage} />}
          />
          <StageRow
            name="Waiting"
            hint="median pause before a touch"
            stages={map.stages}
            show={(stage) => spell(stage.medianWait)}
          />
          <StageRow name="Ended or stuck here" stages={map.stages} show={(stage) => <Stuck stage={stage} />} />
        </tbody>
        <tbody>
          <tr>
            <th class="lane" colSpan={map.stages.length + 1} scope="colgroup">
              {by === 'event' ? 'Touchpoints' : 'Channels'}, most frequent first
            </th>
          </tr>
          {map.touchpoints.map((touchpoint) => (
            <tr key={touchpoint.name}>
              <th scope="row">
                {touchpoint.name}
                <small>{whose(touchpoint)}</small>
              </th>
              {map.stages.map(({ stage }) => {
                const cell = cells.get(`${stage}\n${touchpoint.name}`);
                if (!cell)
                  return (
                    <td key={stage}>
                      <span class="soft">–</span>
                    </td>
                  );
                return (
                  <td key={stage} class="cell" style={`--heat: ${Math.sqrt(cell.volume / most).toFixed(3)}`}>
                    <button type="button" onClick={() => onChoose({ stage, touchpoint: touchpoint.name, by })}>
                      <strong>{count(cell.volume)}</strong>
                      <span class="visually-hidden">
                        {' '}
                        touches: {touchpoint.name} in {words(stage)}, show the journeys
                      </span>
                      <small>{share(cell.onwardShare)} onward</small>
                      <small>{pauseOf(cell)}</small>
                      {cell.barriers.map((barrier) => (
                        <span class="barrier" key={barrier}>
                          {barrierWords(cell, barrier)}
                        </span>
                      ))}
                    </button>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function StageRow({
  name,
  hint,
  stages,
  show,
}: {
  name: string;
  hint?: string;
  stages: readonly MapStage[];
  show: (stage: MapStage) => preact.ComponentChildren;
}) {
  return (
    <tr>
      <th scope="row">
        {name}
        {hint && <small>{hint}</small>}
      </th>
      {stages.map((stage) => (
        <td key={stage.stage}>{show(stage)}</td>
      ))}
    </tr>
  );
}

function Onward({ stage }: { stage: MapStage }) {
  const target = stage.target?.conversion ?? null;
  const isUnder = target !== null && stage.onwardShare !== null && stage.onwardShare < target;
  return (
    <>
      <strong>{share(stage.onwardShare)}</strong>
      {target !== null && (
        <small class={isUnder ? 'over' : 'soft'}>
          target {share(target)}: {isUnder ? 'not reached' : 'reached'}
        </small>
      )}
    </>
  );
}

function TimeInStage({ stage }: { stage: MapStage }) {
  const target = stage.target?.time ?? null;
  const isOver = stage.timeOfTarget !== null && stage.timeOfTarget > 1;
  return (
    <>
      <strong>{spell(stage.medianTime)}</strong>
      {target !== null && (
        <small class={isOver ? 'over' : 'soft'}>
          target {spell(target)}
          {stage.timeOfTarget === null
            ? ''
            : isOver
              ? `: ${stage.timeOfTarget.toFixed(1)} times as long`
              : ': within it'}
        </small>
      )}
    </>
  );
}

function Stuck({ stage }: { stage: MapStage }) {
  return (
    <>
      {count(stage.lostIn)} lost
      <small class={stage.stalledIn > 0 ? 'over' : 'soft'}>{count(stage.stalledIn)} stalled</small>
      <small class="soft">{count(stage.here)} here now</small>
    </>
  );
}

function TargetHelp({ map }: { map: MapAnswer }) {
  return (
    <details class="more">
      <summary>Set the future state that this map is compared with</summary>
      <p>
        Give a stage a <code>target</code> in the{' '}
        <a href={`#/definitions/${encodeURIComponent(map.definition)}`}>definition</a> and publish it. It is saved with
        the definition, changes no journey, and shows here beside what is.
      </p>
      <pre tabIndex={0}>{`stages:
  - name: ${map.stages[0]?.stage ?? 'awareness'}
    target: { time: 3 days, conversion: 0.6, sentiment: 0.4 }`}</pre>
      <p>
        The mood line is made of answers that touchpoints carry: <code>csat</code> (1–5), <code>nps</code> (0–10),{' '}
        <code>ces</code> (1–7) or <code>sentiment</code> (−1–1):
      </p>
      <pre tabIndex={0}>{`curl -u WRITE_KEY: -H 'content-type: application/json' ${location.origin}/v1/track \\
  -d '{"userId":"ada","event":"Survey Answered","properties":{"csat":4}}'`}</pre>
    </details>
  );
}

const whose = ({ volume, outbound }: { volume: number; outbound: number }): string =>
  outbound === 0 ? "the buyer's" : outbound === volume ? 'ours' : `${share(outbound / volume)} ours`;

function barrierWords(cell: Cell, barrier: Cell['barriers'][number]): string {
  if (barrier === 'drop-off') return `Drop-off: ${share(cell.dropOffShare)} lost after it`;
  if (barrier === 'repeats') return `Repeats: ${share(cell.repeatShare)} more than once`;
  return `Stalls: ${share(cell.stalledShare)} wait after it`;
}
/** A pause of less than a second is none. */
const pauseOf = ({ medianWait }: Cell): string =>
  (parseDuration(medianWait) ?? 0) < 1_000 ? '' : `after a pause of ${spell(medianWait)}`;

const CSV_HEAD = [
  'stage',
  'touchpoint',
  'volume',
  'journeys',
  'onward share',
  'repeat share',
  'drop-off share',
  'stalled share',
  'median wait',
  'median time in stage',
  'barriers',
];
const csvRows = (map: MapAnswer): (string | number | null)[][] =>
  map.cells.map((cell) => [
    cell.stage,
    cell.touchpoint,
    cell.volume,
    cell.journeys,
    cell.onwardShare,
    cell.repeatShare,
    cell.dropOffShare,
    cell.stalledShare,
    cell.medianWait,
    cell.medianTimeInStage,
    cell.barriers.join(' '),
  ]);
