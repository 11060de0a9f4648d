import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocketServer } from 'ws';
import { systemClock } from '@cairn/clock/clock.system.ts';
import type { JourneyChanged } from '@cairn/contracts/generated/journey.ts';
import { encodeJson } from '@cairn/contracts/json.ts';
import { TOPICS, keyOf, partitionOf } from '@cairn/contracts/topics.ts';
import { liveFeedConfig } from '@cairn/live-feed/config.ts';
import { startLiveFeed } from '@cairn/live-feed/service.ts';
import { journey, journeyChanged, touchpoint } from '@cairn/live-feed/testkit/facts.ts';
import type { NewRecord } from '@cairn/log/log.ts';
import { createMemoryLog } from '@cairn/log/log.memory.ts';
import { hashToken, startControlMirror } from '@cairn/service-kit/control-mirror.ts';
import { createHttpFront } from '@cairn/service-kit/http-front.ts';
import { silentLogger } from '@cairn/service-kit/logger.ts';
import { createMetrics } from '@cairn/service-kit/metrics.ts';

/**
 * The server of the feed benchmark, a process of its own. `bare`: `ws` alone. `feed`: live-feed on a memory log, with a first load of changes
 * that is read before it listens (argument 3). Asked over IPC for its memory, its CPU time, and to publish changes at a rate.
 */
const [kind, load = '0', journeys = '1000'] = process.argv.slice(2);
export type Asked = { ask: 'memory' } | { ask: 'cpu' } | { ask: 'publish'; perSecond: number; seconds: number };

const PARTITIONS = 2;
/** About what a B2B journey weighs: 2 KB with its touchpoint. */
const PEOPLE = 3;
let published = 0;
const seqs = new Map<number, number>();

function change(n: number): NewRecord {
  const subject = `acc_${n}`;
  const seq = (seqs.get(n) ?? 0) + 1;
  seqs.set(n, seq);
  const one = journey('bench', subject, {
    seq,
    nextBestAction: { sentMs: performance.timeOrigin + performance.now() },
  });
  const people = Array.from({ length: PEOPLE }, (_, i) => ({ ...one.people[0]!, id: `per_${n}_${i}` }));
  const reasons = ['pricing page', 'any touch', 'ICP size', 'webinar'].map((name) => ({
    name,
    points: 5,
    touchpointId: `tp_${seq}`,
  }));
  const fact: JourneyChanged = journeyChanged(
    { ...one, people, score: { ...one.score, reasons } },
    {
      at: Date.now(),
      touchpoint: touchpoint(`tp_${n}_${seq}`, { properties: { path: '/pricing/team', seats: 20, plan: 'team' } }),
    },
  );
  const key = keyOf.subject('bench', subject);
  return {
    topic: 'journeys',
    partition: partitionOf(key, PARTITIONS),
    key: `${key}/b2b-sales`,
    value: encodeJson(fact),
  };
}

async function publish(
  append: (records: NewRecord[]) => Promise<void>,
  perSecond: number,
  seconds: number,
): Promise<void> {
  const from = performance.now();
  for (let sent = 0; sent < perSecond * seconds;) {
    const due = Math.min(perSecond * seconds, Math.floor(((performance.now() - from) / 1_000) * perSecond));
    for (; sent < due; sent++) await append([change(published++ % Number(journeys))]);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

let append: (records: NewRecord[]) => Promise<void> = async () => {};
let cpu = process.cpuUsage();
process.on('message', (asked: Asked) => {
  if (asked.ask === 'memory') {
    for (let i = 0; i < 4; i++) globalThis.gc!();
    const { rss, heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage();
    process.send!({ rss, heapUsed, heapTotal, external, arrayBuffers });
  } else if (asked.ask === 'cpu') {
    const { user, system } = process.cpuUsage(cpu);
    cpu = process.cpuUsage();
    process.send!({ cpuMs: (user + system) / 1_000 });
  } else
    void publish(append, asked.perSecond, asked.seconds).then(() =>
      process.send!({ published: asked.perSecond * asked.seconds }),
    );
});

if (kind === 'bare') {
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, clientTracking: false });
  const server = createServer();
  server.on('upgrade', (request, socket, head) =>
    sockets.handleUpgrade(request, socket, head, (ws) =>
      ws.on('message', (data: Buffer) => {
        const { id } = JSON.parse(data.toString()) as { id: number };
        ws.send(JSON.stringify({ id, result: {} }));
      }),
    ),
  );
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1_024 }, () =>
    process.send!({ port: (server.address() as AddressInfo).port }),
  );
} else {
  const directory = await mkdtemp(join(tmpdir(), 'cairn-bench-feed-'));
  const clock = systemClock;
  const topics = Object.values(TOPICS).map(({ name, cleanup, retentionMs, minCompactionLagMs }) => ({
    name,
    partitions: name === 'control' ? 1 : PARTITIONS,
    cleanup,
    retentionMs,
    ...(minCompactionLagMs === undefined ? {} : { minCompactionLagMs }),
  }));
  const log = createMemoryLog({ topics, clock });
  append = (records) => log.append(records);
  const control = await startControlMirror(log, clock);
  await control.put({
    type: 'token.put',
    workspace: 'bench',
    id: 'tok_bench',
    name: 'bench',
    scopes: ['read'],
    hash: hashToken('bench'),
    createdAt: 0,
    expiresAt: null,
    writeKey: false,
  });
  let bytes = 0;
  for (let n = 0; n < Number(load); n++) {
    const record = change(n % Number(journeys));
    bytes += record.value!.length;
    await log.append([record]);
  }
  cpu = process.cpuUsage();
  const from = performance.now();
  const ports = { log, clock, control, logger: silentLogger(), metrics: createMetrics() };
  const feed = await startLiveFeed(ports, { ...liveFeedConfig(directory), acceptPerSecond: 100_000 });
  while (!(await feed.ready())) await new Promise((resolve) => setTimeout(resolve, 1));
  const readMs = performance.now() - from;
  const { user, system } = process.cpuUsage(cpu);
  const front = createHttpFront({ host: '127.0.0.1', port: 0, services: [feed], ...ports });
  const { port } = await front.listen();
  process.send!({
    port,
    readMs,
    readCpuMs: (user + system) / 1_000,
    bytesPerChange: Number(load) ? bytes / Number(load) : 0,
  });
  process.on('disconnect', () => {
    void rm(directory, { recursive: true, force: true }).then(() => process.exit(0));
  });
}
