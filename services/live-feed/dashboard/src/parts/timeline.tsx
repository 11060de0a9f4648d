import { day, when, words } from '../format.ts';
import { now } from '../store.ts';
import type { Journey, TouchpointItem } from '../types.ts';

const LANE = 34;
const LEFT = 150;
const WIDTH = 1000;
const TOP = 26;
/** Lanes beyond this are folded into one: forty buyers would push the figures off the page. */
const LANES_MAX = 12;

/**
 * A lane per person, time from left to right: inbound touches filled, outbound ones hollow, others small; stage changes are lines with
 * their names, open silence is hatched. The table below it says the same in text.
 */
export function Timeline({ journey, touchpoints }: { journey: Journey; touchpoints: TouchpointItem[] }) {
  const times = touchpoints.map((item) => Date.parse(item.timestamp));
  if (!times.length) return <p class="empty">No touchpoints yet.</p>;
  const start = Math.min(...times);
  const end = Math.max(now.value, ...times);
  const span = Math.max(end - start, 60_000);
  const x = (ms: number): number => LEFT + 12 + ((ms - start) / span) * (WIDTH - LEFT - 24);
  const people = journey.people.slice(0, LANES_MAX);
  const lanes = new Map(people.map((person, index) => [person.id, index]));
  const others = people.length;
  const rows = touchpoints.some((item) => !item.personId || !lanes.has(item.personId))
    ? people.length + 1
    : people.length;
  const height = TOP + rows * LANE + 28;
  const y = (item: TouchpointItem): number =>
    TOP + ((item.personId ? lanes.get(item.personId) : undefined) ?? others) * LANE + LANE / 2;
  const visits = journey.stages.filter((visit) => Date.parse(visit.enteredAt) >= start - 1);
  /** A name that would run into the next one is left to the line's tooltip. */
  const hasRoom = (index: number): boolean => {
    const next = visits[index + 1];
    return (
      !next ||
      x(Date.parse(next.enteredAt)) - x(Date.parse(visits[index]!.enteredAt)) > visits[index]!.stage.length * 6 + 8
    );
  };
  const silentFrom = journey.pace.lastInboundAt ? Date.parse(journey.pace.lastInboundAt) : null;
  return (
    <div class="timeline" tabIndex={0} role="region" aria-label="Timeline by person">
      <svg
        viewBox={`0 0 ${WIDTH} ${height}`}
        role="img"
        aria-label={`${touchpoints.length} touchpoints of ${people.length} people`}
      >
        <defs>
          <pattern id="silence" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <line x1="0" y1="0" x2="0" y2="6" class="hatch" />
          </pattern>
        </defs>
        {silentFrom !== null && journey.status !== 'won' && journey.status !== 'lost' && (
          <rect
            x={x(silentFrom)}
            y={TOP}
            width={Math.max(0, x(end) - x(silentFrom))}
            height={rows * LANE}
            fill="url(#silence)"
          >
            <title>Silence since {when(journey.pace.lastInboundAt!)}</title>
          </rect>
        )}
        {Array.from({ length: rows }, (_, index) => (
          <g key={index}>
            <line
              x1={LEFT}
              x2={WIDTH}
              y1={TOP + index * LANE + LANE / 2}
              y2={TOP + index * LANE + LANE / 2}
              class="lane"
            />
            <text x={LEFT - 8} y={TOP + index * LANE + LANE / 2 + 4} text-anchor="end" class="lane-name">
              {short(people[index]?.name ?? people[index]?.email ?? (index < others ? 'Anonymous' : 'Others'))}
            </text>
          </g>
        ))}
        {visits.map((visit, index) => {
          const at = x(Date.parse(visit.enteredAt));
          return (
            <g key={`${visit.stage}${visit.enteredAt}`}>
              <line x1={at} x2={at} y1={14} y2={TOP + rows * LANE} class="stage">
                <title>
                  {words(visit.stage)} since {when(visit.enteredAt)}
                </title>
              </line>
              {hasRoom(index) && (
                <text x={Math.min(at + 3, WIDTH - visit.stage.length * 6)} y={14} class="stage-name">
                  {words(visit.stage)}
                </text>
              )}
            </g>
          );
        })}
        {touchpoints.map((item) => (
          <circle
            key={item.id}
            cx={x(Date.parse(item.timestamp))}
            cy={y(item)}
            r={item.direction === 'none' ? 2.5 : 5}
            class={`touch ${item.direction}`}
          >
            <title>
              {item.event ?? words(item.type)}, {item.direction}, {when(item.timestamp)}
            </title>
          </circle>
        ))}
        {[0, 0.25, 0.5, 0.75, 1].map((share) => (
          <text
            key={share}
            x={x(start + share * span)}
            y={height - 8}
            text-anchor={share === 0 ? 'start' : share === 1 ? 'end' : 'middle'}
            class="axis"
          >
            {day(start + share * span)}
          </text>
        ))}
      </svg>
      <p class="legend">
        <span class="key inbound" /> Inbound <span class="key outbound" /> Outbound <span class="key none" /> Other{' '}
        <span class="key silence" /> Silence
      </p>
    </div>
  );
}

const short = (name: string): string => (name.length > 20 ? `${name.slice(0, 19)}…` : name);
