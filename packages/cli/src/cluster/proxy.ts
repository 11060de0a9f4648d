/**
 * A plain reverse proxy: each request to whoever has its path. Streams both ways and decides nothing else. A service that is away is a
 * 503 with Retry-After, never a reset: clients try again.
 */
import {
  Agent,
  createServer,
  request as openRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Duplex } from 'node:stream';
import { sendProblem } from '@cairn/service-kit/problem.ts';

/** Where a service listens: a port of a host, or a socket in the file system (between threads of one process). */
export type ProxyTarget = { host: string; port: number } | { socketPath: string };

export interface ProxyRoute {
  /** The first route whose pattern matches the path takes the request. */
  path: RegExp;
  /** Those who can answer, in turn; read at each request. */
  targets(): readonly ProxyTarget[];
}

const AWAY = { status: 503, code: 'service-away', title: 'That part is restarting; try again', retryAfterSeconds: 1 };

export interface Proxy {
  handle(incoming: IncomingMessage, response: ServerResponse): void;
  upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): void;
}

export function createProxy(routes: readonly ProxyRoute[]): Proxy {
  const agent = new Agent({ keepAlive: true, maxSockets: 1_024 });
  const turns = new Map<ProxyRoute, number>();

  function targetsOf(incoming: IncomingMessage): readonly ProxyTarget[] {
    const path = (incoming.url ?? '/').split('?')[0]!;
    const route = routes.find((candidate) => candidate.path.test(path));
    if (!route) return [];
    const all = route.targets();
    const turn = turns.get(route) ?? 0;
    turns.set(route, turn + 1);
    return all.map((_, index) => all[(turn + index) % all.length]!);
  }

  function forward(incoming: IncomingMessage, response: ServerResponse, targets: readonly ProxyTarget[]): void {
    const [target, ...others] = targets;
    if (!target) return sendProblem(response, AWAY);
    const outgoing = openRequest({
      ...target,
      method: incoming.method,
      path: incoming.url,
      headers: forwarded(incoming),
      agent,
    });
    let connected = false;
    outgoing.on('socket', (socket) => {
      if (socket.connecting) socket.once('connect', () => (connected = true));
      else connected = true;
    });
    outgoing.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    outgoing.on('error', () => {
      incoming.unpipe(outgoing);
      if (response.headersSent) return void response.destroy();
      // As long as the connection was refused, nothing of the body has left: another node may take it.
      if (!connected && others.length && !incoming.readableDidRead) return forward(incoming, response, others);
      sendProblem(response, AWAY);
    });
    response.on('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
  }

  return {
    handle: (incoming, response) => forward(incoming, response, targetsOf(incoming)),
    upgrade(incoming, socket, head) {
      const refuse = (): void =>
        void socket.end('HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n\r\n');
      socket.on('error', () => socket.destroy());
      const [target] = targetsOf(incoming);
      if (!target) return refuse();
      const outgoing = openRequest({ ...target, method: 'GET', path: incoming.url, headers: forwarded(incoming) });
      outgoing.on('upgrade', (answer, upstream, upstreamHead) => {
        socket.write(headOf(answer));
        upstream.on('error', () => socket.destroy());
        socket.on('close', () => upstream.destroy());
        upstream.on('close', () => socket.destroy());
        if (upstreamHead.length) socket.write(upstreamHead);
        if (head.length) upstream.write(head);
        upstream.pipe(socket).pipe(upstream);
      });
      outgoing.on('response', (answer) => {
        socket.write(headOf(answer));
        answer.pipe(socket);
      });
      outgoing.on('error', refuse);
      outgoing.end();
    },
  };
}

/** The proxy on a port of its own. `own` answers before any route: health and readiness of the whole. */
export function createProxyServer(
  routes: readonly ProxyRoute[],
  own: (path: string, response: ServerResponse) => boolean,
): Server {
  const proxy = createProxy(routes);
  const server = createServer((incoming, response) => {
    if (!own((incoming.url ?? '/').split('?')[0]!, response)) proxy.handle(incoming, response);
  });
  server.on('upgrade', (incoming: IncomingMessage, socket: Duplex, head: Buffer) =>
    proxy.upgrade(incoming, socket, head),
  );
  return server;
}

function forwarded(incoming: IncomingMessage): IncomingMessage['headers'] {
  const { headers, socket } = incoming;
  return {
    ...headers,
    'x-forwarded-for': socket.remoteAddress ?? '',
    'x-forwarded-host': headers.host ?? '',
    'x-forwarded-proto': 'http',
  };
}

/** Status line and headers as text, as they came. */
function headOf(answer: IncomingMessage): string {
  const lines = [`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}`];
  for (let i = 0; i < answer.rawHeaders.length; i += 2)
    lines.push(`${answer.rawHeaders[i]}: ${answer.rawHeaders[i + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}
