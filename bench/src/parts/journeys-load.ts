import { Readable } from 'node:stream';
import type { Product } from '@cairn/testkit/product.ts';
import { createFeedClient } from '@cairn/feed-client/feed-client.ts';
import { metric } from './pipeline-load.ts';
import { percentiles, type Percentiles } from './percentiles.ts';

/** Many open journeys, each with a stall timer a month away; then some that are due soon. */
export const DEFINITION = `
cairn: journey-definition/1
name: open-journeys
unit: person
stages:
  - name: lead
    enter: { event: Signed Up }
    stall: { after: 30 days }
  - name: trial
    enter: { event: Trial Started }
    stall: { after: 10 seconds }
`;
const STALL_MS = 10_000;

const ROWS_PER_CHUNK = 1_000;
const ASK_EVERY_MS = 1_000;
const NOTE_EVERY_MS = 10_000;
/** A pipeline that does not move for so long is stuck. */
const STUCK_MS = 60_000;

/** One touchpoint each of so many people, through `POST /v1/import`; resolves when the last one's journey stands. */
export async function openJourneys(
  product: Product,
  journeys: number,
): Promise<{ admitSeconds: number; loadSeconds: number }> {
  const startedAt = performance.now();
  const seconds = (): number => Number(((performance.now() - startedAt) / 1_000).toFixed(1));
  const answer = await fetch(`${product.first.url}/v1/import?format=jsonl&source=bench`, {
    method: 'POST',
    headers: { authorization: authorization(product) },
    body: Readable.toWeb(Readable.from(rows(journeys))) as ReadableStream,
    duplex: 'half',
  } as RequestInit);
  const counts = (await answer.json()) as { admitted?: number };
  if (counts.admitted !== journeys) throw new Error(`the import answered ${answer.status} ${JSON.stringify(counts)}`);
  const admitSeconds = seconds();
  console.error(`${journeys} admitted after ${admitSeconds} s`);
  let [before, movedAt, notedAt] = [-1, performance.now(), performance.now()];
  for (;;) {
    const advanced = await metric(product, 'cairn_touchpoints_advanced_total');
    if (advanced >= journeys) break;
    if (advanced > before) [before, movedAt] = [advanced, performance.now()];
    else if (performance.now() - movedAt > STUCK_MS) throw new Error(`stuck at ${advanced} journeys`);
    if (performance.now() - notedAt > NOTE_EVERY_MS) {
      notedAt = performance.now();
      console.error(`${advanced} of ${journeys} journeys after ${seconds()} s`);
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
  return { admitSeconds, loadSeconds: seconds() };
}

function* rows(journeys: number): Generator<Buffer> {
  for (let start = 0; start < journeys; start += ROWS_PER_CHUNK) {
    let chunk = '';
    for (let number = start; number < Math.min(start + ROWS_PER_CHUNK, journeys); number++)
      chunk += `${JSON.stringify(touchpoint(number, 'Signed Up'))}\n`;
    yield Buffer.from(chunk);
  }
}

function touchpoint(number: number, event: string): Record<string, string> {
  return {
    type: 'track',
    userId: `user-${number}`,
    messageId: `${event}-${number}`,
    event,
    timestamp: new Date().toISOString(),
  };
}

const authorization = (product: Product): string =>
  `Basic ${Buffer.from(`${product.first.writeKey}:`).toString('base64')}`;

/** The 1,000 that are due soon come at this rate, so that they are due one after the other, too. */
const DUE_PER_BATCH = 10;
const BATCH_EVERY_MS = 100;
const PATIENCE_MS = 60_000;

/**
 * Lets so many of the open journeys enter a stage whose stall is 10 s away, and waits for their alerts on the feed. Lateness is from
 * the moment that is due by the touchpoint's own timestamp until the frame is here: admission, the tick and the feed are in it.
 */
export async function alertLateness(
  product: Product,
  journeys: number,
  alerts: number,
): Promise<{ alerts: number; missing: number; early: number } & Percentiles> {
  const late: number[] = [];
  const complete = Promise.withResolvers<void>();
  const feed = createFeedClient({
    url: `${product.first.url.replace('http', 'ws')}/live`,
    token: product.first.adminToken,
  });
  const subscribed = Promise.withResolvers<void>();
  feed.subscribe('alerts', {
    onSnapshot: () => subscribed.resolve(),
    onRefused: ({ message }) => subscribed.reject(new Error(message)),
    onMessage({ type, data }) {
      if (type !== 'alert.opened') return;
      const { reason } = data as { reason: { lastTouchpoints: { timestamp: string }[] } };
      late.push(Date.now() - (Date.parse(reason.lastTouchpoints[0]!.timestamp) + STALL_MS));
      if (late.length === alerts) complete.resolve();
    },
  });
  await subscribed.promise;
  const step = Math.floor(journeys / alerts);
  for (let sent = 0; sent < alerts; sent += DUE_PER_BATCH) {
    const size = Math.min(DUE_PER_BATCH, alerts - sent);
    const batch = Array.from({ length: size }, (_, index) => touchpoint((sent + index) * step, 'Trial Started'));
    const answer = await fetch(`${product.first.url}/v1/batch`, {
      method: 'POST',
      headers: { authorization: authorization(product), 'content-type': 'application/json' },
      body: JSON.stringify({ batch }),
    });
    if (!answer.ok) throw new Error(`a batch was answered with ${answer.status}`);
    await new Promise((resolve) => setTimeout(resolve, BATCH_EVERY_MS));
  }
  const patience = setTimeout(() => complete.resolve(), STALL_MS + PATIENCE_MS);
  await complete.promise;
  clearTimeout(patience);
  feed.close();
  return {
    alerts: late.length,
    missing: alerts - late.length,
    early: late.filter((milliseconds) => milliseconds < 0).length,
    ...percentiles(late),
  };
}
