import { connect, type Socket } from 'node:net';

/**
 * The load generator of the ingest benchmark, a process of its own: keeps a number of connections busy, each with one request at a
 * time, speaking HTTP by hand so that it costs less than the server it measures. Every messageId is new.
 */
export interface LoadOptions {
  port: number;
  path: string;
  connections: number;
  /** Items per request; 1 sends single calls. */
  items: number;
  warmUpMs: number;
  measureMs: number;
}

export interface LoadResult {
  requests: number;
  /** Accepted while measuring. */
  items: number;
  /** Sent and answered from the start, warm-up included. */
  total: number;
  failed: number;
  seconds: number;
  p50Ms: number;
  p99Ms: number;
}

const DIGITS = 12;
const COUNTER = '#'.repeat(DIGITS);

function item(index: number): string {
  return JSON.stringify({
    type: 'track',
    event: index % 3 ? 'Page Viewed' : 'Feature Used',
    userId: `user-${(index * 7919) % 10_000}`,
    messageId: `bench-${process.pid}-${COUNTER}`,
    timestamp: '2026-01-31T12:00:00.000Z',
    properties: { path: `/pricing/${index % 50}`, seats: index % 200, plan: 'team' },
    context: { library: { name: 'analytics-node', version: '3.1.0' }, groupId: `account-${index % 500}` },
  });
}

/** One request, and where its counters stand. */
function template(options: LoadOptions): { bytes: Buffer; counters: number[] } {
  const items = Array.from({ length: options.items }, (_, i) => item(i));
  const body = options.items === 1 ? items[0]! : `{"batch":[${items.join(',')}],"sentAt":"2026-01-31T12:00:00.000Z"}`;
  const head = `POST ${options.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic ${btoa('bench:')}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
  const bytes = Buffer.from(head + body);
  const counters: number[] = [];
  for (let at = bytes.indexOf(COUNTER); at >= 0; at = bytes.indexOf(COUNTER, at + DIGITS)) counters.push(at);
  return { bytes, counters };
}

let next = 0;
function number(bytes: Buffer, counters: readonly number[]): void {
  for (const at of counters) {
    let rest = next++;
    for (let i = at + DIGITS - 1; i >= at; i--) {
      bytes[i] = 48 + (rest % 10);
      rest = Math.floor(rest / 10);
    }
  }
}

async function run(options: LoadOptions): Promise<LoadResult> {
  let measuring = false;
  let stopped = false;
  let requests = 0;
  let answered = 0;
  let failed = 0;
  const latencies: number[] = [];

  function keepBusy(socket: Socket): void {
    const { bytes, counters } = template(options);
    let text = '';
    let sentAt = 0;
    function send(): void {
      if (stopped) return void socket.destroy();
      number(bytes, counters);
      sentAt = performance.now();
      socket.write(bytes);
    }
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
      if (text.length < end + 4 + length) return;
      answered++;
      if (measuring) {
        requests++;
        if (!text.startsWith('HTTP/1.1 200')) failed++;
        latencies.push(performance.now() - sentAt);
      }
      text = '';
      send();
    });
    socket.on('error', () => {
      if (!stopped) failed++;
    });
    socket.on('connect', send);
  }
  for (let i = 0; i < options.connections; i++)
    keepBusy(connect({ port: options.port, host: '127.0.0.1', noDelay: true }));
  await new Promise((resolve) => setTimeout(resolve, options.warmUpMs));
  measuring = true;
  const startedAt = performance.now();
  await new Promise((resolve) => setTimeout(resolve, options.measureMs));
  measuring = false;
  stopped = true;
  const seconds = (performance.now() - startedAt) / 1000;
  latencies.sort((a, b) => a - b);
  const at = (share: number): number => Number((latencies[Math.floor(latencies.length * share)] ?? 0).toFixed(2));
  const total = answered * options.items;
  return {
    requests,
    items: (requests - failed) * options.items,
    total,
    failed,
    seconds,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  };
}

process.on('message', (options: LoadOptions) => {
  void run(options).then((result) => process.send!(result, () => process.exit(0)));
});
