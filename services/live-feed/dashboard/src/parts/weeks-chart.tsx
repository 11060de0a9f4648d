/** Lines by week: begun, won, lost. Told apart by dashes as well as colour; the page has the table. */
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

export interface Week {
  week: string;
  began: number;
  won: number;
  lost: number;
}

const LINES = [
  { name: 'began', label: 'Began', color: '--accent', dash: [] },
  { name: 'won', label: 'Won', color: '--won', dash: [8, 4] },
  { name: 'lost', label: 'Lost', color: '--warn', dash: [2, 4] },
] as const;
const HEIGHT = 260;

export function WeeksChart({ weeks }: { weeks: readonly Week[] }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const dark = matchMedia('(prefers-color-scheme: dark)');
    let chart: uPlot | null = null;
    const draw = (): void => {
      chart?.destroy();
      chart = new uPlot(optionsOf(element), dataOf(weeks), element);
    };
    draw();
    dark.addEventListener('change', draw);
    const resize = new ResizeObserver(() => chart?.setSize({ width: element.clientWidth, height: HEIGHT }));
    resize.observe(element);
    return () => {
      dark.removeEventListener('change', draw);
      resize.disconnect();
      chart?.destroy();
    };
  }, [weeks]);
  return (
    <div class="scroller weeks">
      <p class="week-keys">
        {LINES.map(({ name, label, color, dash }) => (
          <span key={name}>
            <svg width="34" height="8" aria-hidden="true">
              <line
                x1="0"
                x2="34"
                y1="4"
                y2="4"
                stroke={`var(${color})`}
                stroke-width="2.5"
                stroke-dasharray={dash.join(' ')}
              />
            </svg>
            {label}
          </span>
        ))}
      </p>
      <div
        ref={box}
        role="img"
        aria-label="Journeys that began, were won and were lost, by week; the table below has the same figures"
      />
    </div>
  );
}

/** A colour of the page, as the canvas wants it. */
function colorOf(element: HTMLElement, name: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

function optionsOf(element: HTMLElement): uPlot.Options {
  const axis = {
    stroke: colorOf(element, '--soft'),
    grid: { stroke: colorOf(element, '--rule'), width: 1 },
    ticks: { show: false },
  };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    cursor: { drag: { x: false, y: false } },
    legend: { show: false },
    axes: [axis, { ...axis, size: 56 }],
    series: [
      {},
      ...LINES.map(({ label, color, dash }) => ({
        label,
        stroke: colorOf(element, color),
        width: 2,
        dash: [...dash],
        points: { show: false },
      })),
    ],
  };
}

const dataOf = (weeks: readonly Week[]): uPlot.AlignedData => [
  weeks.map(({ week }) => Date.parse(week) / 1_000),
  ...LINES.map(({ name }) => weeks.map((week) => week[name])),
];
