/** Whether Kafka answers: what the appends see, and a probe of its own every two seconds. Decides nothing else. */
import type { Clock } from '@cairn/clock/clock.ts';
import type { KafkaCluster } from './kafka-cluster.ts';

export interface Health {
  healthy(): boolean;
  /** What an append saw. */
  report(healthy: boolean): void;
  stop(): void;
}

const PROBE_MS = 2_000;

export function createHealth(cluster: KafkaCluster, topics: readonly string[], clock: Clock): Health {
  let healthy = true;
  let probing = false;

  async function probe(): Promise<void> {
    if (probing) return;
    probing = true;
    try {
      await cluster.refresh(topics);
      // Leaders for all partitions: the broker is there and can take records.
      for (const topic of topics)
        for (let partition = 0; partition < cluster.partitions(topic); partition++) cluster.leader(topic, partition);
      healthy = true;
    } catch (error) {
      cluster.forget(error);
      healthy = false;
    } finally {
      probing = false;
    }
  }

  const stop = clock.every(PROBE_MS, () => void probe());
  return {
    healthy: () => healthy,
    report(seen) {
      healthy = seen;
    },
    stop,
  };
}
