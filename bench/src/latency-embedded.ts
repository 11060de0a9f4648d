/**
 * Embedded, the product running: from the POST of a touchpoint to the frame on the board, at 200 touchpoints/s for 30 s.
 *
 *   node bench/src/latency-embedded.ts [--seconds 30] [--rate 200]
 */
import { parseArgs } from 'node:util';
import { startProduct } from '@cairn/testkit/product.ts';
import { load } from './parts/machine.ts';
import { measurePostToFrame } from './parts/post-to-frame.ts';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '30' }, rate: { type: 'string', default: '200' } },
});
const TARGET_P99_MS = 50;

const loadBefore = load();
const product = await startProduct();
try {
  const options = { perSecond: Number(values.rate), seconds: Number(values.seconds), warmUpSeconds: 10 };
  const figures = await measurePostToFrame(product, options);
  console.log(JSON.stringify({ ...options, ...figures, targetP99Ms: TARGET_P99_MS, loadBefore, loadAfter: load() }));
} finally {
  await product.dispose();
}
