import type { Clock } from '@cairn/clock/clock.ts';
import { createScaledClock } from '@cairn/clock/clock.scaled.ts';
import { systemClock } from '@cairn/clock/clock.system.ts';
import { startControlMirror } from '@cairn/service-kit/control-mirror.ts';
import { createLogger } from '@cairn/service-kit/logger.ts';
import { createMetrics } from '@cairn/service-kit/metrics.ts';
import type { Ports } from '@cairn/service-kit/service.ts';
import { openLog, type LogTarget } from './open-log.ts';

/** The demo's clock; null is the machine's. Plain data, so that every thread makes the same one. */
export type ClockTarget = { startMs: number; begunAtMs: number; speed: number } | null;

export const openClock = (target: ClockTarget): Clock =>
  target ? createScaledClock(target.startMs, target.speed, target.begunAtMs) : systemClock;

export interface PortsTarget {
  log: LogTarget;
  clock: ClockTarget;
  logLevel: string;
  /** Names the log lines. */
  thread: string;
  /** Whether this thread reports the runtime's own metrics; one does. */
  runtimeMetrics: boolean;
}

/** What the services of one thread stand on. */
export async function openPorts(target: PortsTarget): Promise<{ ports: Ports; close(): Promise<void> }> {
  const clock = openClock(target.clock);
  const logger = createLogger({ service: target.thread, level: target.logLevel });
  const log = await openLog(target.log, clock, (error) => {
    // The consumer is dead for good: ending is what brings a new one.
    logger.fatal({ event: 'log.failed', err: error });
    process.exit(1);
  });
  const control = await startControlMirror(log, systemClock, (error) =>
    logger.warn({ event: 'control.read-failed', err: error }),
  );
  const metrics = createMetrics({ runtime: target.runtimeMetrics });
  return {
    ports: { log, clock, logger, metrics, control },
    async close() {
      await control.stop();
      await log.close();
    },
  };
}
