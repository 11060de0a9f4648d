import { systemClock } from '@cairn/clock/clock.system.ts';
import type { DeadLetter } from '@cairn/contracts/generated/dead-letter.ts';
import type { Touchpoint } from '@cairn/contracts/generated/touchpoint.ts';
import { decodeJson } from '@cairn/contracts/json.ts';
import { TOPICS } from '@cairn/contracts/topics.ts';
import { createMemoryLog } from '@cairn/log/log.memory.ts';
import { LogUnavailable, type Log } from '@cairn/log/log.ts';
import { hashToken, startControlMirror } from '@cairn/service-kit/control-mirror.ts';
import { createHttpFront } from '@cairn/service-kit/http-front.ts';
import { silentLogger } from '@cairn/service-kit/logger.ts';
import { createMetrics } from '@cairn/service-kit/metrics.ts';
import type { Ports } from '@cairn/service-kit/service.ts';
import type { IngestConfig } from '../config.ts';
import { startIngest } from '../service.ts';

/** Ingest on a memory log and a real port of 127.0.0.1, with two workspaces. */
export interface IngestHarness {
  url: string;
  port: number;
  ports: Ports;
  /** Posts as workspace `w1` unless another key is given; a body that is no text or bytes is sent as JSON. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests reach into answers
  post(path: string, body: unknown, options?: PostOptions): Promise<{ status: number; headers: Headers; body: any }>;
  touchpoints(): Touchpoint[];
  deadLetters(): DeadLetter[];
  /** From now on appends of touchpoints and dead letters fail, wait until let go, or pass. */
  logIs(state: 'away' | 'stuck' | 'well'): void;
  appends(): number;
  /** Requests that arrived at the port. */
  requests(): number;
  stop(): Promise<void>;
}

export interface PostOptions {
  key?: string | null;
  headers?: Record<string, string>;
}

export const WRITE_KEY = 'wk_test';
export const OTHER_WRITE_KEY = 'wk_other';
export const READ_TOKEN = 'tok_read';

export async function startIngestHarness(config: IngestConfig = {}): Promise<IngestHarness> {
  const memory = createMemoryLog({
    clock: systemClock,
    topics: Object.values(TOPICS).map(({ name, cleanup, retentionMs, partitionsEmbedded }) => ({
      name,
      partitions: partitionsEmbedded,
      cleanup,
      retentionMs,
    })),
  });
  let state: 'away' | 'stuck' | 'well' = 'well';
  let letGo: (() => void)[] = [];
  let appends = 0;
  const log: Log = {
    ...memory,
    async append(records) {
      if (records[0]?.topic === 'control') return memory.append(records);
      if (state === 'away') throw new LogUnavailable('away');
      if (state === 'stuck') await new Promise<void>((resolve) => letGo.push(resolve));
      appends++;
      return memory.append(records);
    },
  };
  const clock = systemClock;
  const control = await startControlMirror(log, clock);
  for (const [workspace, token, scopes] of [
    ['w1', WRITE_KEY, ['ingest']],
    ['w2', OTHER_WRITE_KEY, ['ingest']],
    ['w1', READ_TOKEN, ['read']],
  ] as const)
    await control.put({
      type: 'token.put',
      workspace,
      id: `tok_${token}`,
      name: token,
      scopes: [...scopes],
      hash: hashToken(token),
      createdAt: 0,
      expiresAt: null,
      writeKey: scopes[0] === 'ingest',
    });
  const ports: Ports = { log, clock, control, logger: silentLogger(), metrics: createMetrics() };
  const ingest = await startIngest(ports, config);
  const front = createHttpFront({ host: '127.0.0.1', port: 0, services: [ingest], ...ports });
  let requests = 0;
  front.server.on('request', () => requests++);
  const { url, port } = await front.listen();

  function values<T>(topic: string): T[] {
    const partitions = TOPICS[topic as keyof typeof TOPICS].partitionsEmbedded;
    return Array.from({ length: partitions }, (_, partition) => memory.disk.partition(topic, partition).records)
      .flat()
      .map((record) => decodeJson(record.value!) as T);
  }

  return {
    url,
    port,
    ports,
    async post(path, body, { key = WRITE_KEY, headers = {} } = {}) {
      const response = await fetch(`${url}${path}`, {
        method: 'POST',
        headers: {
          ...(key === null ? {} : { authorization: `Basic ${btoa(`${key}:`)}` }),
          'content-type': 'application/json',
          ...headers,
        },
        body: typeof body === 'string' || body instanceof Uint8Array ? (body as BodyInit) : JSON.stringify(body),
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) };
    },
    touchpoints: () => values<Touchpoint>('touchpoints'),
    deadLetters: () => values<DeadLetter>('dead-letters'),
    logIs(next) {
      state = next;
      if (next === 'stuck') return;
      for (const resolve of letGo) resolve();
      letGo = [];
    },
    appends: () => appends,
    requests: () => requests,
    async stop() {
      front.drain();
      await ingest.stop();
      await front.close(500);
      await control.stop();
      await memory.close();
    },
  };
}
