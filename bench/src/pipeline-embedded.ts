/**
 * Embedded, the whole product running: accepted (durable) touchpoints a second in batches of 100, and how many a second come out of
 * the orchestrator, until all have. Beside it a bare `node:http` server that only parses the same JSON, in the same run.
 */
import { runPipeline } from './parts/pipeline-load.ts';
import { startProduct } from '@cairn/testkit/product.ts';

const product = await startProduct();
try {
  console.log(JSON.stringify(await runPipeline(product, { touchpoints: 200_000, people: 5_000, companies: 1_000 })));
} finally {
  await product.dispose();
}
