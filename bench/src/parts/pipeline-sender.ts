/** The load: in a thread of its own, so that it does not share the reader's. Bodies are made beforehand. */
import { Agent, request } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';

const { url, writeKey, touchpoints, people, companies, firstNumber } = workerData as {
  url: string;
  writeKey: string;
  touchpoints: number;
  people: number;
  companies: number;
  firstNumber: number;
};
const BATCH = 100;
/** As many as the ingest benchmark's. */
const CONNECTIONS = 16;
const EVENTS = ['Page Viewed', 'Page Viewed', 'Page Viewed', 'Email Opened', 'Webinar Attended', 'Demo Requested'];

const bodies: Buffer[] = [];
for (let start = firstNumber; start < firstNumber + touchpoints; start += BATCH) {
  const batch = Array.from({ length: BATCH }, (_, index) => {
    const number = start + index;
    const person = number % people;
    return {
      type: 'track',
      messageId: `bench-${number}`,
      userId: `user-${person}`,
      event: EVENTS[number % EVENTS.length],
      timestamp: new Date().toISOString(),
      properties: { path: `/page/${number % 50}`, position: number },
      context: {
        groupId: `company-${person % companies}`,
        page: { path: '/pricing', title: 'Pricing' },
        userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36',
      },
    };
  });
  bodies.push(Buffer.from(JSON.stringify({ batch })));
}

const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
const authorization = `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}`;
let next = 0;

function post(body: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const sending = request(
      `${url}/v1/batch`,
      {
        method: 'POST',
        agent,
        headers: { 'content-type': 'application/json', 'content-length': body.length, authorization },
      },
      (answer) => {
        answer.resume();
        answer.on('end', () => resolve(answer.statusCode ?? 0));
      },
    );
    sending.on('error', reject);
    sending.end(body);
  });
}

async function connection(): Promise<void> {
  while (next < bodies.length) {
    const body = bodies[next++]!;
    for (;;) {
      const status = await post(body);
      if (status === 200) break;
      if (status !== 429 && status !== 503) throw new Error(`answered ${status}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

const startedAt = performance.now();
await Promise.all(Array.from({ length: CONNECTIONS }, connection));
parentPort!.postMessage({ seconds: (performance.now() - startedAt) / 1_000 });
