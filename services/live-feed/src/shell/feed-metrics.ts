/** What Prometheus is told of the feed. */
import type { Clock } from '@cairn/clock/clock.ts';
import type { Metrics } from '@cairn/service-kit/metrics.ts';
import type { Hub } from './hub.ts';
import type { Sessions } from './sessions.ts';
import type { View } from './view.ts';

export interface FeedMetrics {
  onRecord(topic: string, at: number): void;
  onUnreadable(topic: string): void;
}

export function createFeedMetrics(
  metrics: Metrics,
  clock: Clock,
  parts: { hub: Hub; sessions: Sessions; view: View },
): FeedMetrics {
  const shown = metrics.counter('cairn_feed_records_total', 'Records shown, by topic', ['topic']);
  const unreadable = metrics.counter('cairn_feed_unreadable_total', 'Records passed over, by topic', ['topic']);
  const lag = metrics.gauge('cairn_feed_lag_seconds', 'Age of the record shown last, when it was shown');
  const connections = metrics.gauge('cairn_feed_connections', 'Open web sockets and event streams');
  const subscriptions = metrics.gauge('cairn_feed_subscriptions', 'Channels subscribed to, over all connections');
  const frames = metrics.gauge('cairn_feed_frames', 'Frames made since the start, before they are fanned out');
  const pending = metrics.gauge('cairn_view_pending_records', 'Records applied and not yet written to the view');
  const counters = new Map<string, { inc(): void }>();
  const measure = (): void => {
    connections.set(parts.sessions.count());
    const counts = parts.hub.counts();
    subscriptions.set(counts.subscriptions);
    frames.set(counts.frames);
    pending.set(parts.view.store.pending());
  };
  // Asked for when somebody looks, not kept up with every frame.
  Object.assign(connections, { collect: measure });
  return {
    onRecord(topic, at) {
      let counter = counters.get(topic);
      if (!counter) counters.set(topic, (counter = shown.labels(topic)));
      counter.inc();
      lag.set(Math.max(0, clock.now() - at) / 1_000);
    },
    onUnreadable: (topic) => unreadable.labels(topic).inc(),
  };
}
