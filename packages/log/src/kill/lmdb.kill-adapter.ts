import { systemClock } from '@cairn/clock/clock.system.ts';
import { createLmdbLog } from '../log.lmdb.ts';
import { killNames, type KillAdapter } from './kill-adapter.ts';

export const adapter: KillAdapter<{ path: string; prefix: string }> = {
  openLog({ path, prefix }) {
    const names = killNames(prefix);
    return createLmdbLog({
      path,
      clock: systemClock,
      topics: [
        { name: names.inbox, partitions: 1, cleanup: 'delete', retentionMs: null },
        { name: names.outputs, partitions: 1, cleanup: 'delete', retentionMs: null },
      ],
    });
  },
};
