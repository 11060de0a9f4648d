import type { IncomingMessage, ServerResponse } from 'node:http';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import type { Logger } from 'pino';
import type { Clock } from '@cairn/clock/clock.ts';
import { hearOfToken, type HearsOfTokens } from './authorise.ts';
import { LogUnavailable } from '@cairn/log/log.ts';
import { ProblemError, notFound, sendProblem, type Problem } from './problem.ts';
import { createRateLimit } from './rate-limit.ts';

/** Bodies of the read and control API are definitions at most; over it a 413. */
const BODY_BYTES_MAX = 1_000_000;
/** While the log is away; it reconnects within seconds. */
const RETRY_AFTER_SECONDS = 1;

export interface ExpressAppOptions {
  logger: Logger;
  bodyBytesMax?: number;
  /** With one, requests are counted a token (429 past the limit of `rate-limit.ts`). */
  clock?: Pick<Clock, 'monotonic'>;
  /** With one, a token that this node does not know yet is heard of before the routes see it. */
  control?: HearsOfTokens;
}

/**
 * An express app as every service of the API has it: JSON bodies (YAML and text stay text), problem details for every fault,
 * security headers. Handlers may be async: express 5 hands a rejection to the error handler. Not for the ingest path: express
 * halves its throughput.
 */
export function createExpressApp(
  options: ExpressAppOptions,
  routes: (app: Express) => void,
): (request: IncomingMessage, response: ServerResponse) => void {
  const limit = options.bodyBytesMax ?? BODY_BYTES_MAX;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(securityHeaders);
  if (options.clock) {
    const countRequest = createRateLimit(options.clock);
    app.use((request, _response, next) => {
      countRequest(request);
      next();
    });
  }
  const { control } = options;
  if (control) app.use((request, _response, next) => void hearOfToken(control, request).then(() => next(), next));
  app.use(express.json({ limit, strict: false }));
  app.use(
    express.text({ limit, type: ['text/plain', 'text/yaml', 'application/yaml', 'application/x-yaml', 'text/x-yaml'] }),
  );
  routes(app);
  app.use(methodNotAllowed(app));
  app.use((_request, _response, next) => next(notFound('resource')));
  app.use(answerFault(options.logger));
  return app;
}

/** The path is there, the method is not: 405 with what is. */
function methodNotAllowed(app: Express): RequestHandler {
  return (request, response, next) => {
    const allowed = new Set<string>();
    for (const { path, methods } of routesOf(app))
      if (matches(path, request.path)) for (const method of methods) allowed.add(method);
    if (allowed.size === 0) return next();
    if (allowed.has('GET')) allowed.add('HEAD');
    const allow = [...allowed].sort().join(', ');
    response.setHeader('allow', allow);
    sendProblem(response, {
      status: 405,
      code: 'method-not-allowed',
      title: `This path takes ${allow}, not ${request.method}`,
    });
  };
}

export interface KnownRoute {
  /** As express writes it: `/api/journeys/:id`. */
  path: string;
  /** Upper case. */
  methods: readonly string[];
}

/** The routes of an app, in the order they were added. */
export function routesOf(app: Express): KnownRoute[] {
  const { stack } = app.router as unknown as {
    stack: { route?: { path: string; methods: Record<string, boolean> } }[];
  };
  return stack.flatMap(({ route }) =>
    route ? [{ path: route.path, methods: Object.keys(route.methods).map((method) => method.toUpperCase()) }] : [],
  );
}

/** A parameter is one part of a path. */
function matches(path: string, asked: string): boolean {
  const parts = path.split('/');
  const given = asked.replace(/\/$/, '').split('/');
  return (
    parts.length === given.length &&
    parts.every((part, index) => (part.startsWith(':') ? given[index] !== '' : part === given[index]))
  );
}

const securityHeaders: RequestHandler = (_request, response, next) => {
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('x-frame-options', 'DENY');
  response.setHeader('referrer-policy', 'no-referrer');
  response.setHeader('cache-control', 'no-store');
  next();
};

function answerFault(logger: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    const problem = problemOf(error);
    if (problem.status >= 500)
      logger.error({ event: 'http.failed', method: request.method, path: request.path, status: problem.status, error });
    sendProblem(response, problem);
  };
}

/** What a client is told of a fault; nothing of what is inside. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  if (error instanceof LogUnavailable)
    return {
      status: 503,
      code: 'unavailable',
      title: 'The log is away; try again',
      retryAfterSeconds: RETRY_AFTER_SECONDS,
    };
  const { type, status } = (error ?? {}) as { type?: unknown; status?: unknown };
  if (type === 'entity.parse.failed') return { status: 400, code: 'malformed-json', title: 'The body is no JSON' };
  if (type === 'entity.too.large') return { status: 413, code: 'too-large', title: 'The body is too large' };
  // Faults of body-parser and of the router (a path that cannot be decoded) carry a 4xx status of their own.
  if (typeof status === 'number' && status >= 400 && status < 500)
    return { status, code: 'bad-request', title: 'The request cannot be read' };
  return { status: 500, code: 'internal', title: 'Something went wrong here' };
}
