import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '@cairn/clock/clock.system.ts';
import { encodeJson, decodeJson } from '@cairn/contracts/json.ts';
import { TOPICS } from '@cairn/contracts/topics.ts';
import type { StitchedTouchpoint } from '@cairn/contracts/generated/stitched.ts';
import { createMemoryLog } from '@cairn/log/log.memory.ts';
import type { ControlMirror } from '@cairn/service-kit/control-mirror.ts';
import { createLogger } from '@cairn/service-kit/logger.ts';
import { createMetrics } from '@cairn/service-kit/metrics.ts';
import { startStitcher } from '../service.ts';
import { touchpointOf, type Call } from './touchpoint-of.ts';

/** The stitcher as a service on the memory log, with its HTTP face on 127.0.0.1. Tokens are `<scope>:<workspace>`. */
export interface StitcherOverHttp {
  /** Appends the calls and waits until they are stitched. */
  say(workspace: string, ...calls: Call[]): Promise<StitchedTouchpoint[]>;
  ask(
    method: string,
    path: string,
    body: unknown,
    token?: string,
  ): Promise<{ status: number; body: Record<string, unknown> }>;
  records(topic: string): Promise<{ key: string; message: { type: string } | null }[]>;
  stop(): Promise<void>;
}

export async function startStitcherOverHttp(): Promise<StitcherOverHttp> {
  const topics = Object.values(TOPICS).map(({ name, cleanup, retentionMs }) => ({
    name,
    cleanup,
    retentionMs,
    partitions: 1,
  }));
  const log = createMemoryLog({ topics, clock: systemClock });
  const control = { grantOf: grantOfToken, heard: () => Promise.resolve() } as unknown as ControlMirror;
  const ports = {
    log,
    clock: systemClock,
    logger: createLogger({ service: 'test', level: 'silent' }),
    metrics: createMetrics(),
    control,
  };
  const stitcher = await startStitcher(ports, {});
  const server = createServer((request, response) => stitcher.http!.handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const follower = await log.follow(['journey-inbox'], 'start');
  let sent = 0;

  async function records(topic: string): Promise<{ key: string; message: { type: string } | null }[]> {
    const found = await log.read(topic, 0, 0n, 10_000);
    return found.map(({ key, value }) => ({ key, message: value && (decodeJson(value) as { type: string }) }));
  }

  return {
    records,
    async say(workspace, ...calls) {
      const now = systemClock.now();
      const touchpoints = calls.map((call) => touchpointOf(call, ++sent, workspace, now, now));
      await log.append(
        touchpoints.map((touchpoint) => ({
          topic: 'touchpoints',
          partition: 0,
          key: workspace,
          value: encodeJson(touchpoint),
        })),
      );
      const stitched: StitchedTouchpoint[] = [];
      while (stitched.length < calls.length)
        for (const { value } of (await follower.next()).records) {
          const message = decodeJson(value!) as StitchedTouchpoint;
          if (message.type === 'touchpoint.stitched') stitched.push(message);
        }
      return stitched;
    },
    async ask(method, path, body, token = 'admin:w1') {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    },
    async stop() {
      await new Promise((resolve) => server.close(resolve));
      await follower.close();
      await stitcher.stop();
      await log.close();
    },
  };
}

function grantOfToken(token: string): ReturnType<ControlMirror['grantOf']> {
  const [scope, workspace] = token.split(':');
  if (!workspace) return null;
  return { workspace, tokenId: `tok_${scope}`, name: 'test', scopes: new Set([scope as 'admin']), expiresAt: null };
}
