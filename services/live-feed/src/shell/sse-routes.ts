/** The feed without web sockets: `GET /live/sse` (events) and `GET /live/history` (catch-up), on the same cursors. Plain `node:http`. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '@cairn/clock/clock.ts';
import { authorise, hearOfToken, type HearsOfTokens } from '@cairn/service-kit/authorise.ts';
import type { Grant } from '@cairn/service-kit/control-mirror.ts';
import { problemOf } from '@cairn/service-kit/express-app.ts';
import { ProblemError, notFound, sendProblem } from '@cairn/service-kit/problem.ts';
import { formatInstant } from '@cairn/clock/calendar.ts';
import type { Logger } from 'pino';
import { parseFilter } from '../core/board-filter.ts';
import { ERRORS, LIMITS, parseChannel } from '../core/feed-protocol.ts';
import type { Projection } from '../core/show-change.ts';
import { ConnectionWriter, type Outlet } from './connection-writer.ts';
import type { Feed, SubscribeRequest } from './feed.ts';
import { createBatch } from './frame-batch.ts';
import type { Hub } from './hub.ts';
import type { OriginCheck } from './origin-check.ts';
import type { Session, Sessions } from './sessions.ts';

export interface SseRoutes {
  handle(request: IncomingMessage, response: ServerResponse, path: string): void;
  drain(): void;
}

export interface SseDeps {
  feed: Feed;
  hub: Hub;
  sessions: Sessions;
  clock: Clock;
  control: HearsOfTokens;
  logger: Logger;
  epochOf(workspace: string): string;
  isAllowedOrigin: OriginCheck;
  ready(): boolean;
}

interface Stream {
  response: ServerResponse;
  /** Monotonic. */
  saidAt: number;
}

/** Proxies cut a silent answer after some 30 s; API.md promises 15 s. */
const COMMENT_EVERY_MS = 10_000;
const HISTORY_LIMIT_MAX = 500;
const HISTORY_LIMIT = 100;
/** Streams at once: each holds an HTTP connection. */
const STREAMS_MAX = 5_000;

export function createSseRoutes(deps: SseDeps): SseRoutes {
  const { feed, hub, sessions, clock } = deps;
  const behind = new Set<ConnectionWriter<Stream>>();
  const outlet: Outlet<Stream> = {
    send(stream, bytes) {
      stream.saidAt = clock.monotonic();
      stream.response.write(bytes);
    },
    buffered: ({ response }) => response.writableLength,
    encode: (batch) => [batch.events()],
    behind(writer) {
      behind.add(writer);
      hub.settle();
    },
    // What is already in the socket still arrives; the client comes back with the last id it saw.
    tooSlow: ({ response }) => response.destroy(),
  };
  const streams = new Set<ServerResponse>();
  hub.onTick(() => {
    for (const writer of behind) if (!writer.drain()) behind.delete(writer);
    return behind.size > 0;
  });

  async function events(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { grant, query, subscribe } = read(request);
    if (streams.size >= STREAMS_MAX || !deps.ready()) throw unavailable();
    const lastEventId = request.headers['last-event-id'];
    const cursor = (typeof lastEventId === 'string' && lastEventId) || query.get('cursor') || null;
    const answer = await feed.subscribe({ ...subscribe, cursor, withSnapshot: false });
    if ('code' in answer) throw problemFor(answer);
    if (response.destroyed) return answer.leave();
    const stream: Stream = { response, saidAt: clock.monotonic() };
    const writer = new ConnectionWriter(outlet, stream);
    const session: Session = {
      grant,
      close: () => response.end(),
      sweep(monotonic) {
        if (monotonic - stream.saidAt >= COMMENT_EVERY_MS) writer.reply(': still here\n\n');
      },
    };
    streams.add(response);
    sessions.add(session);
    response.on('close', () => {
      streams.delete(response);
      sessions.remove(session);
      behind.delete(writer);
      answer.leave();
    });
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', ...HEADERS });
    // An id without data moves the reader's position and is no event.
    if (answer.recovered || cursor === null)
      writer.reply(`: welcome\nid: ${answer.recovered ? cursor : answer.cursor}\n\n`);
    else writer.reply(resetText(subscribe, answer.cursor, clock.now()));
    if (answer.missed.length) writer.push(createBatch(answer.missed));
    answer.start((batch) => writer.push(batch));
  }

  async function history(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { query, subscribe } = read(request);
    const limit = Number(query.get('limit') ?? HISTORY_LIMIT);
    if (!Number.isInteger(limit) || limit < 1 || limit > HISTORY_LIMIT_MAX)
      throw bad(`limit must be a whole number from 1 to ${HISTORY_LIMIT_MAX}`);
    const page = await feed.history({ ...subscribe, cursor: query.get('cursor') || null, withSnapshot: false, limit });
    if (page === 'gone')
      throw new ProblemError({ status: 410, code: 'cursor-too-old', title: 'The cursor is too old: take a snapshot' });
    if ('code' in page) throw problemFor(page);
    response.writeHead(200, { 'content-type': 'application/json', ...HEADERS });
    response.end(page.text);
  }

  function read(request: IncomingMessage): {
    grant: Grant;
    query: URLSearchParams;
    subscribe: Omit<SubscribeRequest, 'cursor' | 'withSnapshot'>;
  } {
    if (!deps.isAllowedOrigin(request))
      throw new ProblemError({ status: 403, code: 'foreign-origin', title: 'This origin may not read the feed' });
    const grant = authorise(deps, request, 'read');
    const query = new URL(request.url ?? '/', 'http://localhost').searchParams;
    const projection = projectionOf(query);
    if (!projection) throw notFound('channel');
    const { workspace } = grant;
    return { grant, query, subscribe: { workspace, epoch: deps.epochOf(workspace), projection } };
  }

  return {
    handle(request, response, path) {
      if (request.method !== 'GET') {
        response.setHeader('allow', 'GET');
        return sendProblem(response, NOT_ALLOWED);
      }
      const answer = hearOfToken(deps.control, request).then(() =>
        path === '/live/sse' ? events(request, response) : history(request, response),
      );
      answer.catch((error: unknown) => {
        const problem = problemOf(error);
        if (problem.status >= 500 && !(error instanceof ProblemError))
          deps.logger.error({ event: 'http.failed', path, err: error });
        sendProblem(response, problem);
      });
    },
    drain() {
      for (const response of streams) response.end();
    },
  };
}

const NOT_ALLOWED = { status: 405, code: 'method-not-allowed', title: 'The feed is read with GET' } as const;

const HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  // nginx would hold events back.
  'x-accel-buffering': 'no',
};

function projectionOf(query: URLSearchParams): Projection | null {
  const name = query.get('channel') ?? '';
  const channel = parseChannel(name);
  if (!channel) return null;
  const raw = query.get('filter');
  if (raw === null) return { channel, filter: null };
  let parsed: unknown;
  try {
    parsed = JSON.parse(raw);
  } catch {
    parsed = undefined;
  }
  const filter = channel.kind === 'board' && parsed !== undefined ? parseFilter(parsed) : null;
  if (!filter) throw bad('filter must be a JSON object, and only the board has one');
  return { channel, filter };
}

const bad = (detail: string): ProblemError =>
  new ProblemError({ status: 400, code: 'bad-request', title: 'The request cannot be read', detail });

const unavailable = (): ProblemError =>
  new ProblemError({ status: 503, code: 'unavailable', title: 'Try again', retryAfterSeconds: 1 });

function problemFor(error: { code: number }): ProblemError {
  if (error.code === ERRORS.unknownChannel.code) return notFound('channel');
  return bad(`cursor must be one that this feed gave out (at most ${LIMITS.cursorLengthMax} characters)`);
}

function resetText({ projection }: { projection: Projection }, cursor: string, now: number): string {
  const data = JSON.stringify({
    channel: projection.channel.name,
    cursor,
    type: 'reset',
    at: formatInstant(now),
    data: null,
  });
  return `id: ${cursor}\nevent: reset\ndata: ${data}\n\n`;
}
