/** An idle product: how much of a core it takes while nothing happens. */
import { readFileSync } from 'node:fs';
import { startProduct } from '@cairn/testkit/product.ts';

const WATCH_MS = 20_000;
const TICKS_PER_SECOND = 100;

/** User and system time of a process and its threads, in seconds (Linux). */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
function residentMb(pid: number): number {
  const match = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Math.round(Number(match?.[1] ?? 0) / 1024);
}

const product = await startProduct();
await new Promise((resolve) => setTimeout(resolve, 5_000));
const before = cpuSeconds(product.pid);
await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
const share = (cpuSeconds(product.pid) - before) / (WATCH_MS / 1_000);
console.log(
  JSON.stringify({ idleCoreShare: Number(share.toFixed(4)), target: 0.02, residentMb: residentMb(product.pid) }),
);
await product.dispose();
