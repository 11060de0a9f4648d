import type { IncomingMessage, ServerResponse } from 'node:http';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import type { Logger } from 'pino';
import { LogUnavailable } from '@cairn/log/log.ts';
import { ProblemError, notFound, sendProblem, type Problem } from './problem.ts';

/** Bodies of the read and control API are definitions at most; over it a 413. */
const BODY_BYTES_MAX = 1_000_000;
/** While the log is away; it reconnects within seconds. */
const RETRY_AFTER_SECONDS = 1;

/**
 * An express app as every service of the API has it: JSON bodies (YAML and text stay text), problem details for every fault,
 * security headers. Handlers may be async: express 5 hands a rejection to the error handler. Not for the ingest path: express
 * halves its throughput.
 */
export function createExpressApp(
  options: { logger: Logger; bodyBytesMax?: number },
  routes: (app: Express) => void,
): (request: IncomingMessage, response: ServerResponse) => void {
  const limit = options.bodyBytesMax ?? BODY_BYTES_MAX;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(securityHeaders);
  app.use(express.json({ limit, strict: false }));
  app.use(
    express.text({ limit, type: ['text/plain', 'text/yaml', 'application/yaml', 'application/x-yaml', 'text/x-yaml'] }),
  );
  routes(app);
  app.use((_request, _response, next) => next(notFound('resource')));
  app.use(answerFault(options.logger));
  return app;
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
