import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '@cairn/clock/clock.ts';

/**
 * The answers of the ingest API. Written as raw header lists: on this path a response is a third of the work. A write key is no
 * cookie, so any page may call (CORS `*`).
 */
const JSON_HEADERS = ['Content-Type', 'application/json', 'Access-Control-Allow-Origin', '*'];
const SUCCESS = '{"success":true}';
const SUCCESS_HEADERS = [...JSON_HEADERS, 'Content-Length', String(SUCCESS.length)];

export function answerSuccess(response: ServerResponse): void {
  response.writeHead(200, SUCCESS_HEADERS);
  response.end(SUCCESS);
}

export function answerJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  extra: readonly string[] = [],
): void {
  const text = JSON.stringify(body);
  response.writeHead(status, [...JSON_HEADERS, 'Content-Length', String(Buffer.byteLength(text)), ...extra]);
  response.end(text);
}

export interface Fault {
  status: number;
  code: string;
  message: string;
  retryAfterSeconds?: number;
  /** The method that the path takes. */
  allow?: string;
  /** Further fields of the answer. */
  more?: Readonly<Record<string, unknown>>;
}

export function answerFault(response: ServerResponse, fault: Fault): void {
  answerJson(response, fault.status, faultBody(fault), faultHeaders(fault));
}

/**
 * Answers before the request was read to its end. Closing at once would reset the connection and take the answer with it, so the
 * whole answer is written, the rest of the body read and thrown away (for a bounded time), and only then the connection closed.
 */
export function answerEarly(request: IncomingMessage, response: ServerResponse, fault: Fault, clock: Clock): void {
  if (request.complete || request.destroyed) return answerFault(response, fault);
  const text = JSON.stringify(faultBody(fault));
  response.writeHead(fault.status, [
    ...JSON_HEADERS,
    'Content-Length',
    String(Buffer.byteLength(text)),
    'Connection',
    'close',
    ...faultHeaders(fault),
  ]);
  response.write(text);
  const cancel = clock.after(DRAIN_MS_MAX, () => request.destroy());
  request.on('data', () => {});
  request.once('end', () => {
    cancel();
    response.end();
  });
  request.once('close', cancel);
  request.resume();
}

/** At full speed over loopback that is tens of gigabytes; over a slow line the client has read the answer long since. */
const DRAIN_MS_MAX = 30_000;

function faultBody(fault: Fault): unknown {
  return { success: false, code: fault.code, message: fault.message, ...fault.more };
}

function faultHeaders(fault: Fault): string[] {
  if (fault.allow !== undefined) return ['Allow', `${fault.allow}, OPTIONS`];
  return fault.retryAfterSeconds === undefined
    ? []
    : ['Retry-After', String(fault.retryAfterSeconds), 'Access-Control-Expose-Headers', 'Retry-After'];
}

/** What an SDK in a browser asks before it posts. */
export function answerPreflight(response: ServerResponse): void {
  response.writeHead(204, [
    'Access-Control-Allow-Origin',
    '*',
    'Access-Control-Allow-Methods',
    'GET, POST, OPTIONS',
    'Access-Control-Allow-Headers',
    'Authorization, Content-Type, Content-Encoding, X-Retry-Count, X-Cairn-Strict',
    'Access-Control-Expose-Headers',
    'Retry-After',
    'Access-Control-Max-Age',
    '86400',
    'Content-Length',
    '0',
  ]);
  response.end();
}

export const UNAUTHORISED: Fault = { status: 401, code: 'unauthorised', message: 'the write key is wrong or missing' };
export const UNAVAILABLE: Fault = {
  status: 503,
  code: 'unavailable',
  message: 'nothing was taken; try again',
  retryAfterSeconds: 1,
};
export const OVERLOADED: Fault = {
  status: 503,
  code: 'overloaded',
  message: 'too much at once; try again',
  retryAfterSeconds: 1,
};
export const TOO_SLOW: Fault = { status: 408, code: 'too-slow', message: 'the body did not come in time' };
export const notAllowed = (allow: string): Fault => ({
  status: 405,
  code: 'method-not-allowed',
  message: `this path takes ${allow}`,
  allow,
});
export const NO_SUCH_PATH: Fault = { status: 404, code: 'not-found', message: 'no such path' };
