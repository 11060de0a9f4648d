import type { ServerResponse } from 'node:http';

/** RFC 9457 problem details: what every refusal of the API looks like. */
export interface Problem {
  status: number;
  /** Stable and short: `not-found`, `cannot-merge-known`. Becomes `type` as `https://cairn.dev/problems/<code>`. */
  code: string;
  title: string;
  detail?: string;
  /** One entry per fault of a request body. */
  errors?: readonly { path: string; message: string }[];
  retryAfterSeconds?: number;
}

/** Thrown by route handlers; the express error handler of `http.ts` answers it. */
export class ProblemError extends Error {
  override name = 'ProblemError';
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.detail ?? problem.title);
    this.problem = problem;
  }
}

export function sendProblem(response: ServerResponse, problem: Problem): void {
  const { status, code, retryAfterSeconds, ...rest } = problem;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.statusCode = status;
  response.setHeader('content-type', 'application/problem+json');
  if (retryAfterSeconds !== undefined) response.setHeader('retry-after', String(retryAfterSeconds));
  response.end(JSON.stringify({ type: `https://cairn.dev/problems/${code}`, status, code, ...rest }));
}

export const notFound = (what: string): ProblemError =>
  new ProblemError({ status: 404, code: 'not-found', title: `No such ${what}` });
