/** The demo's rep: follows next best actions as a person would, some hours after they were requested, over the same API as everyone. */
import type { Clock } from '@cairn/clock/clock.ts';
import { parseInstant } from '@cairn/clock/calendar.ts';
import { REP_TAKES_MS } from './featured.ts';

/** In real time; the demo's clock runs a day in seconds. */
const LOOK_EVERY_MS = 500;

interface Listed {
  id: string;
  title: string;
  requestedAt: string | null;
}

export async function followActions(options: {
  url: string;
  token: string;
  clock: Clock;
  signal: AbortSignal;
}): Promise<void> {
  const { url, token, clock, signal } = options;
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  while (!signal.aborted) {
    await clock.sleep(LOOK_EVERY_MS, signal).catch(() => {});
    for (const action of await open()) {
      const requestedAt = action.requestedAt === null ? null : parseInstant(action.requestedAt);
      if (requestedAt === null || clock.now() < requestedAt + REP_TAKES_MS || signal.aborted) continue;
      const body = JSON.stringify({ outcome: 'done', note: `${action.title}: done` });
      // Refused where the buyer was faster: nothing is left to do.
      await fetch(`${url}/api/actions/${action.id}/result`, { method: 'POST', headers, body, signal }).catch(
        () => null,
      );
    }
  }

  async function open(): Promise<readonly Listed[]> {
    const response = await fetch(`${url}/api/actions?state=requested,accepted&limit=100`, { headers, signal }).catch(
      () => null,
    );
    return response?.ok ? ((await response.json()) as { items: Listed[] }).items : [];
  }
}
