import type { IncomingMessage } from 'node:http';
import type { TokenPut } from '@cairn/contracts/generated/control.ts';
import type { Clock } from '@cairn/clock/clock.ts';
import type { ControlMirror, Grant } from './control-mirror.ts';
import { ProblemError } from './problem.ts';

export type Scope = TokenPut['scopes'][number];

/** The cookie that a browser of the dashboard holds. */
export const SESSION_COOKIE = 'cairn_session';

/** A scope is granted by itself or by a wider one: who administers may act and read, who acts may read. Writing touchpoints is apart. */
const GRANTED_BY: Readonly<Record<Scope, readonly Scope[]>> = {
  read: ['read', 'act', 'admin', 'installation'],
  act: ['act', 'admin', 'installation'],
  admin: ['admin', 'installation'],
  installation: ['installation'],
  ingest: ['ingest'],
};

/**
 * Who asks, and whether they may: `Authorization: Bearer`, or the session cookie (a change by cookie must come from the own
 * origin, or another site could make a browser send it). Throws a 401 or 403 problem. Never tells an unknown token from a withdrawn one.
 */
export function authorise(
  ports: { control: Pick<ControlMirror, 'grantOf'>; clock: Pick<Clock, 'now'> },
  request: Pick<IncomingMessage, 'headers' | 'method'>,
  scope: Scope,
): Grant {
  const found = tokenOf(request);
  if (!found) throw unauthorised('A bearer token is needed');
  const grant = ports.control.grantOf(found.token, ports.clock.now());
  if (!grant) throw unauthorised('The token is not valid');
  if (found.by === 'cookie' && !isSafe(request.method) && !isSameOrigin(request))
    throw new ProblemError({
      status: 403,
      code: 'foreign-origin',
      title: 'A change by cookie must come from the own origin',
    });
  if (!mayDo(grant, scope))
    throw new ProblemError({ status: 403, code: 'forbidden', title: `The token lacks the scope ${scope}` });
  return grant;
}

export type HearsOfTokens = Pick<ControlMirror, 'grantOf' | 'heard'>;

/** Waits, where the token of a request is not known here, until this node has heard of whatever other nodes gave out before. */
export async function hearOfToken(
  control: HearsOfTokens,
  request: Pick<IncomingMessage, 'headers' | 'method'>,
): Promise<void> {
  const found = tokenOf(request);
  if (found && !control.grantOf(found.token, -Infinity)) await control.heard();
}

export function mayDo(grant: Grant, scope: Scope): boolean {
  return GRANTED_BY[scope].some((granted) => grant.scopes.has(granted));
}

/** The token of a request and how it came; null when there is none. */
export function tokenOf(request: Pick<IncomingMessage, 'headers'>): { token: string; by: 'bearer' | 'cookie' } | null {
  const header = request.headers.authorization;
  if (header !== undefined) {
    const match = /^Bearer +(\S+) *$/i.exec(header);
    return match ? { token: match[1]!, by: 'bearer' } : null;
  }
  const cookie = cookieOf(request.headers.cookie, SESSION_COOKIE);
  return cookie ? { token: cookie, by: 'cookie' } : null;
}

export function cookieOf(header: string | undefined, name: string): string | null {
  for (const part of (header ?? '').split(';')) {
    const equals = part.indexOf('=');
    if (equals > 0 && part.slice(0, equals).trim() === name) {
      try {
        return decodeURIComponent(part.slice(equals + 1).trim()) || null;
      } catch {
        return null;
      }
    }
  }
  return null;
}

/** Whether a browser says that the request comes from our own pages. */
export function isSameOrigin(request: Pick<IncomingMessage, 'headers'>): boolean {
  const site = request.headers['sec-fetch-site'];
  if (typeof site === 'string') return site === 'same-origin';
  const origin = request.headers.origin;
  return typeof origin === 'string' && URL.parse(origin)?.host === request.headers.host;
}

function isSafe(method: string | undefined): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
}

function unauthorised(title: string): ProblemError {
  return new ProblemError({ status: 401, code: 'unauthorised', title });
}
