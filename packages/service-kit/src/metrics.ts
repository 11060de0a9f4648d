import { performance } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** Prometheus metrics of one process. Asking twice for one name gives the same metric. Names start with `cairn_`. */
export interface Metrics {
  counter<L extends string>(name: `cairn_${string}`, help: string, labels?: readonly L[]): Counter<L>;
  gauge<L extends string>(name: `cairn_${string}`, help: string, labels?: readonly L[]): Gauge<L>;
  /** Buckets in seconds unless given. */
  histogram<L extends string>(
    name: `cairn_${string}`,
    help: string,
    labels?: readonly L[],
    buckets?: readonly number[],
  ): Histogram<L>;
  /** The text of `GET /metrics`. */
  expose(): Promise<string>;
}

const A_DAY_MS = 86_400_000;
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export function createMetrics(options: { runtime?: boolean } = {}): Metrics {
  const registry = new Registry();
  if (options.runtime) collectRuntime(registry);
  const known = new Map<string, unknown>();
  function once<T>(name: string, make: () => T): T {
    if (!known.has(name)) known.set(name, make());
    return known.get(name) as T;
  }
  return {
    counter: (name, help, labels = []) =>
      once(name, () => new Counter({ name, help, labelNames: [...labels], registers: [registry] })),
    gauge: (name, help, labels = []) =>
      once(name, () => new Gauge({ name, help, labelNames: [...labels], registers: [registry] })),
    histogram: (name, help, labels = [], buckets = SECONDS) =>
      once(
        name,
        () => new Histogram({ name, help, labelNames: [...labels], buckets: [...buckets], registers: [registry] }),
      ),
    expose: () => registry.metrics(),
  };
}

/** prom-client's own metrics of the process, without those that a timer has to gather. */
function collectRuntime(registry: Registry): void {
  // Its histogram of the event loop's delay wakes the process a hundred times a second, half of all that an idle Cairn does.
  collectDefaultMetrics({ register: registry, prefix: 'cairn_', eventLoopMonitoringPrecision: A_DAY_MS });
  for (const figure of ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'])
    registry.removeSingleMetric(`cairn_nodejs_eventloop_lag_${figure}_seconds`);
  let before = performance.eventLoopUtilization();
  new Gauge({
    name: 'cairn_nodejs_eventloop_utilization',
    help: 'Share of the time since the last scrape in which the event loop was busy, 0 to 1',
    registers: [registry],
    collect() {
      const now = performance.eventLoopUtilization();
      this.set(performance.eventLoopUtilization(now, before).utilization);
      before = now;
    },
  });
}
