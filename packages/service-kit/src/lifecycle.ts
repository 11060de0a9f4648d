import type { Clock } from '@cairn/clock/clock.ts';
import { systemClock } from '@cairn/clock/clock.system.ts';
import type { Logger } from 'pino';
import type { HttpFront } from './http-front.ts';
import type { RunningService } from './service.ts';

/**
 * How a process ends: on SIGTERM or SIGINT it stops accepting, stops its services in order, closes what they stood on and exits 0
 * within 10 s. An uncaught fault is logged and exits 1: the state of the process is unknown then, and the log holds the truth.
 */
export interface LifecycleOptions {
  logger: Logger;
  clock: Clock;
  front?: HttpFront;
  /** Stopped in this order, one after the other. */
  services: readonly RunningService[];
  /** Closed last: ports, telemetry. */
  finish?(): Promise<void>;
  exit?: (code: number) => void;
}

/** A supervisor kills after 10 s; a second is left to flush. */
const STOP_WITHIN_MS = 9_000;
const EXIT_WITHIN_MS = 9_500;

/** Returns how to end the process from inside. */
export function installLifecycle(options: LifecycleOptions): { stop(reason: string): Promise<void> } {
  const { logger, clock, exit } = options;
  return stopOnSignals(
    async () => {
      if (!(await stopAll(options))) throw new Error('not everything stopped in time');
    },
    logger,
    { clock, ...(exit ? { exit } : {}) },
  );
}

/** Calls `stop` on the first signal and exits 0 when it is done, 1 when it fails or takes longer than 9.5 s. Uncaught faults exit 1. */
export function stopOnSignals(
  stop: () => Promise<void>,
  logger: Logger,
  { clock = systemClock, exit = (code) => process.exit(code) }: { clock?: Clock; exit?: (code: number) => void } = {},
): { stop(reason: string): Promise<void> } {
  let stopping: Promise<void> | null = null;

  function stopOnce(reason: string): Promise<void> {
    stopping ??= (async () => {
      logger.info({ event: 'process.stopping', reason });
      clock.after(EXIT_WITHIN_MS, () => {
        logger.error({ event: 'process.stop-late' });
        exit(1);
      });
      try {
        await stop();
        logger.info({ event: 'process.stopped' });
        exit(0);
      } catch (error) {
        logger.error({ event: 'process.stop-failed', err: error });
        exit(1);
      }
    })();
    return stopping;
  }

  function fail(event: string, error: unknown): void {
    logger.fatal({ event, err: error });
    exit(1);
  }

  process.on('SIGTERM', () => void stopOnce('SIGTERM'));
  process.on('SIGINT', () => void stopOnce('SIGINT'));
  process.on('uncaughtException', (error) => fail('process.uncaught-exception', error));
  process.on('unhandledRejection', (error) => fail('process.unhandled-rejection', error));
  return { stop: stopOnce };
}

/** Resolves to false when something would not stop in time or failed to. */
export async function stopAll(options: Omit<LifecycleOptions, 'exit'>, withinMs = STOP_WITHIN_MS): Promise<boolean> {
  const { logger, clock, front, services } = options;
  let complete = true;
  async function step(name: string, run: () => Promise<void> | undefined): Promise<void> {
    try {
      await run();
    } catch (error) {
      complete = false;
      logger.error({ event: 'process.stop-failed', what: name, err: error });
    }
  }
  const work = (async () => {
    front?.drain();
    for (const service of services) await step(service.name, () => service.stop());
    await step('http', () => front?.close(1_000));
    await step('ports', () => options.finish?.());
    return true;
  })();
  let cancel = (): void => {};
  const late = new Promise<boolean>((resolve) => {
    cancel = clock.after(withinMs, () => resolve(false));
  });
  const inTime = await Promise.race([work, late]);
  cancel();
  return inTime && complete;
}
