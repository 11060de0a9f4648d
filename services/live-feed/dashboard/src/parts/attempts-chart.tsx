import { when } from '../format.ts';
import type { DeliveryReport } from './delivery-types.ts';

const WIDTH = 720;
const HEIGHT = 90;

/** Attempts of the last day, those that failed hatched on top; the same figures as a table below. */
export function AttemptsChart({ report }: { report: DeliveryReport }) {
  const from = Date.parse(report.from);
  const span = Date.parse(report.to) - from;
  const most = Math.max(1, ...report.buckets.map((bucket) => bucket.attempts));
  const slots = 48;
  const width = WIDTH / slots;
  const failed = report.attempts - report.succeeded;
  return (
    <figure class="attempts-chart">
      <figcaption>
        Attempts of the last 24 hours: {report.succeeded} arrived, {failed} failed
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`${report.succeeded} arrived, ${failed} failed`}>
        <defs>
          <pattern id="failed-hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <rect width="5" height="5" class="failed-ground" />
            <line x1="0" y1="0" x2="0" y2="5" class="failed-line" />
          </pattern>
        </defs>
        {report.buckets.map((bucket) => {
          const x = ((Date.parse(bucket.at) - from) / span) * WIDTH;
          const whole = (bucket.attempts / most) * (HEIGHT - 2);
          const good = (bucket.succeeded / most) * (HEIGHT - 2);
          return (
            <g key={bucket.at}>
              <title>{`${when(bucket.at)}: ${bucket.succeeded} arrived, ${bucket.attempts - bucket.succeeded} failed`}</title>
              <rect class="arrived" x={x} y={HEIGHT - good} width={width - 1.5} height={good} />
              <rect fill="url(#failed-hatch)" x={x} y={HEIGHT - whole} width={width - 1.5} height={whole - good} />
            </g>
          );
        })}
        <line x1="0" x2={WIDTH} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} class="axis-line" />
      </svg>
      <details>
        <summary>As a table</summary>
        <table>
          <thead>
            <tr>
              <th scope="col">From</th>
              <th scope="col" class="number">
                Attempts
              </th>
              <th scope="col" class="number">
                Arrived
              </th>
              <th scope="col" class="number">
                95 % within
              </th>
            </tr>
          </thead>
          <tbody>
            {report.buckets.map((bucket) => (
              <tr key={bucket.at}>
                <td>{when(bucket.at)}</td>
                <td class="number">{bucket.attempts}</td>
                <td class="number">{bucket.succeeded}</td>
                <td class="number">{bucket.p95Ms === null ? '–' : `${bucket.p95Ms} ms`}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  );
}
