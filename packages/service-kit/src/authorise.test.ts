import { describe, expect, it } from 'vitest';
import { authorise, cookieOf, type Scope } from './authorise.ts';
import type { Grant } from './control-mirror.ts';
import { ProblemError } from './problem.ts';

const GRANTS: Record<string, Scope[]> = { reader: ['read'], actor: ['act'], chief: ['admin'], writer: ['ingest'] };
const ports = {
  clock: { now: () => 5 },
  control: {
    grantOf: (token: string): Grant | null =>
      GRANTS[token]
        ? { workspace: 'w1', tokenId: token, name: token, scopes: new Set(GRANTS[token]), expiresAt: null }
        : null,
  },
};

function ask(headers: Record<string, string | undefined>, scope: Scope = 'read', method = 'GET'): string | number {
  try {
    return authorise(ports, { headers, method }, scope).tokenId;
  } catch (error) {
    if (error instanceof ProblemError) return error.problem.status;
    throw error;
  }
}
const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
const cookie = (token: string, more: Record<string, string> = {}): Record<string, string> => ({
  cookie: `a=b; cairn_session=${token}; c=d`,
  host: 'cairn.example',
  ...more,
});

describe('who may do what', () => {
  it.each<[string, Scope, string | number]>([
    ['reader', 'read', 'reader'],
    ['reader', 'act', 403],
    ['reader', 'admin', 403],
    ['actor', 'read', 'actor'],
    ['actor', 'act', 'actor'],
    ['actor', 'admin', 403],
    ['chief', 'read', 'chief'],
    ['chief', 'act', 'chief'],
    ['chief', 'admin', 'chief'],
    ['chief', 'ingest', 403],
    ['chief', 'installation', 403],
    ['writer', 'read', 403],
    ['writer', 'ingest', 'writer'],
    ['nobody', 'read', 401],
  ])('%s asking for %s: %s', (token, scope, expected) => expect(ask(bearer(token), scope)).toBe(expected));

  it('is nobody without a token, or with a header that is none', () => {
    for (const headers of [
      {},
      { authorization: 'Basic x' },
      { authorization: 'Bearer' },
      { cookie: 'x=y' },
      { cookie: 'cairn_session=' },
      { cookie: 'cairn_session=%E0%A4%A' },
    ])
      expect(ask(headers)).toBe(401);
  });
  it('may read with the session cookie', () => expect(ask(cookie('reader'))).toBe('reader'));
  it.each<[string, Record<string, string>, string | number]>([
    ['the own origin', { origin: 'https://cairn.example' }, 'actor'],
    ['a browser that says same-origin', { 'sec-fetch-site': 'same-origin' }, 'actor'],
    ['another origin', { origin: 'https://evil.example' }, 403],
    ['another origin of the same site', { 'sec-fetch-site': 'same-site', origin: 'https://cairn.example' }, 403],
    ['no origin', {}, 403],
    ['the origin null', { origin: 'null' }, 403],
  ])('may change by cookie only from the own origin: %s', (_name, headers, expected) => {
    expect(ask(cookie('actor', headers), 'act', 'POST')).toBe(expected);
  });
  it('may change by bearer from anywhere', () => {
    expect(ask({ ...bearer('actor'), origin: 'https://elsewhere.example' }, 'act', 'POST')).toBe('actor');
  });
  it('does not fall back to the cookie when the header is wrong', () => {
    expect(ask({ ...cookie('actor'), ...bearer('nobody') })).toBe(401);
  });
  it('finds a cookie among others', () => {
    expect(cookieOf('x=1; cairn_session=a%20b', 'cairn_session')).toBe('a b');
    expect(cookieOf('xcairn_session=1', 'cairn_session')).toBeNull();
    expect(cookieOf(undefined, 'cairn_session')).toBeNull();
  });
});
