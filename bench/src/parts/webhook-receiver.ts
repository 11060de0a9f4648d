/** A receiver of webhooks in a process of its own: answers 204 to everything and says, when asked, how many came and how late. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

let count = 0;
let latencies: number[] = [];

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    count++;
    const due = /"dueAt":(\d+)/.exec(Buffer.concat(chunks).toString('latin1'));
    if (due) latencies.push(Date.now() - Number(due[1]));
    response.writeHead(204).end();
  });
});
server.listen(0, '127.0.0.1', () => process.send!({ port: (server.address() as AddressInfo).port }));
process.on('message', (asked) => {
  if (asked === 'count') process.send!({ count });
  if (asked === 'latencies') {
    latencies.sort((a, b) => a - b);
    const at = (share: number): number =>
      latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
    process.send!({ n: latencies.length, p50: at(0.5), p99: at(0.99), max: latencies.at(-1) ?? 0 });
    latencies = [];
  }
});
process.on('disconnect', () => process.exit(0));
