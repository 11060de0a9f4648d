/**
 * The web socket face of the feed: upgrades (origin, rate, draining, sub-protocol), frames in and out, pings, closing. Decides who may
 * connect; what is said on a connection is `feed-connection.ts`.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { randomBytes } from 'node:crypto';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '@cairn/clock/clock.ts';
import { SESSION_COOKIE, cookieOf } from '@cairn/service-kit/authorise.ts';
import type { ControlMirror } from '@cairn/service-kit/control-mirror.ts';
import type { Logger } from 'pino';
import { CLOSE, type Closing, LIMITS, SUB_PROTOCOL, readSubProtocols } from '../core/feed-protocol.ts';
import { type ConnectionWriter, createConnectionWriter } from './connection-writer.ts';
import type { Feed } from './feed.ts';
import { createFeedConnection } from './feed-connection.ts';
import type { Hub } from './hub.ts';
import { type OriginCheck, bearerOf } from './origin-check.ts';
import type { Sessions } from './sessions.ts';

export interface FeedSockets {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** New ones are sent away, open ones are told to come back, each at another time. Resolves when they are gone. */
  drain(): Promise<void>;
}

export interface SocketDeps {
  feed: Feed;
  hub: Hub;
  sessions: Sessions;
  clock: Clock;
  control: Pick<ControlMirror, 'grantOf'>;
  logger: Logger;
  epochOf(workspace: string): string;
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
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: LIMITS.frameBytesMax,
    clientTracking: false,
    handleProtocols: (offered) => (offered.has(SUB_PROTOCOL) ? SUB_PROTOCOL : false),
  });
  const behind = new Set<ConnectionWriter>();
  const open = new Set<WebSocket>();
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

  function connect(ws: WebSocket, token: string | null): void {
    open.add(ws);
    let pingedAt = clock.monotonic();
    let answered = true;
    const writer = createConnectionWriter(
      {
        send: (bytes) => ws.send(bytes, AS_TEXT),
        buffered: () => ws.bufferedAmount,
        encode: (batch) => batch.messages(),
        tooSlow: () => connection.close(CLOSE.slow),
      },
      () => {
        behind.add(writer);
        hub.settle();
      },
    );
    const connection = createFeedConnection({
      ...deps,
      writer,
      sessionId: randomBytes(9).toString('base64url'),
      closeTransport: (closing) => close(ws, closing),
      sweepTransport(monotonic) {
        if (!answered && monotonic - pingedAt >= LIMITS.pongWithinMs) return connection.close(CLOSE.noPong);
        if (!answered || monotonic - pingedAt < LIMITS.pingEveryMs) return;
        pingedAt = monotonic;
        answered = false;
        ws.ping();
      },
    });
    sessions.add(connection);
    ws.on('pong', () => (answered = true));
    ws.on('message', (data: RawData, isBinary: boolean) => {
      if (isBinary) connection.close(CLOSE.unsupportedData);
      else connection.received((data as Buffer).toString());
    });
    // Protocol faults: ws has already answered with RFC 6455's code.
    ws.on('error', () => {});
    ws.on('close', () => {
      open.delete(ws);
      behind.delete(writer);
      sessions.remove(connection);
      connection.ended();
    });
    if (token !== null) connection.authenticate(token);
  }

  function close(ws: WebSocket, { code, reason }: Closing): void {
    ws.close(code, reason);
    const cut = clock.after(CLOSE_WITHIN_MS, () => ws.terminate());
    ws.once('close', cut);
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
