import { kafkaTargetOf } from './kafka-target.ts';
import { systemClock } from '@cairn/clock/clock.system.ts';
import { TOPICS } from '@cairn/contracts/topics.ts';
import { createKafkaLog } from '@cairn/log/log.kafka.ts';
import type { TopicConfig } from '@cairn/log/log.ts';
import { ConfigError, readProcessConfig, type ProcessConfig } from './config.ts';
import { startControlMirror } from './control-mirror.ts';
import { createHttpFront } from './http-front.ts';
import { installLifecycle } from './lifecycle.ts';
import { createLogger } from './logger.ts';
import { createMetrics } from './metrics.ts';
import type { Ports, RunningService } from './service.ts';
import { startTelemetry } from './telemetry.ts';

/**
 * What `services/*\/src/main.ts` calls: one service as a process of its own on Kafka. Environment → log → ports → the service →
 * the HTTP port → life cycle. Wiring alone; it decides nothing.
 */
export async function runInCluster<C>(service: {
  name: string;
  readConfig(): C;
  start(ports: Ports, config: C): Promise<RunningService>;
}): Promise<void> {
  const { name } = service;
  const { settings, config } = readOrExit(() => ({ settings: readProcessConfig(), config: service.readConfig() }));
  const kafka = kafkaTargetOf(settings);
  if (!kafka) return exitWithFault('CAIRN_KAFKA_BROKERS must name the brokers: host:port,…');
  const logger = createLogger({ service: name, level: settings.logLevel });
  const clock = systemClock;
  const metrics = createMetrics({ runtime: true });
  const stopTelemetry = await startTelemetry({ endpoint: settings.otlpEndpoint, service: `cairn-${name}` });
  const log = await createKafkaLog({
    ...kafka,
    clientId: `cairn-${name}`,
    topics: KAFKA_TOPICS,
    clock,
    onFatal(error) {
      // The consumer is dead for good: ending is what brings a new one.
      logger.fatal({ event: 'log.failed', err: error });
      process.exit(1);
    },
    onClientLog: ({ level, message }) => logger[level]({ event: 'kafka.client', message }),
  });
  const control = await startControlMirror(log, clock, (error) =>
    logger.warn({ event: 'control.read-failed', err: error }),
  );
  const running = await service.start({ log, clock, logger, metrics, control }, config);
  const front = createHttpFront({
    host: settings.host,
    port: settings.port,
    services: [running],
    clock,
    metrics,
    logger,
  });
  installLifecycle({
    logger,
    clock,
    front,
    services: [running],
    async finish() {
      await control.stop();
      await log.close();
      await stopTelemetry();
    },
  });
  const { url } = await front.listen();
  logger.info({ event: 'process.listening', url });
}

/** The topics as Kafka is to hold them. */
export const KAFKA_TOPICS: readonly TopicConfig[] = Object.values(TOPICS).map(
  ({ name, partitions, cleanup, retentionMs, minCompactionLagMs }) => ({
    name,
    partitions,
    cleanup,
    retentionMs,
    ...(minCompactionLagMs === undefined ? {} : { minCompactionLagMs }),
  }),
);

function readOrExit<T extends { settings: ProcessConfig }>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ConfigError) return exitWithFault(error.message);
    throw error;
  }
}

function exitWithFault(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}
