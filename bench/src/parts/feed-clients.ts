import { WebSocket } from 'ws';

/** The readers of the feed benchmark, a process of its own: connects, subscribes, counts. A few of them look into what they get. */
export interface ClientsOptions {
  port: number;
  sockets: number;
  channel: string | null;
}

/** Every 50th reader parses and measures; the others only count, so that the readers are not what is measured. */
const LOOKS_EVERY = 50;
const AT_ONCE = 100;
const NEWLINE = 10;
let frames = 0;
let bytes = 0;
let closed = 0;
let latencies: number[] = [];

function one(options: ClientsOptions, index: number): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const ws = new WebSocket(`ws://127.0.0.1:${options.port}/live`, ['cairn.v1'], { perMessageDeflate: false });
    const looks = index % LOOKS_EVERY === 0;
    let replies = 0;
    ws.on('error', reject);
    ws.on('close', () => closed++);
    ws.on('open', () => {
      ws.send('{"id":1,"method":"authenticate","params":{"token":"bench"}}');
      if (options.channel)
        ws.send(JSON.stringify({ id: 2, method: 'subscribe', params: { channel: options.channel } }));
    });
    ws.on('message', (data: Buffer) => {
      if (replies < (options.channel ? 2 : 1)) {
        replies++;
        if (replies === (options.channel ? 2 : 1)) resolve(ws);
        return;
      }
      bytes += data.length;
      frames++;
      for (let at = data.indexOf(NEWLINE); at >= 0; at = data.indexOf(NEWLINE, at + 1)) frames++;
      if (!looks) return;
      const now = performance.timeOrigin + performance.now();
      for (const match of data.toString('latin1').matchAll(/"sentMs":([\d.]+)/g))
        latencies.push(now - Number(match[1]));
    });
  });
}

async function connect(options: ClientsOptions): Promise<void> {
  const from = performance.now();
  for (let index = 0; index < options.sockets; index += AT_ONCE)
    await Promise.all(
      Array.from({ length: Math.min(AT_ONCE, options.sockets - index) }, (_, i) => one(options, index + i)),
    );
  process.send!({ connected: options.sockets, ms: performance.now() - from });
}

process.on('message', (asked: ClientsOptions | 'report') => {
  if (asked !== 'report') return void connect(asked);
  latencies.sort((a, b) => a - b);
  const at = (share: number): number => Number((latencies[Math.floor(latencies.length * share)] ?? 0).toFixed(1));
  process.send!({
    frames,
    bytes,
    closed,
    looked: latencies.length,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    maxMs: at(0.99999),
  });
  frames = bytes = 0;
  latencies = [];
});
