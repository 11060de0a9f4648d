/** The `ops` channel: once a second how fast touchpoints move through, told from the log's own positions, so that it is right in every mode. */
import type { Clock } from '@cairn/clock/clock.ts';
import type { Log } from '@cairn/log/log.ts';
import type { Hub } from './hub.ts';

export interface Operations {
  latest: () => OperationsNow;
  stop(): void;
}

export interface OperationsNow {
  admittedPerSecond: number;
  stitchedPerSecond: number;
  advancedPerSecond: number;
  /** Records not yet read, by reader. */
  lag: Readonly<Record<string, number>>;
  connections: number;
  deliveries: { attemptsPerSecond: number };
}

export interface OperationsDeps {
  log: Pick<Log, 'offsets'>;
  hub: Hub;
  clock: Clock;
  connections(): number;
  lag(): Promise<number>;
  /** Lags of other readers, where this process knows them. */
  otherLags?(): Readonly<Record<string, number>>;
}

const EVERY_MS = 1_000;
/** Topic → the figure that its growth makes. */
const MEASURED = {
  touchpoints: 'admittedPerSecond',
  'journey-inbox': 'stitchedPerSecond',
  journeys: 'advancedPerSecond',
  deliveries: 'attemptsPerSecond',
} as const;

export function startOperations(deps: OperationsDeps): Operations {
  const { log, hub, clock } = deps;
  let before: { at: number; totals: Record<string, bigint> } | null = null;
  let rates: Record<string, number> = {};
  let lag = 0;
  let measuring = false;

  async function measure(): Promise<void> {
    const totals: Record<string, bigint> = {};
    for (const topic of Object.keys(MEASURED))
      totals[topic] = (await log.offsets(topic)).reduce((sum, { next }) => sum + next, 0n);
    const at = clock.monotonic();
    for (const [topic, name] of Object.entries(MEASURED)) {
      const grown = before ? Number(totals[topic]! - before.totals[topic]!) : 0;
      rates[name] = before && at > before.at ? Math.round((grown / (at - before.at)) * 10_000) / 10 : 0;
    }
    before = { at, totals };
    lag = await deps.lag();
    hub.publishOps(latest());
  }

  function latest(): OperationsNow {
    return {
      admittedPerSecond: rates.admittedPerSecond ?? 0,
      stitchedPerSecond: rates.stitchedPerSecond ?? 0,
      advancedPerSecond: rates.advancedPerSecond ?? 0,
      lag: { ...deps.otherLags?.(), 'live-feed': lag },
      connections: deps.connections(),
      deliveries: { attemptsPerSecond: rates.attemptsPerSecond ?? 0 },
    };
  }

  // Nobody watches most of the time: then nothing is measured.
  const stop = clock.every(EVERY_MS, () => {
    if (measuring) return;
    if (!hub.hasOps()) {
      before = null;
      rates = {};
      return;
    }
    measuring = true;
    measure()
      .catch(() => {})
      .finally(() => (measuring = false));
  });
  return { latest, stop };
}
