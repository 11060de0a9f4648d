/** A million deliveries that wait: memory and disk each, idle cost, and a restart with them. `node bench/src/deliver-million.ts [COUNT]` */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@cairn/clock/clock.system.ts';
import type { Endpoint } from '@cairn/contracts/generated/control.ts';
import { encodeJson } from '@cairn/contracts/json.ts';
import { TOPICS, TOPIC_NAMES, keyOf } from '@cairn/contracts/topics.ts';
import { createLmdbLog } from '@cairn/log/log.lmdb.ts';
import { requestDeliveries } from '@cairn/orchestrator/core/deliver/request-delivery.ts';
import { startDeliverer } from '@cairn/orchestrator/shell/deliver/deliverer.ts';
import { startControlMirror } from '@cairn/service-kit/control-mirror.ts';
import { silentLogger } from '@cairn/service-kit/logger.ts';
import { createMetrics } from '@cairn/service-kit/metrics.ts';

const COUNT = Number(process.argv[2] ?? 1_000_000);
const ENDPOINTS = 100;
const BATCH = 1_000;
const WATCH_MS = 10_000;
/** Appended and not handled yet: bounds what waits in memory because it is still new. */
const AHEAD_MAX = 20_000;

const dataDir = mkdtempSync(join(tmpdir(), 'cairn-bench-million-'));
/** So slow that all but the first wait. */
const endpoints = Array.from({ length: ENDPOINTS }, (_, i): Endpoint => ({
  id: `ep_${i}`,
  workspace: 'ws',
  url: 'https://hooks.example.com/',
  types: ['*'],
  secrets: [],
  preset: null,
  fifo: false,
  rateLimit: 0.001,
  schedule: [86_400_000],
  state: 'enabled',
  disabledReason: null,
  headers: {},
  createdAt: 0,
  version: 1,
}));

async function start() {
  const topics = TOPIC_NAMES.map((name) => ({ ...TOPICS[name], partitions: TOPICS[name].partitionsEmbedded }));
  const log = await createLmdbLog({ topics, clock: systemClock, path: join(dataDir, 'log') });
  const control = await startControlMirror(log, systemClock);
  const ports = { log, clock: systemClock, logger: silentLogger(), metrics: createMetrics(), control };
  const config = { webhookAllow: [], retryScheduleMs: [], secretKey: 'bench', dataDir };
  const deliverer = await startDeliverer(ports, config, {}, { resolve: () => Promise.reject(new Error('no name')) });
  await deliverer.task.ready();
  const stop = async (): Promise<void> => {
    await deliverer.stop();
    await control.stop();
    await log.close();
  };
  return { log, deliverer, stop };
}

const waiting = async (deliverer: Awaited<ReturnType<typeof start>>['deliverer']): Promise<number> =>
  (await deliverer.task.status()).reduce((sum, partition) => sum + partition.backlog, 0);
const memory = (): number => {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};
const inbox = (endpointId: string, value: unknown) => ({
  topic: 'delivery-inbox',
  partition: 0,
  key: keyOf.endpoint('ws', endpointId),
  value: encodeJson(value),
});

let running = await start();
await running.log.append(
  endpoints.map((endpoint) => inbox(endpoint.id, { type: 'endpoint.put', workspace: 'ws', endpoint, at: 0 })),
);
const before = memory();
const startedAt = performance.now();
for (let n = 0; n < COUNT; n += BATCH) {
  await running.log.append(
    Array.from({ length: BATCH }, (_, i) => {
      const data = {
        id: `alr_${n + i}`,
        kind: 'stall',
        reason: { text: 'No reply for 6 business days; 2.1 is normal here' },
      };
      const fact = {
        workspace: 'ws',
        factId: `fact_${n + i}`,
        type: 'alert.opened',
        at: 0,
        journeyId: `jrn_${n + i}`,
        data,
      };
      return inbox(`ep_${i % ENDPOINTS}`, requestDeliveries([endpoints[i % ENDPOINTS]!], fact)[0]);
    }),
  );
  while ((await waiting(running.deliverer)) > AHEAD_MAX) await systemClock.sleep(10);
}
while ((await waiting(running.deliverer)) > 0) await systemClock.sleep(50);
const perSecond = Math.round((COUNT * 1_000) / (performance.now() - startedAt));
await systemClock.sleep(2_000);
const bytesEach = (memory() - before) / COUNT;

const cpu = process.cpuUsage();
await systemClock.sleep(WATCH_MS);
const spent = process.cpuUsage(cpu);
const idleCoreShare = (spent.user + spent.system) / 1_000 / WATCH_MS;
await running.stop();

const restartedAt = performance.now();
running = await start();
const restartMs = Math.round(performance.now() - restartedAt);
const restartedBytesEach = memory() / COUNT;
await running.stop();

const disk = readdirSync(dataDir, { recursive: true })
  .map((name) => statSync(join(dataDir, String(name))))
  .reduce((sum, file) => sum + (file.isFile() ? file.blocks * 512 : 0), 0);
console.log(
  JSON.stringify({
    pending: COUNT,
    takenPerSecond: perSecond,
    memoryBytesEach: Math.round(bytesEach),
    memoryBytesEachAfterRestart: Math.round(restartedBytesEach),
    target: { memoryBytesEach: 600, restartMs: 30_000 },
    idleCoreShare: Number(idleCoreShare.toFixed(4)),
    restartMs,
    diskBytesEach: Math.round(disk / COUNT),
  }),
);
rmSync(dataDir, { recursive: true, force: true });
