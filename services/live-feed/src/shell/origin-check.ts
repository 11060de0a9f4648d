/** Which browser pages may connect: an exact list, or the page's own origin. A program sends no Origin and needs a token. */
import type { IncomingMessage } from 'node:http';

export type OriginCheck = (request: Pick<IncomingMessage, 'headers'>) => boolean;

/** `allowed`: origins such as `https://cairn.example`; null: only the origin that the request itself was sent to. */
export function createOriginCheck(allowed: readonly string[] | null): OriginCheck {
  const list = new Set((allowed ?? []).map((origin) => URL.parse(origin)?.origin ?? origin));
  return function isAllowedOrigin(request) {
    const { origin, host } = request.headers;
    if (origin === undefined) return true;
    if (allowed) return list.has(origin);
    const parsed = URL.parse(origin);
    return parsed !== null && parsed.origin === origin && parsed.host === host;
  };
}

/** The token of `Authorization: Bearer`; null: none. */
export function bearerOf(request: Pick<IncomingMessage, 'headers'>): string | null {
  return /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1] ?? null;
}
