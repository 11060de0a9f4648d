/** Runs the services as processes of their own. One that dies takes no other with it and is started again, with back-off. */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Clock } from '@cairn/clock/clock.ts';
import type { Logger } from 'pino';

export interface ChildSpec {
  /** `stitcher-2` */
  name: string;
  /** Path of its main.ts, relative to the project's root. */
  main: string;
  env: Readonly<Record<string, string>>;
}

export interface Supervisor {
  /** Process ids by name; a child that is waiting to be started again is absent. */
  pids(): ReadonlyMap<string, number>;
  /** SIGTERM to all, in order, and waits; what is still there after 9 s is killed. */
  stop(): Promise<void>;
}

const FIRST_BACKOFF_MS = 200;
const MAX_BACKOFF_MS = 10_000;
/** A child that lived this long has recovered: the next death starts the back-off anew. */
const HEALTHY_AFTER_MS = 30_000;
const STOP_WITHIN_MS = 9_000;

export function startSupervisor(options: {
  root: string;
  children: readonly ChildSpec[];
  baseEnv: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  logger: Logger;
}): Supervisor {
  const { root, children, baseEnv, clock, logger } = options;
  const running = new Map<string, ChildProcess>();
  let stopping = false;

  function start(spec: ChildSpec, backoffMs: number): void {
    if (stopping) return;
    const startedAt = clock.monotonic();
    const child = spawn(process.execPath, [...process.execArgv, spec.main], {
      cwd: root,
      env: { ...baseEnv, ...spec.env },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    running.set(spec.name, child);
    logger.info({ event: 'cluster.child-started', child: spec.name, pid: child.pid });
    child.on('exit', (code, signal) => {
      running.delete(spec.name);
      if (stopping) return;
      const lived = clock.monotonic() - startedAt;
      const waitMs = lived > HEALTHY_AFTER_MS ? FIRST_BACKOFF_MS : backoffMs;
      logger.warn({ event: 'cluster.child-died', child: spec.name, code, signal, restartInMs: waitMs });
      clock.after(waitMs, () => start(spec, Math.min(waitMs * 2, MAX_BACKOFF_MS)));
    });
  }

  for (const spec of children) start(spec, FIRST_BACKOFF_MS);

  return {
    pids: () =>
      new Map([...running].flatMap(([name, child]) => (child.pid === undefined ? [] : [[name, child.pid] as const]))),
    async stop() {
      stopping = true;
      const gone = [...running.values()].map(
        (child) =>
          new Promise<void>((resolve) =>
            child.exitCode !== null || child.signalCode !== null ? resolve() : child.once('exit', () => resolve()),
          ),
      );
      for (const child of running.values()) child.kill('SIGTERM');
      const cancel = clock.after(STOP_WITHIN_MS, () => {
        for (const child of running.values()) child.kill('SIGKILL');
      });
      await Promise.all(gone);
      cancel();
    },
  };
}
