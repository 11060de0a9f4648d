/**
 * The same two stages in Kafka Streams (bench/peers/kafka-streams, exactly_once_v2), on a local broker: a backlog taken by a fresh
 * process and by a warm one, the latency at a steady rate, the restore of lost state. Prints one JSON line.
 *
 *   node bench/src/kafka-streams.ts [--records 100000] [--rate 1000] [--seconds 20] [--keys 200000]
 *
 * Needs Java 17 and, the first time, Maven.
 */
import { parseArgs } from 'node:util';
import { findTestKafka } from '@cairn/testkit/kafka-broker.ts';
import { load } from './parts/machine.ts';
import { measureStreams, measureStreamsLatency, measureStreamsRestore, openStreamsSite } from './parts/streams-load.ts';
import { buildStreamsPeer } from './parts/streams-peer.ts';

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '100000' },
    rate: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '20' },
    keys: { type: 'string', default: '200000' },
  },
});
const [records, rate, seconds, keys] = [values.records, values.rate, values.seconds, values.keys].map(Number) as [
  number,
  number,
  number,
  number,
];
const classPath = await buildStreamsPeer();
const kafka = await findTestKafka();
if (!kafka) process.exit(1);
const loadBefore = load();

const flow = await openStreamsSite(kafka.brokers, classPath, 'flow');
const { peer, ...throughput } = await measureStreams(flow, records);
const latency = await measureStreamsLatency(flow.log, rate, seconds);
await peer.stop();
await flow.close();
const restore = await openStreamsSite(kafka.brokers, classPath, 'restore');
const restored = await measureStreamsRestore(restore, keys);
await restore.close();
await kafka.stop();
console.log(
  JSON.stringify({
    records,
    ...throughput,
    latencyAtPerSecond: rate,
    ...latency,
    ...restored,
    loadBefore,
    loadAfter: load(),
  }),
);
