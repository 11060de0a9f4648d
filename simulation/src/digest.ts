import { createHash } from 'node:crypto';
import type { MemoryDisk } from '@cairn/log/memory-disk.ts';
import { TOPIC_CONFIGS } from './world.ts';

/** On records that the simulator itself wrote into an inbox. */
export const EXTERNAL_HEADER = 'sim-external';

/** SHA-256 over every record of every topic: offset, log time, key, value and headers. Two runs of one seed give the same. */
export function digestOf(disk: MemoryDisk): { sha256: string; records: number } {
  const hash = createHash('sha256');
  let records = 0;
  for (const { name, partitions } of TOPIC_CONFIGS)
    for (let partition = 0; partition < partitions; partition++)
      for (const record of disk.partition(name, partition).records) {
        hash.update(
          `${name} ${partition} ${record.offset} ${record.at} ${record.key} ${JSON.stringify(record.headers)} `,
        );
        hash.update(record.value ?? 'null').update('\n');
        records++;
      }
  return { sha256: hash.digest('hex'), records };
}
