import { Worker } from 'node:worker_threads';
import type { Product } from '@cairn/testkit/product.ts';

export interface PipelineFigures {
  touchpoints: number;
  acceptedPerSecond: number;
  /** Stitched, advanced and written to `journeys`, from the first request to the last record. */
  advancedPerSecond: number;
  secondsToAccept: number;
  secondsToAdvance: number;
}

/**
 * Sends everything as fast as it is taken (4 connections, batches of 100), then waits until the orchestrator has seen it all. For a
 * second run on the same product, `firstNumber` keeps the messageIds apart.
 */
export async function runPipeline(
  product: Product,
  options: { touchpoints: number; people: number; companies: number; firstNumber?: number },
): Promise<PipelineFigures> {
  const advanced = (): Promise<number> => metric(product, 'cairn_touchpoints_advanced_total');
  const before = await advanced();
  const startedAt = performance.now();
  const worker = new Worker(new URL('./pipeline-sender.ts', import.meta.url), {
    workerData: { url: product.first.url, writeKey: product.first.writeKey, firstNumber: 0, ...options },
  });
  const sent = await new Promise<{ seconds: number }>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  // Asked four times a second: the answer itself costs a few milliseconds of the process under test.
  for (;;) {
    if ((await advanced()) - before >= options.touchpoints) break;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  return {
    touchpoints: options.touchpoints,
    acceptedPerSecond: Math.round(options.touchpoints / sent.seconds),
    advancedPerSecond: Math.round(options.touchpoints / seconds),
    secondsToAccept: Number(sent.seconds.toFixed(2)),
    secondsToAdvance: Number(seconds.toFixed(2)),
  };
}

/** The sum of a metric over its labels. */
export async function metric(product: Product, name: string): Promise<number> {
  const text = await (await fetch(`${product.first.url}/metrics`)).text();
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
