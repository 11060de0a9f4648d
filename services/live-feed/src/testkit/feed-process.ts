/**
 * Live-feed over the LMDB log as a process of its own, so that a test may kill it at any moment. Argument: a folder. Writes changes of ten journeys as fast as
 * it can while it is told to; everything it says goes over IPC.
 */
import { join } from 'node:path';
import { systemClock } from '@cairn/clock/clock.system.ts';
import { encodeJson } from '@cairn/contracts/json.ts';
import { TOPICS, keyOf, partitionOf } from '@cairn/contracts/topics.ts';
import { createLmdbLog } from '@cairn/log/log.lmdb.ts';
import { liveFeedConfig } from '../config.ts';
import { journey, journeyChanged, journeyIdOf, touchpoint } from './facts.ts';
import { startNode, tokenRecord } from './feed-world.ts';

export const JOURNEYS = 10;
const PARTITIONS = 2;

const folder = process.argv[2]!;
const topics = Object.values(TOPICS).map(({ name, cleanup, retentionMs, minCompactionLagMs }) => ({
  name,
  partitions: name === 'control' ? 1 : PARTITIONS,
  cleanup,
  retentionMs,
  ...(minCompactionLagMs === undefined ? {} : { minCompactionLagMs }),
}));
const log = await createLmdbLog({ path: join(folder, 'log'), topics, clock: systemClock });
await log.append([tokenRecord('w1', 'reader')]);
const seqs = new Map<string, number>();
for (const { partition, oldest, next } of await log.offsets('journeys'))
  for (let from = oldest; from < next;) {
    const records = await log.read('journeys', partition, from, 1_000);
    for (const { value } of records) {
      const { journey: of } = JSON.parse(Buffer.from(value!).toString()) as {
        journey: { subject: { id: string }; seq: number };
      };
      seqs.set(of.subject.id, of.seq);
    }
    from = records.length ? records.at(-1)!.offset + 1n : next;
  }

async function change(): Promise<void> {
  const records = Array.from({ length: JOURNEYS }, (_, n) => {
    const subject = `acc_${n}`;
    const seq = (seqs.get(subject) ?? 0) + 1;
    seqs.set(subject, seq);
    const fact = journeyChanged(journey('w1', subject, { seq }), { touchpoint: touchpoint(`tp_${n}_${seq}`) });
    const key = keyOf.subject('w1', subject);
    return {
      topic: 'journeys',
      partition: partitionOf(key, PARTITIONS),
      key: `${key}/b2b-sales`,
      value: encodeJson(fact),
    };
  });
  await log.append(records);
}

await change();
const node = await startNode(log, { ...liveFeedConfig(folder), dashboardPath: join(folder, 'none') });
process.send!({ url: node.url, ids: Array.from({ length: JOURNEYS }, (_, n) => journeyIdOf('w1', `acc_${n}`)) });

process.on('message', (asked: { changes: number }) => {
  void (async () => {
    for (let n = 0; n < asked.changes; n++) {
      await change();
      await systemClock.sleep(1);
    }
    process.send!({ done: true });
  })();
});
