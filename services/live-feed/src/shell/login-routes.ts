/** `GET /login?token=…`, the link that `npm start` prints: turns a token into the session cookie of a browser. `POST /logout` takes it away. */
import type { Express } from 'express';
import type { Clock } from '@cairn/clock/clock.ts';
import { SESSION_COOKIE, isSameOrigin, type HearsOfTokens } from '@cairn/service-kit/authorise.ts';
import { ProblemError, sendProblem } from '@cairn/service-kit/problem.ts';
import { badRequest, textOf } from './paging.ts';

/** A browser session lasts a month unless its token ends before. */
const COOKIE_SECONDS = 30 * 86_400;

export function addLoginRoutes(app: Express, { control, clock }: { control: HearsOfTokens; clock: Clock }): void {
  app.get('/login', async (request, response) => {
    const token = textOf(request, 'token');
    if (token === null) throw badRequest('token is needed');
    if (!control.grantOf(token, clock.now())) await control.heard();
    const grant = control.grantOf(token, clock.now());
    if (!grant) throw new ProblemError({ status: 401, code: 'unauthorised', title: 'The token is not valid' });
    const ends = grant.expiresAt === null ? COOKIE_SECONDS : Math.floor((grant.expiresAt - clock.now()) / 1_000);
    response.setHeader('set-cookie', cookie(token, Math.min(COOKIE_SECONDS, ends), isSecure(request)));
    response.redirect(303, '/');
  });

  // Whoever opens the feed's address in a browser: what it is.
  app.get('/live', (_request, response) => {
    response.setHeader('upgrade', 'websocket');
    sendProblem(response, { status: 426, code: 'upgrade-required', title: 'The live feed is a web socket' });
  });

  app.post('/logout', (request, response) => {
    if (!isSameOrigin(request))
      throw new ProblemError({ status: 403, code: 'foreign-origin', title: 'Another site may not log you out' });
    response.setHeader('set-cookie', cookie('', 0, isSecure(request)));
    response.status(204).end();
  });
}

function cookie(value: string, seconds: number, secure: boolean): string {
  const parts = [
    `${SESSION_COOKIE}=${encodeURIComponent(value)}`,
    'Path=/',
    'HttpOnly',
    'SameSite=Strict',
    `Max-Age=${seconds}`,
  ];
  return [...parts, ...(secure ? ['Secure'] : [])].join('; ');
}

/** Behind a proxy that ends TLS the cookie must not travel in the clear. */
const isSecure = (request: { headers: Record<string, unknown>; secure: boolean }): boolean =>
  request.secure || request.headers['x-forwarded-proto'] === 'https';
