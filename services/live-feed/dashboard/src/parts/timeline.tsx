/**
 * Time from left to right, a lane a person (or a channel): inbound touches filled circles, outbound ones hollow diamonds, others small; stage
 * changes are lines with their names, open silence is hatched, alerts are bars of their own lane. The table on the page says the same in text.
 */
import { useSignal } from '@preact/signals';
import { day, time, when, words } from '../format.ts';
import { now } from '../store.ts';
import type { Alert, Journey, TouchpointItem } from '../types.ts';

const LANE = 34;
const LEFT = 150;
const WIDTH = 1000;
const TOP = 26;
/** Lanes beyond this are folded into one: forty buyers would push the figures off the page. */
const LANES_MAX = 12;
const DAY = 86_400_000;
const SPAN_MIN = 1_000;
const SPANS: readonly [string, number][] = [
  ['Day', DAY],
  ['Week', 7 * DAY],
  ['Month', 30 * DAY],
];

interface Lane {
  name: string;
  /** null: whoever has no lane of their own. */
  holds: (item: TouchpointItem) => boolean;
}

export interface ActionOnTimeline {
  id: string;
  name: string;
  state: string;
  at: string;
}

export function Timeline({
  journey,
  touchpoints,
  alerts = [],
  actions = [],
}: {
  journey: Journey;
  touchpoints: TouchpointItem[];
  alerts?: Alert[];
  actions?: ActionOnTimeline[];
}) {
  const by = useSignal<'person' | 'channel'>('person');
  /** null: everything. `end` null: now. */
  const shown = useSignal<{ span: number; end: number | null } | null>(null);
  const times = touchpoints.map((item) => Date.parse(item.timestamp));
  if (!times.length) return journey.touchpoints > 0 ? null : <p class="note">No touchpoints yet.</p>;
  const first = Math.min(...times);
  const isOver = journey.status === 'won' || journey.status === 'lost';
  const last = isOver ? Math.max(...times, Date.parse(journey.stageSince)) : Math.max(now.value, ...times);
  const end = shown.value?.end ?? last;
  const span = Math.max(shown.value?.span ?? end - first, SPAN_MIN);
  const start = end - span;
  const x = (ms: number): number => LEFT + 12 + ((ms - start) / span) * (WIDTH - LEFT - 24);
  const inSight = (ms: number): boolean => ms >= start - 1 && ms <= end + 1;
  const within = (ms: number): number => Math.min(Math.max(ms, start), end);

  const lanes = by.value === 'person' ? peopleLanes(journey, touchpoints) : channelLanes(touchpoints);
  const marks = alerts.length || actions.length ? 1 : 0;
  const rows = lanes.length + marks;
  const height = TOP + rows * LANE + 28;
  const middle = (row: number): number => TOP + row * LANE + LANE / 2;
  const visits = journey.stages.filter((visit) => inSight(Date.parse(visit.enteredAt)));
  /** A name that would run into the next one is left to the line's tooltip. */
  const hasRoom = (index: number): boolean => {
    const next = visits[index + 1];
    return (
      !next ||
      x(Date.parse(next.enteredAt)) - x(Date.parse(visits[index]!.enteredAt)) > visits[index]!.stage.length * 6.4 + 8
    );
  };
  const silentFrom = journey.pace.lastInboundAt ? Date.parse(journey.pace.lastInboundAt) : null;
  const tick = span > 3 * DAY ? day : time;

  const zoom = (factor: number): void => {
    const next = Math.max(SPAN_MIN, span * factor);
    if (next >= last - first) shown.value = null;
    else shown.value = { span: next, end: shown.value?.end ?? null };
  };
  const move = (share: number): void => {
    if (!shown.value) return;
    const to = Math.min(Math.max(end + share * span, first + span / 2), last);
    shown.value = { span, end: to >= last ? null : to };
  };
  const onKey = (event: KeyboardEvent): void => {
    const act: Record<string, () => void> = {
      '+': () => zoom(0.5),
      '=': () => zoom(0.5),
      '-': () => zoom(2),
      '0': () => (shown.value = null),
      ArrowLeft: () => move(-0.25),
      ArrowRight: () => move(0.25),
    };
    const found = act[event.key];
    if (!found || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    found();
  };

  return (
    <div class="timeline">
      <div class="timeline-tools">
        <div class="segments" role="group" aria-label="Lanes">
          {(['person', 'channel'] as const).map((one) => (
            <button type="button" key={one} aria-pressed={by.value === one} onClick={() => (by.value = one)}>
              By {one}
            </button>
          ))}
        </div>
        <div class="segments" role="group" aria-label="Time shown">
          {SPANS.filter(([, size]) => size < last - first).map(([name, size]) => (
            <button
              type="button"
              key={name}
              aria-pressed={shown.value?.span === size}
              onClick={() => (shown.value = { span: size, end: null })}
            >
              {name}
            </button>
          ))}
          <button type="button" aria-pressed={shown.value === null} onClick={() => (shown.value = null)}>
            All
          </button>
        </div>
        <div class="segments" role="group" aria-label="Zoom">
          <button type="button" aria-label="Earlier" disabled={!shown.value} onClick={() => move(-0.5)}>
            ←
          </button>
          <button type="button" aria-label="Zoom out" disabled={!shown.value} onClick={() => zoom(2)}>
            −
          </button>
          <button type="button" aria-label="Zoom in" onClick={() => zoom(0.5)}>
            +
          </button>
          <button type="button" aria-label="Later" disabled={!shown.value?.end} onClick={() => move(0.5)}>
            →
          </button>
        </div>
      </div>
      <div class="timeline-scroll" tabIndex={0} role="region" aria-label={`Timeline by ${by.value}`} onKeyDown={onKey}>
        <svg
          viewBox={`0 0 ${WIDTH} ${height}`}
          role="img"
          aria-label={`${touchpoints.length} touchpoints of ${journey.people.length} people; the table below has them in text`}
        >
          <defs>
            <pattern id="silence" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
              <line x1="0" y1="0" x2="0" y2="6" class="hatch" />
            </pattern>
          </defs>
          {silentFrom !== null && !isOver && (
            <rect
              x={x(within(silentFrom))}
              y={TOP}
              width={Math.max(0, x(end) - x(within(silentFrom)))}
              height={lanes.length * LANE}
              fill="url(#silence)"
            >
              <title>Silence since {when(journey.pace.lastInboundAt!)}</title>
            </rect>
          )}
          {lanes.map((lane, row) => (
            <g key={row}>
              <line x1={LEFT} x2={WIDTH} y1={middle(row)} y2={middle(row)} class="lane" />
              <text x={LEFT - 8} y={middle(row) + 4} text-anchor="end" class="lane-name">
                {short(lane.name)}
              </text>
            </g>
          ))}
          {marks > 0 && (
            <text x={LEFT - 8} y={middle(lanes.length) + 4} text-anchor="end" class="axis">
              Alerts, actions
            </text>
          )}
          {visits.map((visit, index) => {
            const at = x(Date.parse(visit.enteredAt));
            return (
              <g key={`${visit.stage}${visit.enteredAt}`}>
                <line x1={at} x2={at} y1={14} y2={TOP + lanes.length * LANE} class="stage">
                  <title>
                    {words(visit.stage)} since {when(visit.enteredAt)}
                  </title>
                </line>
                {hasRoom(index) && (
                  <text x={Math.min(at + 3, WIDTH - visit.stage.length * 6.4)} y={14} class="stage-name">
                    {words(visit.stage)}
                  </text>
                )}
              </g>
            );
          })}
          {touchpoints.map((item) => {
            const at = Date.parse(item.timestamp);
            const row = lanes.findIndex((lane) => lane.holds(item));
            return inSight(at) && row >= 0 ? <Touch key={item.id} item={item} x={x(at)} y={middle(row)} /> : null;
          })}
          {alerts.map((alert) => {
            const from = Date.parse(alert.openedAt);
            const closed = alert.history.find((step) => step.state === 'resolved');
            const to = closed ? Date.parse(closed.at) : last;
            if (to < start || from > end) return null;
            const y = middle(lanes.length);
            return (
              <g key={alert.id} class={`alert-bar ${alert.state}`}>
                <title>
                  {words(alert.kind)}: {alert.reason.text} ({words(alert.state)}, opened {when(alert.openedAt)})
                </title>
                <rect
                  x={x(within(from))}
                  y={y - 4}
                  width={Math.max(4, x(within(to)) - x(within(from)))}
                  height={8}
                  rx={2}
                />
              </g>
            );
          })}
          {actions
            .filter(({ at }) => inSight(Date.parse(at)))
            .map((action) => (
              <text
                key={action.id}
                x={x(Date.parse(action.at))}
                y={middle(lanes.length) + 5}
                class="action-mark"
                text-anchor="middle"
              >
                ★
                <title>
                  {words(action.name)}, {words(action.state)}, {when(action.at)}
                </title>
              </text>
            ))}
          {[0, 0.25, 0.5, 0.75, 1].map((share) => (
            <text
              key={share}
              x={x(start + share * span)}
              y={height - 8}
              text-anchor={share === 0 ? 'start' : share === 1 ? 'end' : 'middle'}
              class="axis"
            >
              {tick(start + share * span)}
            </text>
          ))}
        </svg>
      </div>
      <p class="legend">
        <span>
          <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
            <circle cx="6" cy="6" r="5" class="touch inbound" />
          </svg>{' '}
          Inbound: the buyer’s own
        </span>
        <span>
          <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
            <path d="M6 1 11 6 6 11 1 6Z" class="touch outbound" />
          </svg>{' '}
          Outbound: ours
        </span>
        <span>
          <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
            <circle cx="6" cy="6" r="2.5" class="touch none" />
          </svg>{' '}
          Data only
        </span>
        <span>
          <span class="key silence" /> Silence now
        </span>
      </p>
    </div>
  );
}

function Touch({ item, x, y }: { item: TouchpointItem; x: number; y: number }) {
  const title = (
    <title>
      {item.event ?? words(item.type)}, {item.direction}
      {item.channel ? `, ${item.channel}` : ''}, {when(item.timestamp)}
    </title>
  );
  const kind = `touch ${item.direction}`;
  if (item.direction === 'outbound')
    return (
      <path d={`M${x} ${y - 6} ${x + 6} ${y} ${x} ${y + 6} ${x - 6} ${y}Z`} class={kind}>
        {title}
      </path>
    );
  return (
    <circle cx={x} cy={y} r={item.direction === 'none' ? 2.5 : 5} class={kind}>
      {title}
    </circle>
  );
}

function peopleLanes(journey: Journey, touchpoints: readonly TouchpointItem[]): Lane[] {
  const people = journey.people.slice(0, LANES_MAX);
  const known = new Set(people.map(({ id }) => id));
  const lanes: Lane[] = people.map(({ id, name, email }) => ({
    name: name ?? email ?? 'Anonymous',
    holds: (item) => item.personId === id,
  }));
  const isOther = (item: TouchpointItem): boolean => !item.personId || !known.has(item.personId);
  return touchpoints.some(isOther) ? [...lanes, { name: 'Others', holds: isOther }] : lanes;
}

function channelLanes(touchpoints: readonly TouchpointItem[]): Lane[] {
  const counts = new Map<string, number>();
  for (const { channel } of touchpoints) counts.set(channel ?? 'none', (counts.get(channel ?? 'none') ?? 0) + 1);
  const names = [...counts].sort((a, b) => b[1] - a[1]).map(([name]) => name);
  const own = names.slice(0, LANES_MAX);
  const lanes: Lane[] = own.map((name) => ({ name: words(name), holds: (item) => (item.channel ?? 'none') === name }));
  return names.length > own.length
    ? [...lanes, { name: 'Others', holds: (item) => !own.includes(item.channel ?? 'none') }]
    : lanes;
}

const short = (name: string): string => (name.length > 20 ? `${name.slice(0, 19)}…` : name);
