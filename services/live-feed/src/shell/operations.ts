/**
 * The `ops` channel: once a second how fast a workspace's touchpoints move through, how far the view is behind, and who is connected. Each
 * workspace is told of itself alone: the figures of the whole installation are `/metrics`.
 */
import type { Clock } from '@cairn/clock/clock.ts';
import type { Hub } from './hub.ts';
import type { Throughput } from './throughput.ts';

export interface Operations {
  latest: (workspace: string) => OperationsNow;
  stop(): void;
}

export interface OperationsNow {
  admittedPerSecond: number;
  stitchedPerSecond: number;
  advancedPerSecond: number;
  /** Own records that wait, by reader: the tasks before their inboxes, the history and the view. One whose position is not known is left out. */
  lag: Readonly<Record<string, number>>;
  /** Open connections of the workspace to this node. */
  connections: number;
  deliveries: { attemptsPerSecond: number };
}

export interface OperationsDeps {
  hub: Pick<Hub, 'publishOps' | 'opsWorkspaces'>;
  clock: Clock;
  throughput: Throughput;
  connections(workspace: string): number;
}

const EVERY_MS = 1_000;

export function startOperations({ hub, clock, throughput, connections }: OperationsDeps): Operations {
  let samples = new Map<string, OperationsNow>();
  let readAt: number | null = null;
  let measuring = false;

  async function measure(workspaces: readonly string[]): Promise<void> {
    const continued = await throughput.read();
    const now = clock.monotonic();
    const seconds = continued && readAt !== null ? (now - readAt) / 1_000 : null;
    readAt = now;
    const after = new Map<string, OperationsNow>();
    for (const workspace of workspaces) {
      const counts = throughput.take(workspace);
      const rate = (topic: string): number =>
        seconds === null || seconds <= 0 ? 0 : Math.round(((counts[topic] ?? 0) / seconds) * 10) / 10;
      after.set(workspace, {
        ...quiet(workspace),
        admittedPerSecond: rate('touchpoints'),
        stitchedPerSecond: rate('journey-inbox'),
        advancedPerSecond: rate('journeys'),
        lag: throughput.lag(workspace),
        deliveries: { attemptsPerSecond: rate('deliveries') },
      });
    }
    samples = after;
    hub.publishOps(latest);
  }

  const quiet = (workspace: string): OperationsNow => ({
    admittedPerSecond: 0,
    stitchedPerSecond: 0,
    advancedPerSecond: 0,
    lag: { 'live-feed': 0 },
    connections: connections(workspace),
    deliveries: { attemptsPerSecond: 0 },
  });
  const latest = (workspace: string): OperationsNow => samples.get(workspace) ?? quiet(workspace);

  // Nobody watches most of the time: then nothing is measured.
  const stop = clock.every(EVERY_MS, () => {
    if (measuring) return;
    const workspaces = hub.opsWorkspaces();
    measuring = true;
    const work = workspaces.length ? measure(workspaces) : Promise.resolve(throughput.rest());
    if (workspaces.length === 0) {
      readAt = null;
      samples = new Map();
    }
    work.catch(() => {}).finally(() => (measuring = false));
  });
  return {
    latest,
    stop() {
      stop();
      void throughput.rest().catch(() => {});
    },
  };
}
