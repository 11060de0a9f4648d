import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '@cairn/clock/clock.ts';
import type { Logger } from 'pino';
import type { Metrics } from './metrics.ts';
import { sendProblem } from './problem.ts';
import type { HttpFace, RunningService } from './service.ts';

/**
 * The one HTTP port of a process: hands each request to the service that claims its path. Bare `node:http`, nothing in front of
 * the hot path. Bounds what a client may hold open: header size and time, body time, connections.
 */
export interface HttpFront {
  /** Resolves once it listens. */
  listen(): Promise<{ url: string; host: string; port: number }>;
  /**
   * Stops accepting and tells clients to close; open requests go on. Where web sockets are served the port stays open until `close`, and answers 503
   * with `Retry-After`.
   */
  drain(): void;
  /** Waits for the open requests, at most `withinMs` (default 8 s), then cuts them. */
  close(withinMs?: number): Promise<void>;
  readonly server: Server;
}

export interface HttpFrontOptions {
  host?: string;
  port?: number;
  /** Listens on a socket in the file system instead: for another thread of the same process. */
  socketPath?: string;
  services: readonly RunningService[];
  clock: Clock;
  metrics: Metrics;
  logger: Logger;
  /** How long a body may take, in ms, where the face does not watch over its bodies itself. */
  bodyMs?: number;
}

/** The mapping of an import travels in the address: 20 KB of it, URL-encoded, and tokens and cookies beside it. */
const HEADER_BYTES_MAX = 65_536;
/** A client that has not sent its headers by then is a slow-loris, not slow. */
const HEADERS_MS = 10_000;
const BODY_MS = 30_000;
/** Longer than the idle time of common proxies (60 s), so that it is the proxy that closes: else a request may meet a closing socket. */
const KEEP_ALIVE_MS = 65_000;
/** Each costs some 20 KB: 20,000 are 400 MB at worst, and less than the usual limit of open files. */
const CONNECTIONS_MAX = 20_000;
const SWEEP_MS = 1_000;
const CLOSE_WITHIN_MS = 8_000;

export function createHttpFront(options: HttpFrontOptions): HttpFront {
  const { services, clock, logger, bodyMs = BODY_MS } = options;
  const faces: readonly HttpFace[] = services.flatMap((service) => (service.http ? [service.http] : []));
  const upgraded = new Set<Duplex>();
  const reading = new Map<IncomingMessage, number>();
  /** A reader that is sent away is told when to come back, so the port answers upgrades until the end. */
  const hasSockets = faces.some((face) => face.upgrade !== undefined);
  let draining = false;

  const server = createServer({
    maxHeaderSize: HEADER_BYTES_MAX,
    headersTimeout: HEADERS_MS,
    // An import may stream for hours: body time is watched below or by the face, per request and not per server.
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: SWEEP_MS,
    noDelay: true,
  });
  server.maxConnections = CONNECTIONS_MAX;

  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const path = pathOf(request.url ?? '/');
    const method = request.method ?? 'GET';
    if (draining) response.setHeader('connection', 'close');
    const face = faceOf(method, path);
    if (!face) return answerOwn(method, path, response);
    // Only where the port stays open for upgrades does a request still come here.
    if (draining && hasSockets) return sendProblem(response, STOPPING);
    if (!face.watchesBodies && hasBody(request)) reading.set(request, clock.monotonic());
    try {
      face.handle(request, response);
    } catch (error) {
      logger.error({ event: 'http.failed', method, path, error });
      sendProblem(response, { status: 500, code: 'internal', title: 'Something went wrong here' });
    }
  });

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    if (draining) return refuseUpgrade(socket, '503 Service Unavailable', 'Retry-After: 1\r\n');
    const path = pathOf(request.url ?? '/');
    const face = faces.find((candidate) => candidate.upgrade && candidate.claims('GET', path));
    if (!face?.upgrade) return refuseUpgrade(socket, '404 Not Found', '');
    upgraded.add(socket);
    socket.on('close', () => upgraded.delete(socket));
    face.upgrade(request, socket, head);
  });

  // A request that is no HTTP: answered so that the client can read why, then closed.
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
    const status = CLIENT_FAULTS[error.code ?? ''] ?? '400 Bad Request';
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  });

  const stopSweep = clock.every(SWEEP_MS, () => {
    const before = clock.monotonic() - bodyMs;
    for (const [request, since] of reading) {
      if (request.complete || request.destroyed) reading.delete(request);
      else if (since < before) {
        reading.delete(request);
        request.socket.end('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
        request.destroy();
      }
    }
  });

  /** Whose path it is by any method answers for it: a method that nobody takes is that service's 405. */
  function faceOf(method: string, path: string): HttpFace | undefined {
    return (
      faces.find((candidate) => candidate.claims(method, path)) ??
      faces.find((candidate) => METHODS.some((other) => candidate.claims(other, path)))
    );
  }

  function answerOwn(method: string, path: string, response: ServerResponse): void {
    const known = OWN_PATHS.includes(path);
    if (known && method !== 'GET' && method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      return sendProblem(response, NOT_ALLOWED);
    }
    if (path === '/healthz') return answerJson(response, 200, { status: 'ok' });
    if (path === '/readyz') return void answerReady(response);
    if (path === '/metrics') return void answerMetrics(response);
    sendProblem(response, NO_SUCH_PATH);
  }

  async function answerReady(response: ServerResponse): Promise<void> {
    const states: Record<string, boolean> = {};
    for (const service of services)
      states[service.name] = await Promise.resolve()
        .then(() => service.ready())
        .catch(() => false);
    const ready = !draining && Object.values(states).every(Boolean);
    if (!ready) response.setHeader('retry-after', '1');
    answerJson(response, ready ? 200 : 503, { ready, services: states });
  }

  async function answerMetrics(response: ServerResponse): Promise<void> {
    try {
      const exposed = await options.metrics.expose();
      response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8');
      response.end(exposed);
    } catch (error) {
      logger.error({ event: 'metrics.failed', error });
      sendProblem(response, { status: 500, code: 'internal', title: 'The metrics cannot be read' });
    }
  }

  return {
    server,
    listen: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        const { host = '127.0.0.1', port: wanted = 0, socketPath } = options;
        server.listen(socketPath ? { path: socketPath } : { host, port: wanted, backlog: 1_024 }, () => {
          server.off('error', reject);
          server.on('error', (error) => logger.error({ event: 'http.server-failed', error }));
          if (socketPath) return resolve({ url: `unix:${socketPath}`, host: socketPath, port: 0 });
          const { port } = server.address() as AddressInfo;
          const shown = host.includes(':') ? `[${host}]` : host;
          resolve({ url: `http://${shown}:${port}`, host, port });
        });
      }),
    drain() {
      draining = true;
      if (server.listening && !hasSockets) server.close();
      server.closeIdleConnections();
    },
    async close(withinMs = CLOSE_WITHIN_MS) {
      draining = true;
      const closed = new Promise<void>((resolve) => {
        if (server.listening) server.close();
        server.closeIdleConnections();
        server.getConnections((error, count) => (error || count === 0 ? resolve() : server.once('close', resolve)));
      });
      const cut = clock.after(withinMs, () => server.closeAllConnections());
      // Services have said good-bye to their web sockets by now; what is left would hold the process.
      for (const socket of upgraded) socket.destroy();
      await closed;
      cut();
      stopSweep();
    },
  };
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
const OWN_PATHS = ['/healthz', '/readyz', '/metrics'];
const NOT_ALLOWED = { status: 405, code: 'method-not-allowed', title: 'This path takes GET and HEAD' } as const;
const STOPPING = {
  status: 503,
  code: 'stopping',
  title: 'This process is stopping; try again',
  retryAfterSeconds: 1,
} as const;
const NO_SUCH_PATH = { status: 404, code: 'not-found', title: 'No such path' } as const;

const CLIENT_FAULTS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/** The path without its query. */
export function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}

function hasBody(request: IncomingMessage): boolean {
  return request.headers['transfer-encoding'] !== undefined || (request.headers['content-length'] ?? '0') !== '0';
}

function answerJson(response: ServerResponse, status: number, body: unknown): void {
  response.statusCode = status;
  response.setHeader('content-type', 'application/json');
  response.setHeader('cache-control', 'no-store');
  response.end(JSON.stringify(body));
}

function refuseUpgrade(socket: Duplex, status: string, headers: string): void {
  socket.end(`HTTP/1.1 ${status}\r\n${headers}Connection: close\r\nContent-Length: 0\r\n\r\n`);
}
