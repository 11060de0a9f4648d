/**
 * Cluster mode on a local broker, the product running: from the POST of a touchpoint to the frame on the board, at 200 touchpoints/s for 30 s.
 *
 *   node bench/src/latency-kafka.ts [--seconds 30] [--rate 200]      (broker: CAIRN_TEST_KAFKA_BROKERS, Docker, or Java)
 */
import { parseArgs } from 'node:util';
import { findTestKafka } from '@cairn/testkit/kafka-broker.ts';
import { startProduct } from '@cairn/testkit/product.ts';
import { load } from './parts/machine.ts';
import { measurePostToFrame } from './parts/post-to-frame.ts';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '30' }, rate: { type: 'string', default: '200' } },
});
const TARGET_P99_MS = 250;

const kafka = await findTestKafka();
if (!kafka) process.exit(1);
const loadBefore = load();
const product = await startProduct({ command: 'cluster', env: { CAIRN_KAFKA_BROKERS: kafka.brokers.join(',') } });
try {
  const options = { perSecond: Number(values.rate), seconds: Number(values.seconds), warmUpSeconds: 10 };
  const figures = await measurePostToFrame(product, options);
  console.log(JSON.stringify({ ...options, ...figures, targetP99Ms: TARGET_P99_MS, loadBefore, loadAfter: load() }));
} finally {
  await product.dispose();
  await kafka.stop();
}
