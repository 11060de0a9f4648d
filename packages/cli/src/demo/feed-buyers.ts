import type { Clock } from '@cairn/clock/clock.ts';
import type { DemoCall } from './buyers.ts';

const LOOK_EVERY_MS = 25;
const BATCH_MAX = 100;

/** Sends each call once the clock has reached it, in order, as an SDK would; a refused or failed batch is tried again. */
export async function feedBuyers(options: {
  calls: readonly DemoCall[];
  url: string;
  writeKey: string;
  clock: Clock;
  signal: AbortSignal;
}): Promise<void> {
  const { calls, url, writeKey, clock, signal } = options;
  let next = 0;
  while (next < calls.length && !signal.aborted) {
    let end = next;
    while (end < calls.length && end - next < BATCH_MAX && calls[end]!.at <= clock.now()) end++;
    if (end > next && (await send(calls.slice(next, end)))) next = end;
    else await clock.sleep(LOOK_EVERY_MS, signal).catch(() => {});
  }

  async function send(due: readonly DemoCall[]): Promise<boolean> {
    const response = await fetch(`${url}/v1/batch`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Basic ${btoa(`${writeKey}:`)}` },
      body: JSON.stringify({ batch: due.map(({ call }) => call) }),
      signal,
    }).catch(() => null);
    return response?.ok ?? false;
  }
}
