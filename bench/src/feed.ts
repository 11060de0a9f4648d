/**
 * The live feed: how fast it reads and keeps changes (beside parsing the same bytes), what an idle reader costs (beside bare `ws`), and how late a frame is
 * for 1,000 readers of a board at 200 changes a second. One JSON line each.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { encodeJson, decodeJson } from '@cairn/contracts/json.ts';
import { journey, journeyChanged, touchpoint } from '@cairn/live-feed/testkit/facts.ts';
import type { ClientsOptions } from './parts/feed-clients.ts';
import type { Asked } from './parts/feed-server.ts';

const parts = join(import.meta.dirname, 'parts');
const CHANGES = Number(process.env.FEED_CHANGES ?? 60_000);
const JOURNEYS = 5_000;
const SOCKETS = Number(process.env.FEED_SOCKETS ?? 8_000);
const READERS = 1_000;
const RATE = 200;
const SECONDS = 10;

const only = process.argv[2];
if (!only || only === 'read') await reading();
if (!only || only === 'idle') await idle();
if (!only || only === 'fan') await fanOut();

async function reading(): Promise<void> {
  const server = start('feed-server', 'feed', String(CHANGES), String(JOURNEYS));
  const { readMs, readCpuMs, bytesPerChange } = await answer<{
    readMs: number;
    readCpuMs: number;
    bytesPerChange: number;
  }>(server);
  server.disconnect();
  const bytes = encodeJson(journeyChanged(journey('bench', 'a'), { touchpoint: touchpoint('t') }));
  const times = Math.round((bytesPerChange / bytes.length) * CHANGES);
  const from = performance.now();
  for (let n = 0; n < times; n++) decodeJson(bytes);
  const bareMs = performance.now() - from;
  say({
    figure: 'reading',
    changes: CHANGES,
    bytesPerChange: Math.round(bytesPerChange),
    changesPerSecond: Math.round(CHANGES / (readMs / 1_000)),
    cpuMicrosPerChange: round((readCpuMs * 1_000) / CHANGES),
    bareParsePerSecond: Math.round(CHANGES / (bareMs / 1_000)),
    ofBare: round(bareMs / readMs),
  });
}

async function idle(): Promise<void> {
  const kilobytes: Record<string, number> = {};
  for (const kind of ['bare', 'feed']) {
    const server = start('feed-server', kind, '10', '10');
    const { port } = await answer<{ port: number }>(server);
    // What the first connections load is no cost of a reader.
    const warm = await connected({ port, sockets: 200, channel: kind === 'bare' ? null : 'board' });
    const before = await ask<{ rss: number; heapUsed: number }>(server, { ask: 'memory' });
    const clients = await connected({ port, sockets: SOCKETS, channel: kind === 'bare' ? null : 'board' });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const after = await ask<{ rss: number; heapUsed: number }>(server, { ask: 'memory' });
    kilobytes[`${kind}Rss`] = round((after.rss - before.rss) / SOCKETS / 1_024);
    kilobytes[`${kind}Heap`] = round((after.heapUsed - before.heapUsed) / SOCKETS / 1_024);
    kilobytes[`${kind}ConnectsPerSecond`] = Math.round(SOCKETS / (clients.ms / 1_000));
    if (kind === 'feed') {
      await ask(server, { ask: 'cpu' });
      await new Promise((resolve) => setTimeout(resolve, 5_000));
      const { cpuMs } = await ask<{ cpuMs: number }>(server, { ask: 'cpu' });
      kilobytes.idleCpuPercent = round(cpuMs / 50);
    }
    for (const child of [clients.child, warm.child, server]) child.kill();
  }
  say({ figure: 'idle sockets, KB each', sockets: SOCKETS, ...kilobytes });
}

async function fanOut(): Promise<void> {
  const server = start('feed-server', 'feed', '100', '100');
  const { port } = await answer<{ port: number }>(server);
  const clients = await connected({ port, sockets: READERS, channel: 'board' });
  await ask(server, { ask: 'publish', perSecond: RATE, seconds: 2 });
  await new Promise((resolve) => setTimeout(resolve, 500));
  clients.child.send('report');
  await answer(clients.child);
  await ask(server, { ask: 'cpu' });
  await ask(server, { ask: 'publish', perSecond: RATE, seconds: SECONDS });
  await new Promise((resolve) => setTimeout(resolve, 500));
  const { cpuMs } = await ask<{ cpuMs: number }>(server, { ask: 'cpu' });
  clients.child.send('report');
  const report = await answer<{ frames: number; bytes: number; closed: number; p50Ms: number; p99Ms: number }>(
    clients.child,
  );
  say({
    figure: 'fan-out',
    readers: READERS,
    changesPerSecond: RATE,
    framesExpected: RATE * SECONDS * READERS,
    ...report,
    megabytesPerSecond: Math.round(report.bytes / SECONDS / 1e6),
    serverCpuPercent: Math.round(cpuMs / (SECONDS * 10)),
  });
  for (const child of [clients.child, server]) child.kill();
}

function start(script: string, ...args: string[]): ChildProcess {
  return fork(join(parts, `${script}.ts`), args, {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

async function connected(options: ClientsOptions): Promise<{ child: ChildProcess; ms: number }> {
  const child = start('feed-clients');
  child.send(options);
  const { ms } = await answer<{ ms: number }>(child);
  return { child, ms };
}

function answer<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve) => child.once('message', (told) => resolve(told as T)));
}

function ask<T>(child: ChildProcess, asked: Asked): Promise<T> {
  child.send(asked);
  return answer<T>(child);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function say(line: object): void {
  console.log(JSON.stringify(line));
}
