/**
 * The live feed: how fast it reads and keeps changes (beside parsing the same bytes), what an idle reader costs (beside bare `ws`), and how late a frame is
 * for 1,000 readers of a board at 200 and at 100 changes a second, what 1,000 readers lose that are all cut at once, and how long a timeline takes. One
 * JSON line each; `node bench/src/feed.ts reading|idle|fan|hundred|reconnects|timeline` runs one.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { encodeJson, decodeJson } from '@cairn/contracts/json.ts';
import { journey, journeyChanged, journeyIdOf, touchpoint } from '@cairn/live-feed/testkit/facts.ts';
import type { ClientsOptions } from './parts/feed-clients.ts';
import type { ReconnectsOptions, ReconnectsReport } from './parts/feed-reconnects.ts';
import type { Asked } from './parts/feed-server.ts';

const parts = join(import.meta.dirname, 'parts');
const CHANGES = Number(process.env.FEED_CHANGES ?? 60_000);
const JOURNEYS = 5_000;
const SOCKETS = Number(process.env.FEED_SOCKETS ?? 10_000);
const READERS = 1_000;
const RATE = 200;
const SECONDS = 10;

const only = process.argv[2];
if (!only || only === 'reading') await reading();
if (!only || only === 'idle') await idle();
if (!only || only === 'fan') await fanOut(RATE);
if (!only || only === 'hundred') await fanOut(100);
if (!only || only === 'reconnects') await reconnects();
if (!only || only === 'timeline') await timeline();

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

async function fanOut(rate: number): Promise<void> {
  const server = start('feed-server', 'feed', '100', '100');
  const { port } = await answer<{ port: number }>(server);
  const clients = await connected({ port, sockets: READERS, channel: 'board' });
  await ask(server, { ask: 'publish', perSecond: rate, seconds: 2 });
  await new Promise((resolve) => setTimeout(resolve, 500));
  clients.child.send('report');
  await answer(clients.child);
  await ask(server, { ask: 'cpu' });
  await ask(server, { ask: 'publish', perSecond: rate, seconds: SECONDS });
  await new Promise((resolve) => setTimeout(resolve, 500));
  const { cpuMs } = await ask<{ cpuMs: number }>(server, { ask: 'cpu' });
  clients.child.send('report');
  const report = await answer<{ frames: number; bytes: number; closed: number; p50Ms: number; p99Ms: number }>(
    clients.child,
  );
  say({
    figure: 'fan-out',
    readers: READERS,
    changesPerSecond: rate,
    framesExpected: rate * SECONDS * READERS,
    ...report,
    megabytesPerSecond: Math.round(report.bytes / SECONDS / 1e6),
    serverCpuPercent: Math.round(cpuMs / (SECONDS * 10)),
  });
  for (const child of [clients.child, server]) child.kill();
}

/** All readers cut at once in the middle of 200 changes a second, and back with their cursors. */
async function reconnects(): Promise<void> {
  const journeys = 100;
  const server = start('feed-server', 'feed', String(journeys), String(journeys));
  const { port } = await answer<{ port: number }>(server);
  const clients = start('feed-reconnects');
  clients.send({ port, readers: READERS, journeys } satisfies ReconnectsOptions);
  await answer(clients);
  const published = ask(server, { ask: 'publish', perSecond: RATE, seconds: 6 });
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  clients.send('cut');
  await answer(clients);
  await published;
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  clients.send('report');
  const report = await answer<ReconnectsReport>(clients);
  say({ figure: 'forced reconnects', readers: READERS, changesPerSecond: RATE, ...report });
  for (const child of [clients, server]) child.kill();
}

/** A journey's newest touchpoints over HTTP, while 200 changes a second are followed. */
async function timeline(): Promise<void> {
  const journeys = 200;
  const server = start('feed-server', 'feed', String(journeys * 150), String(journeys));
  const { port } = await answer<{ port: number }>(server);
  const published = ask(server, { ask: 'publish', perSecond: RATE, seconds: 10 });
  const times: number[] = [];
  const worker = async (index: number): Promise<void> => {
    for (let n = 0; n < 250; n++) {
      const id = journeyIdOf('bench', `acc_${(index * 37 + n) % journeys}`);
      const from = performance.now();
      const response = await fetch(`http://127.0.0.1:${port}/api/journeys/${id}/touchpoints?limit=50`, {
        headers: { authorization: 'Bearer bench' },
      });
      const { items } = (await response.json()) as { items: unknown[] };
      if (items.length !== 50) throw new Error(`${items.length} touchpoints of ${id}`);
      times.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: 4 }, (_, index) => worker(index)));
  await published;
  times.sort((a, b) => a - b);
  const at = (share: number): number => round(times[Math.floor(times.length * share)]!);
  say({ figure: 'timeline of 50, ms', requests: times.length, p50Ms: at(0.5), p99Ms: at(0.99) });
  server.kill();
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
