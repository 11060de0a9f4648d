/** Live-feed over a memory log and a view in a temporary folder, behind a real HTTP port on 127.0.0.1: what the integration tests run on. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@cairn/clock/clock.system.ts';
import type { AlertFact } from '@cairn/contracts/generated/alert.ts';
import type { TokenPut } from '@cairn/contracts/generated/control.ts';
import type { JourneyChanged, TouchpointItem } from '@cairn/contracts/generated/journey.ts';
import { encodeJson } from '@cairn/contracts/json.ts';
import { TOPICS, keyOf, partitionOf } from '@cairn/contracts/topics.ts';
import type { Log, NewRecord } from '@cairn/log/log.ts';
import { type MemoryLog, createMemoryLog } from '@cairn/log/log.memory.ts';
import { hashToken, startControlMirror } from '@cairn/service-kit/control-mirror.ts';
import { createHttpFront } from '@cairn/service-kit/http-front.ts';
import { createLogger } from '@cairn/service-kit/logger.ts';
import { createMetrics } from '@cairn/service-kit/metrics.ts';
import type { Ports } from '@cairn/service-kit/service.ts';
import { type LiveFeedConfig, liveFeedConfig } from '../config.ts';
import { startLiveFeed } from '../service.ts';
import { NOON, journey, journeyChanged } from './facts.ts';

export interface FeedNode {
  url: string;
  ports: Ports;
  stop(): Promise<void>;
}

export interface FeedWorld {
  log: MemoryLog;
  folder: string;
  /** A live-feed node; each has a view of its own unless they share a name one after the other. */
  start(view?: string, config?: Partial<LiveFeedConfig>): Promise<FeedNode>;
  append(records: readonly NewRecord[]): Promise<void>;
  /** The next change of a journey (seq counted here), with a touchpoint when given. */
  change(
    workspace: string,
    subject: string,
    given?: Parameters<typeof journey>[2],
    touchpoint?: TouchpointItem,
  ): Promise<JourneyChanged>;
  alert(fact: AlertFact): Promise<void>;
  token(workspace: string, token: string, given?: Partial<TokenPut>): Promise<void>;
  end(): Promise<void>;
}

export const PARTITIONS = 3;

export async function createFeedWorld(): Promise<FeedWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'cairn-feed-'));
  const topics = Object.values(TOPICS).map(({ name, cleanup, retentionMs, minCompactionLagMs }) => ({
    name,
    partitions: name === 'control' ? 1 : PARTITIONS,
    cleanup,
    retentionMs,
    ...(minCompactionLagMs === undefined ? {} : { minCompactionLagMs }),
  }));
  const log = createMemoryLog({ topics, clock: systemClock });
  const seqs = new Map<string, number>();
  const nodes = new Set<FeedNode>();

  const recordOf = (topic: string, workspace: string, subject: string, value: unknown): NewRecord => {
    const key = keyOf.subject(workspace, subject);
    return {
      topic,
      partition: partitionOf(key, PARTITIONS),
      key: topic === 'journeys' ? `${key}/b2b-sales` : key,
      value: encodeJson(value),
    };
  };

  const world: FeedWorld = {
    log,
    folder,
    async start(view = 'view', config = {}) {
      const node = await startNode(createMemoryLog({ topics, clock: systemClock, disk: log.disk }), {
        ...liveFeedConfig(folder),
        viewPath: join(folder, view),
        dashboardPath: join(folder, 'no-dashboard'),
        ...config,
      });
      nodes.add(node);
      const { stop } = node;
      node.stop = async () => {
        if (nodes.delete(node)) await stop();
      };
      return node;
    },
    append: (records) => log.append(records),
    async change(workspace, subject, given = {}, touchpoint) {
      const seq = (seqs.get(`${workspace}/${subject}`) ?? 0) + 1;
      seqs.set(`${workspace}/${subject}`, seq);
      const fact = journeyChanged(journey(workspace, subject, { seq, ...given }), {
        at: NOON + seq,
        touchpoint: touchpoint ?? null,
      });
      await log.append([recordOf('journeys', workspace, subject, fact)]);
      return fact;
    },
    alert: (fact) => log.append([recordOf('alerts', fact.workspace, fact.alert.subject.id, fact)]),
    token: (workspace, token, given = {}) => log.append([tokenRecord(workspace, token, given)]),
    async end() {
      for (const node of [...nodes]) await node.stop();
      await log.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return world;
}

export function tokenRecord(workspace: string, token: string, given: Partial<TokenPut> = {}): NewRecord {
  const put: TokenPut = {
    type: 'token.put',
    workspace,
    id: `tok_${token}`,
    name: token,
    scopes: ['read', 'act'],
    hash: hashToken(token),
    createdAt: NOON,
    expiresAt: null,
    writeKey: false,
    ...given,
  };
  return { topic: 'control', partition: 0, key: keyOf.control(workspace, 'token', put.id), value: encodeJson(put) };
}

export async function startNode(log: Log, config: LiveFeedConfig): Promise<FeedNode> {
  const clock = systemClock;
  const logger = createLogger({ service: 'live-feed', level: 'silent' });
  const metrics = createMetrics();
  const control = await startControlMirror(log, clock);
  const ports: Ports = { log, clock, logger, metrics, control };
  const service = await startLiveFeed(ports, config);
  const front = createHttpFront({ host: '127.0.0.1', port: 0, services: [service], clock, metrics, logger });
  const { url } = await front.listen();
  while (!(await service.ready())) await clock.sleep(2);
  return {
    url,
    ports,
    async stop() {
      front.drain();
      await service.stop();
      // Idle connections of fetch would be waited for.
      await front.close(10);
      await control.stop();
    },
  };
}
