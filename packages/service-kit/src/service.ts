import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '@cairn/clock/clock.ts';
import type { Log } from '@cairn/log/log.ts';
import type { Logger } from 'pino';
import type { ControlMirror } from './control-mirror.ts';
import type { Metrics } from './metrics.ts';

/** What every service is handed: the ports it stands on. The same in one process, in a cluster, in the simulator and in the benchmarks. */
export interface Ports {
  log: Log;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
  /** The control topic, mirrored in memory: workspaces, tokens, endpoints, sources, definitions. */
  control: ControlMirror;
}

/** What every `startX(ports, config)` resolves to, once it is started (not necessarily ready). */
export interface RunningService {
  name: string;
  /** Absent in services without an HTTP face. */
  http?: HttpFace;
  /** True when everything it owns is restored and it can do its work. */
  ready(): boolean | Promise<boolean>;
  /** Stops accepting, finishes the cycle, lets go. Resolves within 10 s. */
  stop(): Promise<void>;
}

/** A service's part of the one HTTP port: the front hands it each request whose path it claims. */
export interface HttpFace {
  /** Whether this request (path without query, method) is this service's. */
  claims(method: string, path: string): boolean;
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** True where the face bounds the time of its request bodies itself (it streams them, or is too hot to be watched). */
  watchesBodies?: boolean;
  /** For web sockets. */
  upgrade?(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}
