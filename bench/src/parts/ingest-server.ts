import { createServer } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import { systemClock } from '@cairn/clock/clock.system.ts';
import { TOPICS } from '@cairn/contracts/topics.ts';
import { startIngest } from '@cairn/ingest/service.ts';
import type { Log } from '@cairn/log/log.ts';
import { createMemoryLog } from '@cairn/log/log.memory.ts';
import { hashToken, startControlMirror } from '@cairn/service-kit/control-mirror.ts';
import { createHttpFront } from '@cairn/service-kit/http-front.ts';
import { silentLogger } from '@cairn/service-kit/logger.ts';
import { createMetrics } from '@cairn/service-kit/metrics.ts';

/** The server of the ingest benchmark, a process of its own: `bare` parses the same JSON and answers; `ingest` is ours, on a log. */
const [kind, logKind = 'lmdb'] = process.argv.slice(2);
let cpu = process.cpuUsage();
process.on('message', (asked) => {
  if (asked === 'reset') cpu = process.cpuUsage();
  else {
    const { user, system } = process.cpuUsage(cpu);
    process.send!({ cpuMicros: user + system });
  }
});
const ANSWER = '{"success":true}';

if (kind === 'bare') {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      JSON.parse((chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)).toString());
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': ANSWER.length });
      response.end(ANSWER);
    });
  });
  server.listen(0, '127.0.0.1', () => process.send!({ port: (server.address() as AddressInfo).port }));
} else {
  const directory = await mkdtemp(join(tmpdir(), 'cairn-bench-ingest-'));
  const clock = systemClock;
  const log = await openLog(directory);
  const control = await startControlMirror(log, clock);
  await control.put({
    type: 'token.put',
    workspace: 'bench',
    id: 'tok_bench',
    name: 'bench',
    scopes: ['ingest'],
    hash: hashToken('bench'),
    createdAt: 0,
    expiresAt: null,
    writeKey: true,
  });
  const ports = { log, clock, control, logger: silentLogger(), metrics: createMetrics() };
  const ingest = await startIngest(ports, {});
  const front = createHttpFront({ host: '127.0.0.1', port: 0, services: [ingest], ...ports });
  const { port } = await front.listen();
  process.send!({ port });
  process.on('disconnect', () => {
    void rm(directory, { recursive: true, force: true }).then(() => process.exit(0));
  });
}

/** A memory log keeps all it is given: what is measured here is ingest, so its records are let go. */
async function openLog(directory: string): Promise<Log> {
  const topics = Object.values(TOPICS).map(({ name, cleanup, retentionMs, partitionsEmbedded }) => ({
    name,
    partitions: partitionsEmbedded,
    cleanup,
    retentionMs,
  }));
  if (logKind === 'lmdb') {
    const { createLmdbLog } = await import('@cairn/log/log.lmdb.ts');
    return createLmdbLog({ path: join(directory, 'log'), topics, clock: systemClock });
  }
  const memory = createMemoryLog({ topics, clock: systemClock });
  return {
    ...memory,
    append: async (records) => (records[0]?.topic === 'control' ? memory.append(records) : undefined),
  };
}
