import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@cairn/clock/clock.system.ts';
import type { Log } from '@cairn/log/log.ts';
import { createKafkaLog } from '@cairn/log/log.kafka.ts';
import { fill, perSecond, readAll, VALUE_BYTES } from './kafka-records.ts';
import { percentiles, type Percentiles } from './percentiles.ts';
import { startStreamsPeer, type StreamsPeer } from './streams-peer.ts';

/** The load of the Kafka Streams peer: a backlog for a fresh process, another for the warm one, a steady rate, and a restore. */
const PARTITIONS = 4;
const SUBJECTS = 5_000;
/** Of the latency run: the first seconds are not counted. */
const WARM_UP_MS = 3_000;
const TICK_MS = 5;

export interface StreamsSite {
  log: Log;
  start(): Promise<StreamsPeer>;
  /** Removes the local state, so that the next start restores it from the changelog. */
  forget(): Promise<void>;
  close(): Promise<void>;
}

/** Topics and a state directory of its own. */
export async function openStreamsSite(
  brokers: readonly string[],
  classPath: string,
  name: string,
): Promise<StreamsSite> {
  const prefix = `bench-${process.pid}-${name}-`;
  const stateDir = await mkdtemp(join(tmpdir(), 'cairn-bench-streams-'));
  const topics = ['touchpoints', 'journeys'].map((topic) => ({
    name: topic,
    partitions: PARTITIONS,
    cleanup: 'delete' as const,
    retentionMs: null,
  }));
  const log = await createKafkaLog({
    brokers: [...brokers],
    clientId: 'bench-streams',
    clock: systemClock,
    topicPrefix: prefix,
    topics,
  });
  const forget = (): Promise<void> => rm(stateDir, { recursive: true, force: true });
  return {
    log,
    start: () => startStreamsPeer({ classPath, brokers, prefix, stateDir, partitions: PARTITIONS }),
    forget,
    async close() {
      await log.close();
      await forget();
    },
  };
}

/** What the peer reads: `subject|points|sent at|` and nothing, 320 bytes. */
function touchpoint(subject: number, sentAt = 0): Uint8Array {
  return Buffer.from(`subject-${subject}|1|${sentAt}|`.padEnd(VALUE_BYTES, 'x'));
}
const backlog = (records: number) => ({
  records,
  keys: SUBJECTS,
  value: (number: number) => touchpoint(number % SUBJECTS),
});

/** `cold` starts the peer on a backlog and counts from the moment that it runs; `warm` lets the same process take another. */
export async function measureStreams(
  site: StreamsSite,
  records: number,
): Promise<{ peer: StreamsPeer; coldPerSecond: number; warmPerSecond: number; startSeconds: number }> {
  await fill(site.log, 'touchpoints', backlog(records));
  const out = await site.log.follow(['journeys'], 'end');
  const peer = await site.start();
  let startedAt = performance.now();
  await readAll(out, records);
  const coldPerSecond = perSecond(records, startedAt);
  await peer.say('pause');
  await fill(site.log, 'touchpoints', backlog(records));
  await peer.say('resume');
  startedAt = performance.now();
  await readAll(out, records);
  const warmPerSecond = perSecond(records, startedAt);
  await out.close();
  return { peer, coldPerSecond, warmPerSecond, startSeconds: Number((peer.startMs / 1_000).toFixed(1)) };
}

/** From just before the append until the output is read (committed), at a steady rate. */
export async function measureStreamsLatency(log: Log, rate: number, seconds: number): Promise<Percentiles> {
  const out = await log.follow(['journeys'], 'end');
  const from = performance.now();
  const until = from + WARM_UP_MS + seconds * 1_000;
  const total = Math.floor(((until - from) / 1_000) * rate);
  const took: number[] = [];
  async function read(): Promise<void> {
    for (let seen = 0; seen < total;) {
      const { records } = await out.next({ waitMs: 1_000 });
      const now = performance.now();
      seen += records.length;
      for (const { value } of records) {
        const sentAt = Number(Buffer.from(value!.buffer, value!.byteOffset, 60).toString('latin1').split('|')[2]);
        if (sentAt >= from + WARM_UP_MS) took.push(now - sentAt);
      }
    }
  }
  async function write(): Promise<void> {
    const appends: Promise<void>[] = [];
    for (let sent = 0; sent < total;) {
      const now = performance.now();
      const due = Math.min(total, Math.floor(((now - from) / 1_000) * rate));
      const records = Array.from({ length: due - sent }, (_, index) => ({
        topic: 'touchpoints',
        partition: (sent + index) % PARTITIONS,
        key: 'workspace',
        value: touchpoint((sent + index) % SUBJECTS, now),
      }));
      sent = due;
      if (records.length) appends.push(log.append(records));
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
    await Promise.all(appends);
  }
  await Promise.all([read(), write()]);
  await out.close();
  return percentiles(took);
}

/** Makes so many keys, loses the local state, starts again. */
export async function measureStreamsRestore(
  site: StreamsSite,
  keys: number,
): Promise<{ restoredKeys: number; restoreSeconds: number; restartSeconds: number }> {
  const out = await site.log.follow(['journeys'], 'end');
  await fill(site.log, 'touchpoints', { records: keys, keys, value: (number) => touchpoint(number) });
  const first = await site.start();
  await readAll(out, keys);
  await out.close();
  await first.stop();
  await site.forget();
  const second = await site.start();
  await second.stop();
  return {
    restoredKeys: second.restored,
    restoreSeconds: Number((second.restoreMs / 1_000).toFixed(2)),
    restartSeconds: Number((second.startMs / 1_000).toFixed(2)),
  };
}
