/** Live-feed's settings, read once from the environment. */
import { join } from 'node:path';
import { type Env, KAFKA_SETTINGS, origins, path, readEnv, url } from '@cairn/service-kit/config.ts';
import { type KafkaTarget, kafkaTargetOf } from '@cairn/service-kit/kafka-target.ts';
import type { NewestOf } from './shell/dry-run-routes.ts';
import type { DeliveryHistory } from './shell/delivery-report-routes.ts';
import type { JourneyInsight } from './shell/history-insight.ts';
import type { TouchpointExport } from './shell/touchpoint-export-routes.ts';
import type { TouchpointHistory } from './shell/touchpoint-history.ts';

export interface LiveFeedConfig {
  /** The folder of the view; may be deleted at any time while the process is down. */
  viewPath: string;
  /** Origins of browsers that may use `/live`; null: the own one. */
  allowedOrigins: readonly string[] | null;
  /** The dashboard's built files. */
  dashboardPath: string;
  /** Upgrades a second; above it 503. Connecting costs some 0.3 ms, so this is a third of a core. */
  acceptPerSecond: number;
  /** For touchpoints older than what the view keeps. */
  touchpointHistory?: TouchpointHistory;
  /** The map, the funnel, paths, attribution and metrics; absent: they are a 503. */
  journeyInsight?: JourneyInsight;
  /** Webhook attempts over any time; absent: their reports are a 503. */
  deliveryHistory?: DeliveryHistory;
  /** All touchpoints of a workspace, for dry runs; absent: a 503. */
  touchpointExport?: TouchpointExport;
  /** Where the newest of them begin, for dry runs over HTTP; absent: a 503. */
  newestTouchpoints?: NewestOf;
  /** Where the history stands in a topic, for `ops`; absent: its lag is not told. */
  historyPassed?: (topic: string) => Promise<readonly bigint[] | null>;
  /** For tests: awaited between the steps of subscribing. */
  between?: (step: 'registered' | 'read') => Promise<void>;
}

export const ACCEPT_PER_SECOND = 1_000;

export function readLiveFeedConfig(env: Env = process.env): LiveFeedConfig {
  const { dataDir, allowedOrigins } = readEnv(env, {
    dataDir: path('CAIRN_DATA_DIR', './data'),
    allowedOrigins: origins('CAIRN_ALLOWED_ORIGINS', null),
  });
  return liveFeedConfig(dataDir, allowedOrigins);
}

/** As `npm start` has it, over a data directory. */
export function liveFeedConfig(dataDir: string, allowedOrigins: readonly string[] | null = null): LiveFeedConfig {
  return {
    viewPath: join(dataDir, 'view'),
    allowedOrigins,
    dashboardPath: join(import.meta.dirname, '..', 'dashboard', 'dist'),
    acceptPerSecond: ACCEPT_PER_SECOND,
  };
}

/** Where this node of a cluster finds the history: a server that all nodes share, or a chDB directory that is this node's alone. */
export interface HistoryConfig {
  target: { url: string } | { chdbPath: string } | null;
  kafka: KafkaTarget | null;
}

export function readHistoryConfig(env: Env = process.env): HistoryConfig {
  const { clickhouseUrl, historyDir, ...settings } = readEnv(env, {
    clickhouseUrl: url('CAIRN_CLICKHOUSE_URL', null),
    historyDir: path('CAIRN_HISTORY_DIR', null),
    ...KAFKA_SETTINGS,
  });
  const kafka = kafkaTargetOf(settings);
  if (clickhouseUrl) return { target: { url: clickhouseUrl }, kafka };
  return { target: historyDir ? { chdbPath: historyDir } : null, kafka };
}
