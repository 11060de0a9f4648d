import { Agent, request } from 'node:http';
import type { Product } from '@cairn/testkit/product.ts';
import { createFeedClient, type FeedClientOptions } from '@cairn/feed-client/feed-client.ts';
import { WebSocket } from 'ws';
import { percentiles } from './percentiles.ts';

/**
 * From the POST of a touchpoint to the frame that shows it: single posts at a steady rate, as they are due (a slow answer holds none
 * back), and one reader of the board. The accounts come in turn, so that the n-th touchpoint of one is told by `touchpoints`: n in its
 * frame; a frame that conflates several answers all of them.
 */
export interface PostToFrame {
  posted: number;
  refused: number;
  /** Posts that no frame showed within the patience. */
  unseen: number;
  p50Ms: number | null;
  p99Ms: number | null;
  maxMs: number | null;
  /** Until the 200. */
  answerP50Ms: number | null;
  answerP99Ms: number | null;
}

export interface PostToFrameOptions {
  perSecond: number;
  seconds: number;
  /** At the same rate, before; not counted. */
  warmUpSeconds: number;
}

const ACCOUNTS = 200;
const TICK_MS = 1;
const PATIENCE_MS = 10_000;
const CONNECTIONS = 64;

export async function measurePostToFrame(product: Product, options: PostToFrameOptions): Promise<PostToFrame> {
  const { perSecond, seconds, warmUpSeconds } = options;
  const { url, adminToken, writeKey } = product.first;
  const first = perSecond * warmUpSeconds;
  const total = first + perSecond * seconds;
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const authorization = `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}`;
  const run = `frame-${process.pid}`;
  const sentAt: number[] = [];
  const shownAt: number[] = [];
  const answeredAt: number[] = [];
  /** Of each account, the numbers of its posts that were shown already. */
  const shown = new Map<string, number>();
  let refused = 0;
  let left = total;
  const complete = Promise.withResolvers<void>();

  const feed = createFeedClient({
    url: `${url.replace('http', 'ws')}/live`,
    token: adminToken,
    WebSocket: WebSocket as unknown as NonNullable<FeedClientOptions['WebSocket']>,
  });
  const subscribed = Promise.withResolvers<void>();
  feed.subscribe('board', {
    onSnapshot: () => subscribed.resolve(),
    onRefused: ({ message }) => subscribed.reject(new Error(message)),
    onMessage({ data }) {
      const now = performance.now();
      const { name, touchpoints } = data as { name: string; touchpoints: number };
      // A journey of an account that was only ever named by its id has that as its name.
      const [mine, index] = name.split('/');
      if (mine !== run || index === undefined) return;
      for (let count = shown.get(index) ?? 0; count < touchpoints; count++) {
        shownAt[count * ACCOUNTS + Number(index)] = now;
        if (--left === 0) complete.resolve();
      }
      shown.set(index, Math.max(touchpoints, shown.get(index) ?? 0));
    },
  });
  await subscribed.promise;

  function post(number: number): void {
    const body = JSON.stringify({
      type: 'track',
      messageId: `${run}-${number}`,
      userId: `${run}-user-${number % ACCOUNTS}`,
      event: 'Page Viewed',
      timestamp: new Date().toISOString(),
      properties: { path: '/pricing' },
      context: { groupId: `${run}/${number % ACCOUNTS}` },
    });
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), authorization };
    sentAt[number] = performance.now();
    const sending = request(`${url}/v1/track`, { method: 'POST', agent, headers }, (answer) => {
      answer.resume();
      answer.on('end', () => {
        answeredAt[number] = performance.now();
        if (answer.statusCode !== 200) refused++;
      });
    });
    sending.on('error', () => refused++);
    sending.end(body);
  }

  const from = performance.now();
  for (let sent = 0; sent < total;) {
    const due = Math.min(total, Math.floor(((performance.now() - from) / 1_000) * perSecond));
    while (sent < due) post(sent++);
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  const patience = setTimeout(() => complete.resolve(), PATIENCE_MS);
  await complete.promise;
  clearTimeout(patience);
  feed.close();
  agent.destroy();

  const measured = Array.from({ length: total - first }, (_, index) => first + index);
  const since = (ends: readonly number[]): number[] =>
    measured.flatMap((number) => (ends[number] === undefined ? [] : [ends[number] - sentAt[number]!]));
  const took = since(shownAt);
  const answers = percentiles(since(answeredAt));
  return {
    posted: measured.length,
    refused,
    unseen: measured.length - took.length,
    ...percentiles(took),
    answerP50Ms: answers.p50Ms,
    answerP99Ms: answers.p99Ms,
  };
}
