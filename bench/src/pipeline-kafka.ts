/**
 * Cluster mode on a local broker, the four services as processes of their own: accepted (durable) touchpoints a second, and how many
 * a second come out of the orchestrator, until all have. Beside it, on the same broker in the same run, a bare two-stage loop of
 * transactional kafkajs producers and, where Java and Maven are there, two stages in Kafka Streams. Prints one JSON line.
 *
 *   node bench/src/pipeline-kafka.ts [--touchpoints 60000]      (broker: CAIRN_TEST_KAFKA_BROKERS, Docker, or Java)
 */
import { parseArgs } from 'node:util';
import { systemClock } from '@cairn/clock/clock.system.ts';
import { createKafkaLog } from '@cairn/log/log.kafka.ts';
import { findTestKafka } from '@cairn/testkit/kafka-broker.ts';
import { startProduct } from '@cairn/testkit/product.ts';
import { bareTwoStages } from './parts/bare-two-stages.ts';
import { fill } from './parts/kafka-records.ts';
import { load } from './parts/machine.ts';
import { runPipeline } from './parts/pipeline-load.ts';
import { measureStreams, openStreamsSite } from './parts/streams-load.ts';
import { buildStreamsPeer } from './parts/streams-peer.ts';

const { values } = parseArgs({ options: { touchpoints: { type: 'string', default: '60000' } } });
const touchpoints = Number(values.touchpoints);
/** Of the bare loop; the product has its own. */
const PARTITIONS = 4;
const TARGET_RATIO = 0.4;

const kafka = await findTestKafka();
if (!kafka) process.exit(1);
const { brokers } = kafka;
const loadBefore = load();
const bare = await bareLoop();
const streams = await kafkaStreams();
const product = await startProduct({ command: 'cluster', env: { CAIRN_KAFKA_BROKERS: brokers.join(',') } });
const sizes = { touchpoints, people: 5_000, companies: 1_000 };
const cold = await runPipeline(product, sizes);
const warm = await runPipeline(product, { ...sizes, firstNumber: touchpoints });
await product.dispose();
await kafka.stop();
const share = (part: number, whole: number): number => Number((part / whole).toFixed(2));
console.log(
  JSON.stringify({
    ...cold,
    warmAcceptedPerSecond: warm.acceptedPerSecond,
    warmAdvancedPerSecond: warm.advancedPerSecond,
    bareTwoStagePerSecond: bare,
    ratio: share(cold.advancedPerSecond, bare),
    ratioWarm: share(warm.advancedPerSecond, bare),
    targetRatio: TARGET_RATIO,
    kafkaStreamsColdPerSecond: streams?.coldPerSecond ?? null,
    kafkaStreamsWarmPerSecond: streams?.warmPerSecond ?? null,
    loadBefore,
    loadAfter: load(),
  }),
);

async function bareLoop(): Promise<number> {
  const prefix = `bench-${process.pid}-bare-`;
  const topics = ['from', 'between', 'to'] as const;
  const log = await createKafkaLog({
    brokers: [...brokers],
    clientId: 'bench',
    clock: systemClock,
    topicPrefix: prefix,
    topics: topics.map((name) => ({ name, partitions: PARTITIONS, cleanup: 'delete', retentionMs: null })),
  });
  await fill(log, 'from', { records: touchpoints, keys: 5_000 });
  const rate = await bareTwoStages({ brokers, log, prefix, topics, records: touchpoints });
  await log.close();
  return rate;
}

/** null where it cannot be built. */
async function kafkaStreams(): Promise<{ coldPerSecond: number; warmPerSecond: number } | null> {
  let classPath: string;
  try {
    classPath = await buildStreamsPeer();
  } catch (error) {
    console.error(`no Kafka Streams beside it: ${(error as Error).message}`);
    return null;
  }
  const site = await openStreamsSite(brokers, classPath, 'streams');
  const { peer, ...rates } = await measureStreams(site, touchpoints);
  await peer.stop();
  await site.close();
  return rates;
}
