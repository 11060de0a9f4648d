import { describe, expect, it } from 'vitest';
import type { ProblemError } from './problem.ts';
import { REQUESTS_BURST, REQUESTS_PER_SECOND, createRateLimit } from './rate-limit.ts';

const of = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

/** How many of `tries` requests were let through. */
function passed(count: ReturnType<typeof createRateLimit>, token: string, tries: number): number {
  let through = 0;
  for (let n = 0; n < tries; n++)
    try {
      count(of(token));
      through++;
    } catch (error) {
      expect((error as ProblemError).problem).toMatchObject({ status: 429, retryAfterSeconds: 1 });
    }
  return through;
}

describe('the rate limit of a token', () => {
  it('lets 500 a second through for ever', () => {
    let now = 0;
    const count = createRateLimit({ monotonic: () => now });
    for (let second = 0; second < 60; second++, now += 1_000) expect(passed(count, 'a', 500)).toBe(500);
  });

  it('refuses with 429 and Retry-After past the burst, and lets in again as time goes by', () => {
    let now = 0;
    const count = createRateLimit({ monotonic: () => now });
    expect(passed(count, 'a', REQUESTS_BURST + 10)).toBe(REQUESTS_BURST);
    now += 500;
    expect(passed(count, 'a', REQUESTS_PER_SECOND)).toBe(REQUESTS_PER_SECOND / 2);
  });

  it('counts each token by itself, and a request without one not at all', () => {
    const count = createRateLimit({ monotonic: () => 0 });
    passed(count, 'a', REQUESTS_BURST);
    expect(passed(count, 'a', 1)).toBe(0);
    expect(passed(count, 'b', 1)).toBe(1);
    for (let n = 0; n < REQUESTS_BURST + 1; n++) expect(() => count({ headers: {} })).not.toThrow();
  });
});
