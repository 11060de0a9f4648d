/**
 * Embedded, the whole product running: accepted (durable) touchpoints a second in batches of 100, and how many a second come out of
 * the orchestrator, until all have. Beside it a bare `node:http` server that only parses the same JSON, in the same run.
 */
import { measure } from './ingest.ts';
import { load } from './parts/machine.ts';
import { runPipeline } from './parts/pipeline-load.ts';
import { startProduct } from '@cairn/testkit/product.ts';

const SIZES = { touchpoints: 200_000, people: 5_000, companies: 1_000 };
const loadBefore = load();
const bare = await measure(['bare'], 'batchesOf100');
const product = await startProduct();
try {
  const cold = await runPipeline(product, SIZES);
  const warm = await runPipeline(product, { ...SIZES, firstNumber: SIZES.touchpoints });
  const ratio = ({ acceptedPerSecond }: typeof cold): number => Number((acceptedPerSecond / bare.perSecond).toFixed(3));
  console.log(
    JSON.stringify({
      ...cold,
      warmAcceptedPerSecond: warm.acceptedPerSecond,
      warmAdvancedPerSecond: warm.advancedPerSecond,
      barePerSecond: bare.perSecond,
      acceptedRatio: ratio(cold),
      acceptedRatioWarm: ratio(warm),
      targetAcceptedRatio: 0.1,
      targetAdvancedPerSecond: 15_000,
      loadBefore,
      loadAfter: load(),
    }),
  );
} finally {
  await product.dispose();
}
