/**
 * Webhooks delivered a second, every attempt durable, beside a bare undici loop that signs and posts the same bodies to the same
 * receiver in the same run; then how late they are at 500 a second.
 */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@cairn/clock/clock.system.ts';
import type { Endpoint } from '@cairn/contracts/generated/control.ts';
import { encodeJson } from '@cairn/contracts/json.ts';
import { TOPICS, TOPIC_NAMES, keyOf, partitionOf } from '@cairn/contracts/topics.ts';
import { createMemoryLog } from '@cairn/log/log.memory.ts';
import type { Log, NewRecord } from '@cairn/log/log.ts';
import { requestDeliveries } from '@cairn/orchestrator/core/deliver/request-delivery.ts';
import { parseSigningKey, signatureHeader, symmetricKeyText } from '@cairn/orchestrator/core/deliver/sign.ts';
import { webhookBody } from '@cairn/orchestrator/core/deliver/webhook-body.ts';
import { startDeliverer } from '@cairn/orchestrator/shell/deliver/deliverer.ts';
import { createSecretBox } from '@cairn/orchestrator/shell/deliver/secrets.ts';
import { startControlMirror } from '@cairn/service-kit/control-mirror.ts';
import { silentLogger } from '@cairn/service-kit/logger.ts';
import { createMetrics } from '@cairn/service-kit/metrics.ts';
import { Pool } from 'undici';

const DELIVERIES = 20_000;
const ENDPOINTS = 8;
const BARE_CONNECTIONS = 64;
const RATE = 500;
const RATE_SECONDS = 10;
const KEY = symmetricKeyText(Buffer.alloc(32, 7));
const SECRET_KEY = 'bench';

/** `memory` shows what the log costs. */
const logKind = process.argv[2] === 'memory' ? 'memory' : 'lmdb';

const receiver = fork(join(import.meta.dirname, 'parts/webhook-receiver.ts'), {
  stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
});
const { port } = await answer<{ port: number }>(receiver);
const hostPort = `127.0.0.1:${port}`;
const dataDir = mkdtempSync(join(tmpdir(), 'cairn-bench-deliver-'));
const log = await openLog();

const control = await startControlMirror(log, systemClock);
const ports = { log, clock: systemClock, logger: silentLogger(), metrics: createMetrics(), control };
const box = createSecretBox(SECRET_KEY);
const endpoints: Endpoint[] = Array.from({ length: ENDPOINTS }, (_, i) => ({
  id: `ep_${i}`,
  workspace: 'ws',
  url: `http://${hostPort}/hook`,
  types: ['*'],
  secrets: [{ key: box.seal(KEY, `ep_${i}`), scheme: 'v1', until: null }],
  preset: null,
  fifo: false,
  rateLimit: null,
  concurrency: 64,
  schedule: [5_000],
  state: 'enabled',
  disabledReason: null,
  headers: {},
  createdAt: 0,
  version: 1,
}));
await log.append(
  endpoints.map((endpoint) => inbox(endpoint.id, { type: 'endpoint.put', workspace: 'ws', endpoint, at: 0 })),
);
const deliverer = await startDeliverer(ports, { webhookAllow: [hostPort], retryScheduleMs: [], secretKey: SECRET_KEY });
await deliverer.task.ready();

await deliver('warm', 2_000);
await bare(2_000);
const bareBefore = await bare(DELIVERIES);
const delivered = await deliver('full', DELIVERIES);
const bareAfter = await bare(DELIVERIES);
const barePerSecond = (bareBefore.perSecond + bareAfter.perSecond) / 2;
const bareCpu = (bareBefore.cpuMicrosEach + bareAfter.cpuMicrosEach) / 2;

await latencies();
for (let n = 0; n < RATE * RATE_SECONDS; n += RATE / 50) {
  await log.append(requests(`paced_${n}`, RATE / 50, true));
  await systemClock.sleep(20);
}
await until(2_000 * 2 + DELIVERIES * 3 + RATE * RATE_SECONDS);
const paced = await latencies();

console.log(
  JSON.stringify({
    deliveredPerSecond: Math.round(delivered.perSecond),
    bareUndiciPerSecond: Math.round(barePerSecond),
    ratio: Number((delivered.perSecond / barePerSecond).toFixed(3)),
    target: 0.2,
    cpuMicrosEach: Math.round(delivered.cpuMicrosEach),
    bareCpuMicrosEach: Math.round(bareCpu),
    log: logKind,
    dueToSentMs: { ratePerSecond: RATE, p50: paced.p50, p99: paced.p99, max: paced.max, n: paced.n },
  }),
);
await deliverer.stop();
await control.stop();
await log.close();
receiver.disconnect();
rmSync(dataDir, { recursive: true, force: true });

/** A second on the clock for `count` deliveries, from the append to the last arrival. */
async function deliver(name: string, count: number): Promise<Measured> {
  const cpuBefore = process.cpuUsage();
  const before = await received();
  const startedAt = performance.now();
  for (let n = 0; n < count; n += 500) await log.append(requests(`${name}_${n}`, Math.min(500, count - n), false));
  await until(before + count);
  return measured(count, startedAt, cpuBefore);
}

async function bare(count: number): Promise<Measured> {
  const cpuBefore = process.cpuUsage();
  const pool = new Pool(`http://${hostPort}`, { connections: BARE_CONNECTIONS, pipelining: 1 });
  const [sample] = requestDeliveries(endpoints.slice(0, 1), fact('bare', false));
  const key = parseSigningKey(KEY);
  const startedAt = performance.now();
  let next = 0;
  async function work(): Promise<void> {
    while (next++ < count) {
      const body = Buffer.from(webhookBody(sample!));
      const timestamp = Math.floor(Date.now() / 1_000);
      const response = await pool.request({
        method: 'POST',
        path: '/hook',
        headers: {
          'content-type': 'application/json',
          'webhook-id': sample!.deliveryId,
          'webhook-timestamp': String(timestamp),
          'webhook-signature': signatureHeader([key], sample!.deliveryId, timestamp, body),
        },
        body,
      });
      await response.body.dump();
    }
  }
  await Promise.all(Array.from({ length: BARE_CONNECTIONS }, work));
  const result = measured(count, startedAt, cpuBefore);
  await pool.close();
  return result;
}

interface Measured {
  perSecond: number;
  /** Of this process, all threads: holds on a machine that is busy with other things, too. */
  cpuMicrosEach: number;
}

function measured(count: number, startedAt: number, cpuBefore: NodeJS.CpuUsage): Measured {
  const perSecond = (count * 1_000) / (performance.now() - startedAt);
  const cpu = process.cpuUsage(cpuBefore);
  return { perSecond, cpuMicrosEach: (cpu.user + cpu.system) / count };
}

function fact(factId: string, timed: boolean) {
  const data = {
    id: factId,
    kind: 'stall',
    reason: { text: 'x'.repeat(1_000) },
    ...(timed ? { dueAt: Date.now() } : {}),
  };
  return { workspace: 'ws', factId, type: 'alert.opened', at: Date.now(), journeyId: 'jrn_1', data };
}

function requests(name: string, count: number, timed: boolean): NewRecord[] {
  return Array.from({ length: count }, (_, i) => {
    const [request] = requestDeliveries([endpoints[i % ENDPOINTS]!], fact(`${name}_${i}`, timed));
    return inbox(request!.endpointId, request);
  });
}

function inbox(endpointId: string, value: unknown): NewRecord {
  const key = keyOf.endpoint('ws', endpointId);
  return {
    topic: 'delivery-inbox',
    partition: partitionOf(key, log.partitions('delivery-inbox')),
    key,
    value: encodeJson(value),
  };
}

async function openLog(): Promise<Log> {
  const topics = TOPIC_NAMES.map((name) => ({ ...TOPICS[name], partitions: TOPICS[name].partitionsEmbedded }));
  if (logKind === 'memory') return createMemoryLog({ topics, clock: systemClock });
  const { createLmdbLog } = await import('@cairn/log/log.lmdb.ts');
  return createLmdbLog({ topics, clock: systemClock, path: dataDir });
}

async function until(count: number): Promise<void> {
  while ((await received()) < count) await systemClock.sleep(20);
}
async function received(): Promise<number> {
  receiver.send('count');
  return (await answer<{ count: number }>(receiver)).count;
}
async function latencies(): Promise<{ n: number; p50: number; p99: number; max: number }> {
  receiver.send('latencies');
  return answer(receiver);
}
function answer<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve) => child.once('message', (message) => resolve(message as T)));
}
