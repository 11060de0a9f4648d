import { systemClock } from '@cairn/clock/clock.system.ts';
import { createKafkaLog } from '../log.kafka.ts';
import { killNames, type KillAdapter } from './kill-adapter.ts';

export const adapter: KillAdapter<{ brokers: string[]; prefix: string; sessionTimeoutMs: number }> = {
  openLog({ brokers, prefix, sessionTimeoutMs }) {
    const names = killNames(prefix);
    return createKafkaLog({
      brokers,
      clientId: 'kill',
      clock: systemClock,
      timing: { sessionTimeoutMs, pollMs: 50 },
      topics: [
        { name: names.inbox, partitions: 1, cleanup: 'delete', retentionMs: null },
        { name: names.outputs, partitions: 1, cleanup: 'delete', retentionMs: null },
      ],
    });
  },
};
