/** Single resources with an `ETag`: who has the newest already is told so (304) and nothing else. */
import { createHash } from 'node:crypto';
import type { Request, Response } from 'express';

/**
 * Answers `body`, or 304 where `If-None-Match` names what it is now. `state`: what the tag is made of, where `body` also holds figures that
 * only time moves (a silence that grows is no new version of a journey). The tag is weak: it tells of the resource, not of its bytes.
 */
export function sendResource(request: Request, response: Response, body: object, state: object = body): void {
  const tag = `"${createHash('sha1').update(JSON.stringify(state)).digest('base64url')}"`;
  response.setHeader('etag', `W/${tag}`);
  // Kept by the client, asked for anew each time: `no-store` would forbid it to keep what it compares with.
  response.setHeader('cache-control', 'private, no-cache');
  if (isNamed(request.headers['if-none-match'], tag)) return void response.status(304).end();
  response.json(body);
}

function isNamed(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === tag);
}
