/**
 * The web socket face of the feed: upgrades (origin, rate, draining, sub-protocol), frames in and out, pings, closing. Decides who may
 * connect; what is said on a connection is `feed-connection.ts`.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '@cairn/clock/clock.ts';
import { SESSION_COOKIE, cookieOf } from '@cairn/service-kit/authorise.ts';
import { CLOSE, type Closing, LIMITS, SUB_PROTOCOL, readSubProtocols } from '../core/feed-protocol.ts';
import { ConnectionWriter, type Outlet } from './connection-writer.ts';
import { type ConnectionDeps, type ConnectionTransport, FeedConnection } from './feed-connection.ts';
import type { Hub } from './hub.ts';
import { type OriginCheck, bearerOf } from './origin-check.ts';
import type { Sessions } from './sessions.ts';

export interface FeedSockets {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** New ones are sent away, open ones are told to come back, each at another time. Resolves when they are gone. */
  drain(): Promise<void>;
}

export interface SocketDeps extends ConnectionDeps {
  hub: Hub;
  sessions: Sessions;
  isAllowedOrigin: OriginCheck;
  ready(): boolean;
  acceptPerSecond: number;
}

/** A peer that does not answer a close frame is cut after this time. */
const CLOSE_WITHIN_MS = 2_000;
/** Over how long clients are asked to spread their return. */
const RETURN_SPREAD_MS = 5_000;

export function createFeedSockets(deps: SocketDeps): FeedSockets {
  const { clock, hub, sessions } = deps;
  const server = new WebSocketServer<typeof FeedSocket>({
    noServer: true,
    WebSocket: FeedSocket,
    perMessageDeflate: false,
    maxPayload: LIMITS.frameBytesMax,
    clientTracking: false,
    handleProtocols: (offered) => (offered.has(SUB_PROTOCOL) ? SUB_PROTOCOL : false),
  });
  const behind = new Set<ConnectionWriter<FeedSocket>>();
  const open = new Set<FeedSocket>();
  const outlet: Outlet<FeedSocket> = {
    send: (ws, bytes) => ws.send(bytes, AS_TEXT),
    buffered: (ws) => ws.bufferedAmount,
    encode: (batch) => batch.messages(),
    behind(writer) {
      behind.add(writer);
      hub.settle();
    },
    tooSlow: (ws) => ws.connection.close(CLOSE.slow),
  };
  let draining = false;
  let accepted = deps.acceptPerSecond;
  let filledAt = clock.monotonic();

  hub.onTick(() => {
    for (const writer of behind) if (!writer.drain()) behind.delete(writer);
    return behind.size > 0;
  });

  function mayAccept(): boolean {
    const now = clock.monotonic();
    accepted = Math.min(deps.acceptPerSecond, accepted + ((now - filledAt) / 1_000) * deps.acceptPerSecond);
    filledAt = now;
    if (accepted < 1) return false;
    accepted -= 1;
    return true;
  }

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (!deps.isAllowedOrigin(request)) return refuse(socket, '403 Forbidden');
    if (draining || !deps.ready() || !mayAccept())
      return refuse(socket, '503 Service Unavailable', 'Retry-After: 1\r\n');
    const offered = readSubProtocols(listOf(request.headers['sec-websocket-protocol']));
    if (offered.any && !offered.ours) return refuse(socket, '400 Bad Request');
    server.handleUpgrade(request, socket, head, (ws) => {
      connect(ws, offered.token ?? bearerOf(request) ?? cookieToken(request));
    });
  }

  function connect(ws: FeedSocket, token: string | null): void {
    ws.clock = clock;
    ws.writer = new ConnectionWriter(outlet, ws);
    ws.connection = new FeedConnection(deps, ws, ws.writer);
    open.add(ws);
    sessions.add(ws.connection);
    ws.on('message', onMessage);
    ws.on('pong', onPong);
    // Protocol faults: ws has already answered with RFC 6455's code.
    ws.on('error', onError);
    ws.on('close', onClose);
    if (token !== null) ws.connection.authenticate(token);
  }

  function onClose(this: WebSocket): void {
    const { writer, connection } = this as FeedSocket;
    open.delete(this as FeedSocket);
    behind.delete(writer);
    sessions.remove(connection);
    connection.ended();
  }

  return {
    upgrade,
    async drain() {
      draining = true;
      const gone = [...open].map((ws) => new Promise<void>((resolve) => ws.once('close', () => resolve())));
      for (const session of sessions.all()) {
        const retryAfterMs = Math.round(clock.random() * RETURN_SPREAD_MS);
        session.close({ ...CLOSE.shuttingDown, reason: `shutting down; come back in ${retryAfterMs} ms` });
      }
      await Promise.all(gone);
      server.close();
    },
  };
}

const AS_TEXT = { binary: false, compress: false } as const;

/** A socket with what belongs to it, so that ten thousand of them share their listeners. */
class FeedSocket extends WebSocket implements ConnectionTransport {
  declare clock: Clock;
  declare writer: ConnectionWriter<FeedSocket>;
  declare connection: FeedConnection;

  closeFor({ code, reason }: Closing): void {
    this.close(code, reason);
    const cut = this.clock.after(CLOSE_WITHIN_MS, () => this.terminate());
    this.once('close', cut);
  }
}

function onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
  const { connection } = this as FeedSocket;
  if (isBinary) connection.close(CLOSE.unsupportedData);
  else connection.received((data as Buffer).toString());
}

function onPong(this: WebSocket): void {
  (this as FeedSocket).connection.ponged();
}

function onError(): void {}

const cookieToken = (request: IncomingMessage): string | null =>
  // Another site could make a browser send the cookie: only with an Origin, which `isAllowedOrigin` has checked.
  request.headers.origin === undefined ? null : cookieOf(request.headers.cookie, SESSION_COOKIE);

const listOf = (header: string | undefined): string[] =>
  (header ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter(Boolean);

function refuse(socket: Duplex, status: string, headers = ''): void {
  socket.on('error', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\n${headers}Connection: close\r\nContent-Length: 0\r\n\r\n`);
}
